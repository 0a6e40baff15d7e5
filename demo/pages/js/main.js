import { closeWords } from './close-words.js'
import { composer } from './composer.js'
import { byId } from './dom.js'
import { frames } from './frames.js'
import { guaranteeSwitch } from './guarantee.js'
import { showHandshake } from './handshake.js'
import { link } from './link.js'
import { nameDialog } from './name-dialog.js'
import { nodes } from './nodes.js'
import { outbox } from './outbox.js'
import { showPeople } from './people.js'
import { readPicture } from './picture.js'
import { room } from './room.js'
import { showStatus } from './status.js'
import { trouble } from './trouble.js'
import { dial } from './wire.js'

/** Who we are in which room, and what we heard last: with it, the server sends what was said while we were away. */
const me = { name: '', id: undefined, room: undefined, since: 0 }
const log = room()

const where = nodes()
const plan = {
  url: where.url,
  me: () => ({ name: me.name, room: me.room, since: me.since }),
  onFrame: frames(),
  onGreeting: (message) => heard(message),
}
const guarantee = guaranteeSwitch((on) => {
  const wasOpened = socket.status !== 'idle'
  sent.changing()
  where.opened()
  socket.use(on)
  how = ''
  lost = undefined
  log.note(on ? 'From now on nothing is lost' : 'From now on this is a plain socket')
  if (wasOpened) socket.open()
})
const socket = link((guaranteed) => dial(plan, guaranteed))
socket.use(guarantee.on)
const sent = outbox(socket, {
  onChange: (entry, again) => {
    log.follow(entry, again)
    byId('unsent').textContent = String(sent.size)
  },
  onToll: guarantee.toll,
})
const buttons = trouble(socket)
showStatus(socket)

socket.on('json', heard)
socket.on('binary', (frame) => heard(readPicture(frame)))

function heard(message) {
  switch (message.type) {
    case 'handshake':
      return showHandshake(message)
    case 'welcome':
      return welcomed(message)
    case 'people':
      return showPeople(message.people, me.id)
    case 'delivered':
      me.since = Math.max(me.since, message.seq)
      // A session tells itself that it has been delivered; this is where in the order.
      return socket.guaranteed ? log.placed(message) : sent.delivered(message)
    case 'error':
      return message.id ? sent.refused(message.id, message.message) : buttons.refused(message.message)
    default:
      return said(message)
  }
}

function welcomed({ id, room, missed, people }) {
  if (room !== me.room) {
    log.forgetNumbers()
    me.since = 0
  }
  Object.assign(me, { id, room })
  showPeople(people, id)
  if (missed) log.note('You were away for long: some messages are no longer kept.')
}

function said(message) {
  me.since = Math.max(me.since, message.seq)
  if (!log.isNews(message)) return
  if (message.type === 'system') return log.note(message.text, 'system')
  const own = message.from.id === me.id
  // The history also has what of ours arrived although its receipt was lost with the line.
  if (own && (sent.delivered(message) || log.placed(message))) return
  log.said(message, own)
}

let lost
/** What the session says of its return. */
let how = ''
const messages = (count) => `${count} message${count === 1 ? '' : 's'}`

socket.on('resumed', ({ resent }) => {
  how = `, picked up where it was${resent ? `: ${messages(resent)} sent again` : ''}`
})
socket.on('fresh', ({ delivered, lost, unknown }) => {
  const known = { delivered, lost, unknown }
  const words = Object.entries(known).filter(([, { length }]) => length > 0)
  log.note(
    words.length === 0
      ? 'The server forgot us. Nothing of yours was on its way.'
      : `The server forgot us: here is what is known of your last messages. ${words.map(([name, { length }]) => `${length} ${name}`).join(', ')}.`,
    'forgot',
  )
})
socket.on('waiting', ({ close }) => {
  if (lost === undefined) log.note(closeWords(close, me.room !== undefined), 'trouble')
  lost ??= performance.now()
})
socket.on('open', ({ reconnected }) => {
  where.opened()
  if (reconnected && lost !== undefined) {
    log.note(`Connected again after ${((performance.now() - lost) / 1_000).toFixed(1)} s${how}`, 'healed')
  }
  how = ''
  lost = undefined
})
socket.on('closed', (close) => {
  log.note(closeWords(close), 'trouble')
  lost = undefined
})

composer({ onText: sent.sendText, onPicture: sent.sendPicture })
nameDialog((name) => {
  me.name = name
  if (socket.status === 'idle') socket.open()
  // While there is no line, the next join brings it.
  else if (socket.status === 'open') socket.sendJson({ type: 'rename', name })
  byId('text').focus()
})
