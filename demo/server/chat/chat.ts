import type { IncomingMessage } from 'node:http'
import { type ServerSession, Sessions, type Store, SUBPROTOCOL } from '../../../src/session/server/index.ts'
import type { Scenario, Visitor } from '../scenario.ts'
import type { Visit } from '../visit.ts'
import { BadInput, readField, readName, readObject, readText } from '../wire.ts'
import { handshake } from './handshake.ts'
import { Pace } from './pace.ts'
import { idOf, type Person } from './people.ts'
import { readPicture } from './picture.ts'
import { type Joining, Room, type RoomOptions, SESSION_AWAY } from './room.ts'
import { trouble } from './trouble.ts'
import { plainVoice, sessionVoice } from './voice.ts'

/** The longest picture, in bytes. Its header line comes on top. */
export const MOST_BYTES = 4 * 1024 * 1024
/** Ends of a connection that mean "I am going": asked for, page left, no code given. */
const goodbyes = [1000, 1001, 1005]

export interface ChatOptions extends RoomOptions {
  /** Restarts the server, or says in how many ms it may be restarted again. */
  restart: () => number
  /** Where sessions are kept. @default in this process */
  store?: Store | undefined
}

/** The room of the demo page, over plain sockets and over sessions. What is said on the wire is in demo/README.md. */
export function chat({
  restart,
  store,
  ...shared
}: ChatOptions): Scenario & { announce: (text: string) => void } {
  const room = new Room(shared)
  /** What one does, whichever way one came. Settles when it is done. */
  const text = (person: () => Person, visit: Visit, pace: Pace, reply: Reply, order: object): unknown => {
    const type = readField(order, 'type')
    if (type === 'message') {
      return about(order, person, pace, reply, (author, id) =>
        room.say(author, id, readText(order, 'text', 4_000)),
      )
    }
    if (type === 'rename') {
      const member = person()
      pace.name()
      return room.rename(member, readName(order, 'name', 24))
    }
    if (type !== 'trouble') throw new BadInput('The type is join, rename, message or trouble.')
    person()
    return trouble(visit, order, restart)
  }
  const binary = (person: () => Person, pace: Pace, reply: Reply, frame: Buffer): unknown => {
    const { header, mime, bytes } = readPicture(frame)
    return about(header, person, pace, reply, (author, id) => {
      if (!mime) throw new BadInput('This is not a picture: send PNG, JPEG, GIF, WebP or AVIF.')
      return room.show(author, id, readName(header, 'name', 200), mime, bytes)
    })
  }

  function plain(visit: Visit): Visitor {
    let person: Person | undefined
    const pace = new Pace(false)
    const joined = () => {
      if (!person) throw new BadInput('Join first.')
      return person
    }
    const reply: Reply = (value) => visit.sendJson(value)
    visit.sendJson(handshake(visit))
    return {
      text: (data) => {
        if (data === 'ping') return visit.send('pong')
        const order = readObject(data)
        if (readField(order, 'type') !== 'join') return text(joined, visit, pace, reply, order)
        if (person) throw new BadInput('You have joined already.')
        pace.name()
        person = room.enter(visit, plainVoice(visit), joining(order))
      },
      binary: (frame) => binary(joined, pace, reply, frame),
      left: (code) => person && room.leave(person, visit, goodbyes.includes(code)),
    }
  }

  /** The connections of sessions, by their requests. */
  const visits = new WeakMap<IncomingMessage, { visit: Visit; pace: Pace; joining: Joining | undefined }>()
  const people = new WeakMap<ServerSession, Person>()
  /** The visit of a session's present connection, and its pace. */
  const present = new WeakMap<ServerSession, { visit: Visit; pace: Pace }>()
  const sessions = new Sessions<IncomingMessage>({
    ...(store && { store }),
    // The hub has looked at it.
    origins: '*',
    // A picture goes in one message, and some of them may wait for somebody who is away.
    credit: [1_000, 2 * MOST_BYTES],
    limits: { bytes: 6 * MOST_BYTES },
    ttl: SESSION_AWAY / 1_000,
    // Who one is, and what one heard last, comes with every hello.
    authenticate: (request, token = '') => {
      const entry = visits.get(request)
      if (!entry) return undefined
      try {
        entry.joining = joining(readObject(token))
      } catch (error) {
        if (error instanceof BadInput) return undefined
        throw error
      }
      return idOf(entry.joining.session)
    },
    opened: (session, { request }) => {
      const { visit, pace, joining } = visits.get(request) ?? {}
      if (!visit || !pace || !joining) return
      present.set(session, { visit, pace })
      session.sendJson(handshake(visit))
      const known = people.get(session)
      if (known?.voice?.over === session.id) {
        room.back(known, visit)
        return room.rename(known, joining.name)
      }
      try {
        people.set(session, room.enter(visit, sessionVoice(session), joining))
      } catch (error) {
        visit.blame(error)
      }
    },
    received: (session, data) => {
      const person = people.get(session)
      const { visit, pace } = present.get(session) ?? {}
      if (!person || !visit || !pace) return
      const reply: Reply = (value) => void session.sendJson(value)
      try {
        if (typeof data === 'string') return text(() => person, visit, pace, reply, readObject(data))
        return binary(() => person, pace, reply, Buffer.from(data.buffer, data.byteOffset, data.byteLength))
      } catch (error) {
        if (error instanceof BadInput) reply({ type: 'error', message: error.message })
        else visit.blame(error)
      }
    },
  })

  function guaranteed(visit: Visit): Visitor {
    const entry = { visit, pace: new Pace(true), joining: undefined as Joining | undefined }
    visits.set(visit.request, entry)
    sessions.accept(visit.line, visit.request)
    return {
      left: (code) => {
        const person = entry.joining && room.find(entry.joining.session)
        if (person) room.leave(person, visit, goodbyes.includes(code))
      },
    }
  }

  return {
    limit: MOST_BYTES + 2_048,
    ownPagesOnly: true,
    select: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : ([...offered][0] ?? false)),
    announce: (text) => room.announce(text),
    close: async () => {
      // With one process there is nobody else to come back to.
      await sessions.shutdown({ after: store ? 300 : 1_500 })
      room.close()
    },
    join: (visit) => (visit.protocol === SUBPROTOCOL ? guaranteed(visit) : plain(visit)),
  }
}

type Reply = (value: object) => void

const joining = (order: object): Joining => ({
  name: readName(order, 'name', 24),
  session: readText(order, 'session', 64),
  room: readField(order, 'room'),
  since: readField(order, 'since'),
})

/** Says it when it may be said. The sender must know which of its messages was refused. */
function about(
  order: object,
  person: () => Person,
  pace: Pace,
  reply: Reply,
  work: (author: Person, id: string) => unknown,
): unknown {
  const id = readText(order, 'id', 64)
  const attempt = (act: () => unknown): unknown => {
    try {
      return act()
    } catch (error) {
      if (!(error instanceof BadInput)) throw error
      return reply({ type: 'error', id, message: error.message })
    }
  }
  return attempt(() => {
    const author = person()
    const turn = pace.message()
    return turn ? turn.then(() => attempt(() => work(author, id))) : work(author, id)
  })
}
