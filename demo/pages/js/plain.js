import { Socket } from '/holdfast/index.js'
import { byId } from './dom.js'
import { statusInHeader } from './header.js'

// A page without a connection of its own shows whether the server can be reached.
const socket = new Socket(new URL('/ws', location.href), { heartbeat: { ping: 'ping', pong: 'pong' } })
const showStatus = statusInHeader()
socket.on('status', ({ status }) => showStatus(status))
showStatus(socket.status)

const asked = byId('asked')
if (asked) asked.textContent = location.pathname
