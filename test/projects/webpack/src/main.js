const { Socket } = require('holdfast')
const { Session } = require('holdfast/session')

const show = (socket) => {
  const output = document.body.appendChild(document.createElement('output'))
  socket.on('open', () => socket.sendJson({ ask: 'starts' }))
  socket.on('status', ({ status }) => {
    output.textContent = status
  })
  socket.on('json', ({ starts }) => {
    output.textContent = `${socket.status} ${starts}`
  })
}

const url = `ws://${location.host}/`
const session = new Session(url)
if (!(session instanceof Socket)) throw new Error('The bundle has two copies of the core')
show(new Socket(url))
show(session)
