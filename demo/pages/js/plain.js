import { Socket } from '/holdfast/index.js'
import { byId } from './dom.js'
import { showInHeader, statusNames } from './header.js'

// A page without a connection of its own shows whether the server can be reached.
const socket = new Socket(new URL('/ws', location.href), { heartbeat: { ping: 'ping', pong: 'pong' } })
socket.on('status', ({ status }) => showInHeader(status, statusNames[status]))

const asked = byId('asked')
if (asked) asked.textContent = location.pathname
