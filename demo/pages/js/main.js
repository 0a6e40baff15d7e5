import { defineInspector, record } from '/holdfast/inspect.js'
import { composer, picturePicker } from './composer.js'
import { connect } from './connect.js'
import { closeSentence, showConnectionStatus } from './connection-status.js'
import { deliverySwitch } from './delivery-switch.js'
import { byId, count } from './dom.js'
import { faultButtons } from './faults.js'
import { showHandshake } from './handshake.js'
import { claimPersonId } from './identity.js'
import { messageList } from './message-list.js'
import { nameDialog } from './name-dialog.js'
import { outbox } from './outbox.js'
import { showPeople } from './people.js'
import { readPicture } from './picture.js'
import { secondClient } from './second-client.js'
import { serverUrls } from './server-urls.js'
import { switchableConnection } from './switchable-connection.js'

/** Who we are in which room, and what we received last: the server then sends what came while we were away. */
const me = { name: '', person: '', id: undefined, room: undefined, since: 0 }
const list = messageList(byId('log'), { newer: byId('newer') })
const servers = serverUrls()

let recorder
defineInspector()

const delivery = deliverySwitch((on) => {
  const wasOpened = socket.status !== 'idle'
  sent.changing()
  servers.opened()
  use(on)
  outage = undefined
  list.note(on ? 'Guaranteed delivery is on' : 'Guaranteed delivery is off: this is a plain socket')
  if (wasOpened) socket.open()
})
const socket = switchableConnection((guaranteed) => {
  const plan = {
    url: servers.url,
    join: () => ({ name: me.name, session: me.person, room: me.room, since: me.since }),
    onGreeting: received,
    // The inspector sees the messages by itself. The session's own control frames start with one exclamation mark.
    onFrame: (direction, data) => {
      if (guaranteed && typeof data === 'string' && /^![^!]/.test(data)) recorder?.frame(direction, data)
    },
  }
  return connect(plan, guaranteed)
})
function use(guaranteed) {
  socket.use(guaranteed)
  recorder?.stop()
  recorder = record(socket.socket, { payload: 'on' })
  byId('timeline').recorder = recorder
  byId('frames').recorder = recorder
}
use(delivery.on)

const sent = outbox(socket, {
  onChange: (entry, again) => {
    list.follow(entry, again)
    byId('unsent').textContent = String(sent.size)
    byId('first-hint').hidden = true
    status.update()
  },
  onLosses: delivery.showLosses,
})
const faults = faultButtons(socket)
const status = showConnectionStatus(socket, { unsent: () => sent.size })

socket.on('json', received)
socket.on('binary', (frame) => received(readPicture(frame)))

function received(message) {
  switch (message.type) {
    case 'handshake':
      return showHandshake(message)
    case 'welcome':
      return welcomed(message)
    case 'people':
      return showPeople(message.people, me.id)
    case 'delivered':
      me.since = Math.max(me.since, message.seq)
      // A session tells itself that a message was delivered; this is its place in the order.
      return socket.guaranteed ? list.placed(message) : sent.delivered(message)
    case 'error':
      return message.id ? sent.refused(message.id, message.message) : problem(message)
    case 'ended':
      endedBy = message.message
      return
    default:
      return messageReceived(message)
  }
}

function problem({ message }) {
  faults.refused(message)
}

function welcomed({ id, room, missed, people }) {
  if (room !== me.room) {
    list.forgetNumbers()
    me.since = 0
  }
  Object.assign(me, { id, room })
  showPeople(people, id)
  if (missed) list.note('You were away for long. Some messages are no longer kept.')
}

function messageReceived(message) {
  me.since = Math.max(me.since, message.seq)
  if (!list.isNew(message)) return
  if (message.type === 'system') return list.presence(message.text)
  const own = message.from.id === me.id
  // The history also has messages of ours that arrived although their receipt was lost with the connection.
  if (own && (sent.delivered(message) || list.placed(message))) return
  list.received(message, own)
}

/** The current outage: when it began. */
let outage
/** Whether the session went on after the last outage. */
let resumed = false
/** Why the server says that it ended the connection. */
let endedBy

socket.on('resumed', () => {
  resumed = true
})
socket.on('fresh', ({ delivered, lost, unknown }) => {
  const words = Object.entries({ delivered, lost, unknown }).filter(([, { length }]) => length > 0)
  const known = words.map(([name, { length }]) => `${length} ${name}`).join(', ')
  list.note(
    known
      ? `The server no longer knows the session. Of your last messages: ${known}.`
      : 'The server no longer knows the session. None of your messages was on its way.',
    'forgot',
  )
})
socket.on('waiting', ({ close }) => {
  if (outage) return
  list.note(
    navigator.onLine === false ? 'You are offline.' : closeSentence(close, me.room !== undefined),
    'trouble',
  )
  outage = { since: performance.now() }
  resumed = false
})
socket.on('open', ({ reconnected }) => {
  servers.opened()
  endedBy = undefined
  if (!reconnected || !outage) return
  const seconds = ((performance.now() - outage.since) / 1_000).toFixed(1)
  outage = undefined
  // After the event `resumed`, and after the outbox has counted what was sent again.
  setTimeout(() => {
    const again = sent.resent
    const how = resumed ? `, nothing lost${again ? `: ${count(again, 'message')} sent again` : ''}` : ''
    list.note(`Connected again after ${seconds} s${how}`, 'healed')
  })
})
socket.on('closed', (close) => {
  const words = endedBy ?? closeSentence(close, me.room !== undefined)
  if (endedBy) status.explain(endedBy)
  list.note(words, 'trouble')
  outage = undefined
})

composer({ form: byId('composer'), text: byId('text'), onText: sent.sendText })
picturePicker({ form: byId('composer'), onPicture: sent.sendPicture })
const second = secondClient({ url: serverUrls().url })

nameDialog(async (name) => {
  me.name = name
  byId('text').focus()
  if (socket.status === 'idle') {
    me.person ||= await claimPersonId()
    socket.open()
    second.open(`${me.person} second`)
    return
  }
  // While there is no connection, the next join brings the name.
  if (socket.status === 'open') socket.sendJson({ type: 'rename', name })
})
