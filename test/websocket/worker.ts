import { ReconnectingWebSocket } from '../../src/websocket/index.ts'

/** Says hello over two connections of one socket, and tells what came of it. */
self.addEventListener('message', ({ data: url }) => {
  const said: unknown[] = []
  const socket = new ReconnectingWebSocket(url, [], { reconnect: { base: 0 } })
  socket.onopen = () => socket.send('hello')
  socket.onmessage = ({ data }) => {
    said.push(data)
    if (said.length > 2) socket.close(4000, 'bye')
    else socket.send('close 1012 ')
  }
  socket.onclose = () => {
    said.push('close')
    if (socket.readyState === WebSocket.CLOSED) postMessage(said)
  }
})
