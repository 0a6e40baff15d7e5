import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { Session, type SessionOptions } from '../../../src/session/client/index.ts'
import { type RedisClient, RedisStore } from '../../../src/session/redis/index.ts'
import { Sessions, type SessionsOptions } from '../../../src/session/server/index.ts'
import { Raw, WS } from '../node/fixtures.ts'
import { startRedis } from './processes.ts'

export type Package = 'redis' | 'ioredis'

/** A Redis of the test's own. */
export async function ownRedis() {
  const redis = await startRedis()
  onTestFinished(redis.remove)
  return redis
}

async function connect(port: number, which: Connect): Promise<[client: RedisClient, end: () => unknown]> {
  if (which !== 'redis') {
    const patient = { maxRetriesPerRequest: null }
    const options = which === 'ioredis' ? patient : { ...patient, retryStrategy: () => which.retry }
    const client = new Redis(port, '127.0.0.1', options)
    client.on('error', () => {})
    return [client, () => client.disconnect()]
  }
  const client = createClient({ url: `redis://127.0.0.1:${port}` })
  client.on('error', () => {})
  await client.connect()
  return [client, () => client.destroy()]
}

/** `retry`: in how many ms it looks for a Redis that was away. */
export type Connect = Package | { retry: number }

/** A server with a connection to Redis of its own, as another process would have; here, to look into it. */
export async function startServer(
  port: number,
  options: SessionsOptions<IncomingMessage> = {},
  which: Connect = 'ioredis',
) {
  const [client, end] = await connect(port, which)
  const sessions = new Sessions<IncomingMessage>({ store: new RedisStore(client), ...options })
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket, request) => sessions.accept(socket, request))
  await once(server, 'listening')
  onTestFinished(async () => {
    await sessions.shutdown({ grace: 1 })
    for (const socket of server.clients) socket.terminate()
    server.close()
    end()
  })
  return { sessions, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

export function client(url: string | (() => string), options: SessionOptions = {}) {
  const session = new Session(url, { WebSocket: WS, reconnect: { base: 20, max: 60 }, ...options })
  onTestFinished(() => session.close())
  return session
}

/** Says hello by hand: what the server answers, and the client. */
export async function greet(url: string, hello: Record<string, unknown>) {
  const raw = new Raw(url, { keepsPings: false })
  onTestFinished(() => raw.socket.terminate())
  return { raw, answer: (await raw.hello(hello)) as string | undefined }
}

export const id = (n = 0) => `a-session-of-somebody-${n}`

export const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => `${from + n}`)
