import { defineInspector, record } from '/holdfast/inspect.js'
import { composer, picturePicker } from './composer.js'
import { connect } from './connect.js'
import { closeSentence, showConnectionStatus } from './connection-status.js'
import { deliverySwitch } from './delivery-switch.js'
import { byId, count } from './dom.js'
import { faultButtons } from './faults.js'
import { showHandshake } from './handshake.js'
import { beginning, claimPersonId } from './identity.js'
import { readCursor, readMessage } from './message.js'
import { messageList } from './message-list.js'
import { nameDialog } from './name-dialog.js'
import { outbox } from './outbox.js'
import { showPeople } from './people.js'
import { secondClient } from './second-client.js'
import { serverUrls } from './server-urls.js'
import { switchableConnection } from './switchable-connection.js'

/**
 * Who we are in which room, and what we received last: the server then sends what came while we were away. After a reload we
 * begin where this tab began.
 */
const me = { name: '', person: '', id: undefined, ...readCursor(beginning.get() ?? ':0') }
/** Whether this page has received messages of the room. */
let begun = false
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
    join: () => ({ name: me.name, session: me.person }),
    place: () => ({ room: me.room, since: me.since }),
    onGreeting: received,
    // The inspector sees the messages by itself, also those of a topic. The session's own control frames start with one exclamation mark.
    onFrame: (direction, data) => {
      if (guaranteed && typeof data === 'string' && /^!(?!!|m\d+:\d+:)/.test(data))
        recorder?.frame(direction, data)
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

socket.on('message', (event) => received(readMessage(event)))
socket.on('topic', (event) => {
  if (event.type === 'subscribed' || event.type === 'gap')
    continueFrom(readCursor(event.cursor), event.type === 'gap')
})

function received(message) {
  switch (message.type) {
    case 'handshake':
      return showHandshake(message)
    case 'welcome':
      return welcomed(message)
    case 'people':
      return showPeople(message.people, me.id)
    case 'delivered':
      advance(message)
      return sent.delivered(message)
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
  me.id = id
  showPeople(people, id)
  // Over a session the topic tells its place itself.
  if (!socket.guaranteed) continueFrom({ room, since: room === me.room ? me.since : 0 }, missed)
}

/** The messages after this place follow. */
function continueFrom(place, missed) {
  if (place.room !== me.room) list.forgetNumbers()
  if (missed && begun) list.note('You were away for long. Some messages are no longer kept.')
  if (missed || place.room !== me.room) begun = false
  Object.assign(me, place)
}

function advance({ seq }) {
  if (!begun) beginning.set(`${me.room}:${seq - 1}`)
  begun = true
  me.since = Math.max(me.since, seq)
}

function messageReceived(message) {
  advance(message)
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
    navigator.onLine === false ? 'You are offline.' : closeSentence(close, me.id !== undefined),
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
  const words = endedBy ?? closeSentence(close, me.id !== undefined)
  if (endedBy) status.explain(endedBy)
  list.note(words, 'trouble')
  outage = undefined
})

composer({ form: byId('composer'), text: byId('text'), onText: sent.sendText })
picturePicker({ form: byId('composer'), onPicture: sent.sendPicture })
const second = secondClient({ url: serverUrls().url })

nameDialog(async (name) => {
  me.name = name
  // The header stays in sight on a phone.
  byId('text').focus({ preventScroll: true })
  if (socket.status === 'idle') {
    me.person ||= await claimPersonId()
    socket.open()
    second.open(`${me.person} second`)
    return
  }
  // While there is no connection, the next join brings the name.
  if (socket.status === 'open') socket.sendJson({ type: 'rename', name })
})
