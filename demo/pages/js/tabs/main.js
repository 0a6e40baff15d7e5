import { Socket } from '/holdfast/index.js'
import { defineInspector } from '/holdfast/inspect.js'
import { connectTab } from '/holdfast/tabs.js'
import { byId, make, scrollable } from '../dom.js'
import { announce, statusInHeader } from '../header.js'
import { newId } from '../id.js'
import { socketOptions, socketUrl } from './socket.js'
import { countTabs } from './tab-count.js'

const MOST_ROWS = 100

/** Names this browser, so that the server can count its connections alone. */
const browser = (() => {
  try {
    localStorage['holdfast browser'] ??= newId()
    return localStorage['holdfast browser']
  } catch {
    return newId()
  }
})()
const name = `Tab ${newId().slice(0, 3)}`
const supported = typeof SharedWorker === 'function'

let socket
defineInspector()
scrollable(byId('messages'))
if (!supported)
  byId('support').textContent = 'This browser has no SharedWorker, so each tab has a connection of its own.'

const plainSocket = () => new Socket(socketUrl(browser), socketOptions)

const sharedSocket = () =>
  connectTab(() => new SharedWorker(`/js/tabs/worker.js?browser=${browser}`, { type: 'module' }), {
    fallback: plainSocket,
    onSnapshot: (connections) => connections && showConnections(connections),
  })

function showConnections(connections) {
  byId('connection-count').textContent = String(connections)
  byId('connection-words').textContent = `connection${connections === 1 ? '' : 's'} at the server`
}

function connect(shared) {
  socket?.close()
  socket = shared ? sharedSocket() : plainSocket()
  socket.on('json', (message) => {
    if (message.type === 'connections') showConnections(message.connections)
    else addRow(message.from ?? 'Server', message.text ?? message.message)
  })
  const current = socket
  current.on('status', ({ status }) => current === socket && showStatus(status))
  byId('timeline').socket = socket
  showStatus(socket.status)
}

const showInHeader = statusInHeader()
let before
function showStatus(status) {
  showInHeader(status)
  if (status === 'waiting' && before === 'open') announce('Connection lost. Connecting again.')
  if (status === 'open') announce('Connected.')
  if (status !== 'connecting') before = status
}

function addRow(from, text) {
  const list = byId('messages').firstElementChild
  list.append(make('li', {}, make('b', {}, from), ` ${text}`))
  while (list.children.length > MOST_ROWS) list.firstElementChild.remove()
  byId('messages').scrollTop = byId('messages').scrollHeight
}

byId('composer').addEventListener('submit', (event) => {
  event.preventDefault()
  const text = byId('text').value.trim()
  byId('text').value = ''
  if (text) socket.sendJson({ type: 'message', from: name, text })
})
byId('cut').addEventListener('click', () => socket.sendJson({ type: 'drop' }))

// All tabs change together.
const share = byId('share')
const choices = new BroadcastChannel('holdfast sharing')
const apply = (on) => {
  share.checked = on
  share.setAttribute('aria-checked', String(on))
  try {
    localStorage['holdfast sharing'] = on ? 'on' : 'off'
  } catch {}
  connect(on)
}
share.addEventListener('change', () => {
  choices.postMessage(share.checked)
  apply(share.checked)
})
choices.addEventListener('message', ({ data }) => apply(data))

countTabs((count) => {
  byId('tab-count').textContent = String(count)
  byId('tab-words').textContent = `tab${count === 1 ? '' : 's'} of this page`
})
let remembered = true
try {
  remembered = localStorage['holdfast sharing'] !== 'off'
} catch {}
apply(remembered)
