import { Socket } from '/holdfast/index.js'
import { serveTabs } from '/holdfast/tabs.js'
import { socketOptions, socketUrl } from './socket.js'

/** What a tab that joins later must know. The server tells it only when it changes. */
let connections
const browser = new URLSearchParams(location.search).get('browser')
const socket = new Socket(socketUrl(browser), socketOptions)
socket.on('json', (message) => {
  if (message.type === 'connections') connections = message.connections
})
serveTabs(socket, { snapshot: () => connections })
