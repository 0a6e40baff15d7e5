import type { IncomingMessage } from 'node:http'
import { type ServerSession, Sessions, type Store, SUBPROTOCOL } from '../../../src/session/server/index.ts'
import type { Connection } from '../connection.ts'
import { BadInput, readField, readName, readObject, readText } from '../input.ts'
import type { Handlers, Scenario } from '../scenario.ts'
import { sessionChannel } from './channel.ts'
import { injectFault } from './faults.ts'
import { handshake } from './handshake.ts'
import { idOf, type Person } from './people.ts'
import { readPicture } from './picture.ts'
import { RateLimit } from './rate-limit.ts'
import { type Joining, Room } from './room.ts'

/** The longest picture, in bytes. Its header line comes on top. */
export const MOST_BYTES = 4 * 1024 * 1024
/** Close codes of a client that leaves: close(), the page is left, no code. */
const goodbyes = [1000, 1001, 1005]

export interface ChatOptions {
  /** Restarts the server, or says in how many ms it may be restarted again. */
  restart: () => number
  /** How long a session outlives its connection, in ms. */
  away: number
  /** Where sessions and the messages of the room are kept. @default in this process */
  store?: Store | undefined
}

export interface Chat extends Scenario {
  /** Nobody may join before this has resolved. */
  start: () => Promise<void>
  announce: (text: string) => void
}

/** The room of the demo page, over plain sockets and over sessions. demo/README.md describes the messages. */
export function chat({ restart, away, store }: ChatOptions): Chat {
  /** Handles a text message, over a plain socket or a session. Settles when it is done. */
  const text = (
    person: () => Person,
    connection: Connection,
    rateLimit: RateLimit,
    reply: Reply,
    order: object,
  ): unknown => {
    const type = readField(order, 'type')
    if (type === 'message') {
      return about(order, person, rateLimit, reply, (author, id) =>
        room.say(author, id, readText(order, 'text', 4_000)),
      )
    }
    if (type === 'rename') {
      const member = person()
      rateLimit.name()
      return room.rename(member, readName(order, 'name', 24))
    }
    if (type !== 'fault') throw new BadInput('The type is join, rename, message or fault.')
    person()
    return injectFault(connection, order, restart)
  }
  const binary = (person: () => Person, rateLimit: RateLimit, reply: Reply, frame: Buffer): unknown => {
    const { header, mime, bytes } = readPicture(frame)
    return about(header, person, rateLimit, reply, (author, id) => {
      if (!mime) throw new BadInput('This is not a picture: send PNG, JPEG, GIF, WebP or AVIF.')
      return room.show(author, id, readName(header, 'name', 200), mime, bytes)
    })
  }

  function plain(connection: Connection): Handlers {
    let person: Person | undefined
    const rateLimit = new RateLimit(false)
    const joined = () => {
      if (!person) throw new BadInput('Join first.')
      return person
    }
    const reply: Reply = (value) => connection.sendJson(value)
    connection.sendJson(handshake(connection))
    return {
      text: (data) => {
        if (data === 'ping') return connection.send('pong')
        const order = readObject(data)
        if (readField(order, 'type') !== 'join') return text(joined, connection, rateLimit, reply, order)
        if (person) throw new BadInput('You have joined already.')
        rateLimit.name()
        person = room.enterPlain(connection, joining(order))
      },
      binary: (frame) => binary(joined, rateLimit, reply, frame),
      left: (code) => person && room.disconnected(person, connection, goodbyes.includes(code)),
    }
  }

  /** The connections of sessions, by their requests. */
  const connections = new WeakMap<
    IncomingMessage,
    { connection: Connection; rateLimit: RateLimit; joining: Joining | undefined }
  >()
  /** What belongs to a session's present connection. */
  const present = new WeakMap<
    ServerSession,
    { connection: Connection; rateLimit: RateLimit; person: Person }
  >()
  // Clients that move to another process get from the log what they missed on the way.
  const kept = { messages: store ? 500 : 50, bytes: 16 * 1024 * 1024 }
  const sessions = new Sessions<IncomingMessage>({
    ...(store && { store }),
    // The router has checked it.
    origins: '*',
    // A picture is one message, and several may wait for somebody who is away.
    credit: [1_000, 2 * MOST_BYTES],
    limits: { bytes: 6 * MOST_BYTES },
    topics: { ...kept, age: 24 * 3_600 },
    ttl: away / 1_000,
    // Every hello says who the visitor is.
    authenticate: (request, token = '') => {
      const entry = connections.get(request)
      if (!entry) return undefined
      try {
        entry.joining = joining(readObject(token))
      } catch (error) {
        if (error instanceof BadInput) return undefined
        throw error
      }
      return idOf(entry.joining.session)
    },
    opened: (session, { request, resumed }) => {
      const { connection, rateLimit, joining } = connections.get(request) ?? {}
      if (!connection || !rateLimit || !joining) return
      session.sendJson(handshake(connection))
      try {
        const person = room.enter(connection, sessionChannel(session), joining)
        present.set(session, { connection, rateLimit, person })
        // If the store is away, the client comes back, and is subscribed then.
        room.subscribe(person, session, joining.name, resumed).catch(() => connection.terminate())
      } catch (error) {
        connection.reportError(error)
      }
    },
    left: (_topic, { id, principal }) => room.left(principal, id),
    received: (session, data) => {
      const { connection, rateLimit, person } = present.get(session) ?? {}
      if (!person || !connection || !rateLimit) return
      const reply: Reply = (value) => void session.sendJson(value)
      try {
        if (typeof data === 'string')
          return text(() => person, connection, rateLimit, reply, readObject(data))
        return binary(
          () => person,
          rateLimit,
          reply,
          Buffer.from(data.buffer, data.byteOffset, data.byteLength),
        )
      } catch (error) {
        if (error instanceof BadInput) reply({ type: 'error', message: error.message })
        else connection.reportError(error)
      }
    },
  })

  function guaranteed(connection: Connection): Handlers {
    const entry = { connection, rateLimit: new RateLimit(true), joining: undefined as Joining | undefined }
    connections.set(connection.request, entry)
    sessions.accept(connection.serverSocket, connection.request)
    return {
      left: (code) => {
        const person = entry.joining && room.find(entry.joining.session)
        if (person) room.disconnected(person, connection, goodbyes.includes(code))
      },
    }
  }

  const room: Room = new Room({ sessions, away, shared: store?.shared ?? false, kept })

  return {
    limit: MOST_BYTES + 2_048,
    ownPagesOnly: true,
    select: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : ([...offered][0] ?? false)),
    start: () => room.start(),
    announce: (text) => room.announce(text),
    close: async () => {
      // With one process, clients come back to this one.
      await sessions.shutdown({ after: store ? 300 : 1_500 })
      room.close()
    },
    join: (connection) => (connection.protocol === SUBPROTOCOL ? guaranteed(connection) : plain(connection)),
  }
}

type Reply = (value: object) => void

const joining = (order: object): Joining => ({
  name: readName(order, 'name', 24),
  session: readText(order, 'session', 64),
  room: readField(order, 'room'),
  since: readField(order, 'since'),
})

/** Runs `work` when the rate limit allows it. The sender is told which of its messages was refused. */
function about(
  order: object,
  person: () => Person,
  rateLimit: RateLimit,
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
    const turn = rateLimit.message()
    return turn ? turn.then(() => attempt(() => work(author, id))) : work(author, id)
  })
}
