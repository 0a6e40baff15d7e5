const url = `ws://${location.host}/`

/** Shows the status of a socket and the newest answer of the server. */
function show(socket) {
  const output = document.body.appendChild(document.createElement('output'))
  socket.on('open', () => socket.sendJson({ ask: 'starts' }))
  socket.on('status', ({ status }) => {
    output.textContent = status
  })
  socket.on('json', ({ starts }) => {
    output.textContent = `${socket.status} ${starts}`
  })
}

/** The same with the interface of a `WebSocket`. */
function showStandard(socket) {
  const output = document.body.appendChild(document.createElement('output'))
  socket.addEventListener('open', () => socket.send(JSON.stringify({ ask: 'starts' })))
  socket.addEventListener('close', () => {
    output.textContent = 'closed'
  })
  socket.addEventListener('message', ({ data }) => {
    output.textContent = `${socket.readyState === WebSocket.OPEN ? 'open' : 'not open'} ${JSON.parse(data).starts}`
  })
}

/** One connection by each entry, all of them in the inspector. */
export function connect({ Socket, Session, ReconnectingWebSocket, connectTab, inspect }, start) {
  const socket = new Socket(url)
  const session = new Session(url)
  if (!(session instanceof Socket)) throw new Error('The page has two copies of the core')
  if (!customElements.get('holdfast-inspector'))
    throw new Error('The element of the inspector is not defined')
  inspect(socket)
  show(socket)
  show(session)
  show(connectTab(start, { fallback: () => new Socket(url) }))
  showStandard(new ReconnectingWebSocket(url))
}
