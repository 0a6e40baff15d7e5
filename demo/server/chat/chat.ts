import type { IncomingMessage } from 'node:http'
import { type ServerSession, Sessions, type Store, SUBPROTOCOL } from '../../../src/session/server/index.ts'
import type { Connection } from '../connection.ts'
import { BadInput, readField, readName, readObject, readText } from '../input.ts'
import type { Handlers, Scenario } from '../scenario.ts'
import { plainChannel, sessionChannel } from './channel.ts'
import { injectFault } from './faults.ts'
import { handshake } from './handshake.ts'
import { idOf, type Person } from './people.ts'
import { readPicture } from './picture.ts'
import { RateLimit } from './rate-limit.ts'
import { type Joining, Room, type RoomOptions, SESSION_AWAY } from './room.ts'

/** The longest picture, in bytes. Its header line comes on top. */
export const MOST_BYTES = 4 * 1024 * 1024
/** Close codes of a client that leaves: close(), the page is left, no code. */
const goodbyes = [1000, 1001, 1005]

export interface ChatOptions extends RoomOptions {
  /** Restarts the server, or says in how many ms it may be restarted again. */
  restart: () => number
  /** Where sessions are kept. @default in this process */
  store?: Store | undefined
}

/** The room of the demo page, over plain sockets and over sessions. demo/README.md describes the messages. */
export function chat({
  restart,
  store,
  ...shared
}: ChatOptions): Scenario & { announce: (text: string) => void } {
  const room = new Room(shared)
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
        person = room.enter(connection, plainChannel(connection), joining(order))
      },
      binary: (frame) => binary(joined, rateLimit, reply, frame),
      left: (code) => person && room.leave(person, connection, goodbyes.includes(code)),
    }
  }

  /** The connections of sessions, by their requests. */
  const connections = new WeakMap<
    IncomingMessage,
    { connection: Connection; rateLimit: RateLimit; joining: Joining | undefined }
  >()
  const people = new WeakMap<ServerSession, Person>()
  /** What belongs to a session's present connection. */
  const present = new WeakMap<ServerSession, { connection: Connection; rateLimit: RateLimit }>()
  const sessions = new Sessions<IncomingMessage>({
    ...(store && { store }),
    // The router has checked it.
    origins: '*',
    // A picture is one message, and several may wait for somebody who is away.
    credit: [1_000, 2 * MOST_BYTES],
    limits: { bytes: 6 * MOST_BYTES },
    ttl: SESSION_AWAY / 1_000,
    // Every hello says who the visitor is and what they received last.
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
    opened: (session, { request }) => {
      const { connection, rateLimit, joining } = connections.get(request) ?? {}
      if (!connection || !rateLimit || !joining) return
      present.set(session, { connection, rateLimit })
      session.sendJson(handshake(connection))
      const known = people.get(session)
      if (known?.channel?.over === session.id) {
        room.back(known, connection)
        return room.rename(known, joining.name)
      }
      try {
        people.set(session, room.enter(connection, sessionChannel(session), joining))
      } catch (error) {
        connection.reportError(error)
      }
    },
    received: (session, data) => {
      const person = people.get(session)
      const { connection, rateLimit } = present.get(session) ?? {}
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
        if (person) room.leave(person, connection, goodbyes.includes(code))
      },
    }
  }

  return {
    limit: MOST_BYTES + 2_048,
    ownPagesOnly: true,
    select: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : ([...offered][0] ?? false)),
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
