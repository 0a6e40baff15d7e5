import { composer } from './composer.js'
import { connect } from './connect.js'
import { byId } from './dom.js'
import { readCursor, readMessage } from './message.js'
import { messageList } from './message-list.js'
import { outbox } from './outbox.js'
import { toneOf, wordsOf } from './status.js'
import { switchableConnection } from './switchable-connection.js'

const NAME = 'Robin'
const EVERY = 2_000
/** Unprompted messages are for a visitor to watch, not to fill the room of others. */
const MOST_UNPROMPTED = 30

/**
 * The second participant: a client of its own in the same page, with a session of its own, so that one visitor alone can
 * see a message cross. The visitor's faults do not touch it, except for a restart of the server.
 */
export function secondClient({ url }) {
  const me = { id: undefined, room: undefined }
  let person
  const list = messageList(byId('second-log'), { newer: byId('second-newer') })
  const socket = switchableConnection(() =>
    connect({ url, join: () => ({ name: NAME, session: person }), place: () => ({}) }, true),
  )
  socket.use(true)
  const sent = outbox(socket, { onChange: (entry, again) => list.follow(entry, again), onLosses: () => {} })

  function received(message) {
    switch (message.type) {
      case 'welcome':
        me.id = message.id
        return
      case 'error':
        return message.id ? sent.refused(message.id, message.message) : undefined
      case 'system':
        return list.isNew(message) && list.presence(message.text)
      case 'message':
      case 'image': {
        if (!list.isNew(message)) return
        const own = message.from.id === me.id
        if (own && (sent.delivered(message) || list.placed(message))) return
        return list.received(message, own)
      }
    }
  }
  socket.on('message', (event) => received(readMessage(event)))
  socket.on('topic', ({ cursor }) => {
    const room = cursor && readCursor(cursor).room
    if (room && room !== me.room) list.forgetNumbers()
    me.room = room
  })
  const showStatus = () => {
    byId('second').dataset.status = toneOf(socket.status, navigator.onLine)
    byId('second-status').textContent = wordsOf(socket.status, navigator.onLine)
  }
  socket.on('status', showStatus)
  for (const name of ['online', 'offline']) addEventListener(name, showStatus)

  composer({ form: byId('second-composer'), text: byId('second-text'), onText: sent.sendText })

  let timer
  let number = 0
  const auto = byId('second-auto')
  const stop = () => {
    clearInterval(timer)
    auto.checked = false
  }
  auto.addEventListener('change', () => {
    clearInterval(timer)
    if (!auto.checked) return
    const until = number + MOST_UNPROMPTED
    const write = () => {
      sent.sendText(`Robin’s message ${++number}`)
      if (number >= until) stop()
    }
    write()
    timer = setInterval(write, EVERY)
  })
  return {
    /** `secret` makes it the same person after a reload of the page. */
    open(secret) {
      person = secret
      socket.open()
    },
  }
}
