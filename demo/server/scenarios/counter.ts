import type { IncomingMessage } from 'node:http'
import { type ServerSession, Sessions, SUBPROTOCOL } from '../../../src/session/server/index.ts'
import type { Connection } from '../connection.ts'
import type { Scenario } from '../scenario.ts'

const TOPIC = 'counter'
/** Between two numbers, in ms. */
const INTERVAL = 1_000

/**
 * For the live example of topics: every session is subscribed to a topic in which a number is published each second.
 * `{"type": "drop"}` cuts the connection that sent it.
 */
export function counter(interval = INTERVAL): Scenario {
  const connections = new WeakMap<IncomingMessage, Connection>()
  const present = new WeakMap<ServerSession, Connection>()
  let subscribers = 0
  let published = 0
  let timer: NodeJS.Timeout | undefined
  const sessions = new Sessions<IncomingMessage>({
    // Any page may try it: it keeps no secrets.
    origins: '*',
    // A reader who has gone need not be counted for longer.
    ttl: 60,
    opened: (session, { request }) => {
      const connection = connections.get(request)
      if (!connection) return
      present.set(session, connection)
      session.subscribe(TOPIC, { last: 0 }).catch((error) => connection.reportError(error))
    },
    received: (session, data) => {
      if (data === '{"type":"drop"}') present.get(session)?.terminate()
    },
    joined: () => {
      subscribers += 1
      timer ??= setInterval(() => void sessions.publish(TOPIC, JSON.stringify({ n: ++published })), interval)
    },
    left: () => {
      subscribers -= 1
      if (subscribers > 0) return
      clearInterval(timer)
      timer = undefined
    },
  })
  return {
    select: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    refuse: ({ offered }) =>
      offered.includes(SUBPROTOCOL) ? undefined : `This path takes sessions only: offer ${SUBPROTOCOL}.`,
    close: async () => {
      clearInterval(timer)
      await sessions.shutdown()
    },
    join: (connection) => {
      connections.set(connection.request, connection)
      sessions.accept(connection.serverSocket, connection.request)
      return {}
    },
  }
}
