// The clients of Redis that an application may have, and what a message may be.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Cluster, Redis } from 'ioredis'
import { createCluster } from 'redis'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { type RedisClient, RedisStore } from '../../../src/session/redis/index.ts'
import { Sessions, type SessionsOptions } from '../../../src/session/server/index.ts'
import { until } from '../node/fixtures.ts'
import { client, greet, id, numbers, ownRedis, startServer } from './fixtures.ts'
import { startCluster } from './processes.ts'

/** A server process of its own, with this client of Redis. */
async function serve(redis: RedisClient, options: SessionsOptions<IncomingMessage> = {}) {
  const sessions = new Sessions<IncomingMessage>({ store: new RedisStore(redis), ...options })
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket, request) => sessions.accept(socket, request))
  await once(server, 'listening')
  onTestFinished(async () => {
    await sessions.shutdown({ grace: 1 })
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return { sessions, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

/** Sessions move between two processes, are sent to, handled, bounded and ended: all steps that the store has. */
async function exercise(connect: () => Promise<RedisClient>, sessionsOf: () => Promise<number>) {
  const got: string[] = []
  const endings: string[] = []
  const options: SessionsOptions<IncomingMessage> = {
    ttl: 1,
    authenticate: (_, token) => token ?? null,
    limits: { perPrincipal: 2 },
    received: (session, data) => void got.push(`${session.principal} ${data}`),
    ended: ({ principal }, { why }) => endings.push(`${principal} ${why}`),
  }
  const nodes = [await serve(await connect(), options), await serve(await connect(), options)] as const
  const principals = Array.from({ length: 12 }, (_, n) => `user-${n}`)
  const heard = new Map<string, string[]>()
  let dials = 0
  const clients = principals.map((principal) => {
    const socket = client(() => nodes[dials++ % 2]?.url as string, { auth: principal })
    heard.set(principal, [])
    socket.on('text', (text) => heard.get(principal)?.push(text))
    for (const name of ['fresh', 'closed'] as const)
      socket.on(name, () => endings.push(`${principal} is told ${name}`))
    return socket
  })
  await Promise.all(clients.map((socket) => socket.opened()))
  for (let round = 1; round <= 5; round++) {
    const said = clients.map((socket) => socket.delivered(`${round}`))
    const ids = nodes.flatMap(({ sessions }) => [...sessions].map((session) => session.id))
    expect(new Set(ids).size).toBe(principals.length)
    // From a process that may not have it.
    for (const name of ids) expect(await nodes[round % 2]?.sessions.send(name, `${round}`)).toBe(true)
    await Promise.all(said)
    await until(() => [...heard.values()].every((texts) => texts.length === round))
    const resumed = clients.map((socket) => new Promise((resolve) => socket.on('resumed', resolve)))
    for (const socket of clients) socket.reconnect()
    await Promise.all(resumed)
  }
  expect(endings).toEqual([])
  for (const [principal, texts] of heard) {
    expect(texts).toEqual(numbers(1, 5))
    expect(got.filter((one) => one.startsWith(`${principal} `))).toEqual(
      numbers(1, 5).map((text) => `${principal} ${text}`),
    )
  }
  // Bounds: two of one principal, in all processes together.
  const full = [0, 1, 2].map((n) => greet(nodes[n % 2]?.url as string, { id: id(n), auth: 'one' }))
  const answers = (await Promise.all(full)).map(({ answer }) => answer)
  expect(answers.filter((answer) => answer?.startsWith('!w'))).toHaveLength(2)
  expect(answers.filter((answer) => answer?.startsWith('!x{"why":"busy"'))).toHaveLength(1)
  // Endings: by the client, and because nobody came back.
  for (const socket of clients.slice(0, 6)) socket.close()
  await until(() => endings.filter((ending) => ending.endsWith('finished')).length === 6)
  for (const { raw } of await Promise.all(full)) raw.socket.terminate()
  await until(() => endings.filter((ending) => ending === 'one expired').length === 2)
  await expect.poll(sessionsOf, { timeout: 10_000 }).toBe(6)
}

test('a client of ioredis with a keyPrefix', async () => {
  const redis = await ownRedis()
  const connect = async () => {
    const prefixed = new Redis(redis.port, '127.0.0.1', { keyPrefix: 'app:', maxRetriesPerRequest: null })
    onTestFinished(() => prefixed.disconnect())
    return prefixed
  }
  await exercise(connect, () => redis.client.zcard('app:holdfast:sessions'))
  expect((await redis.client.keys('*')).filter((key) => !key.startsWith('app:'))).toEqual([])
})

test.for(['ioredis', 'redis'] as const)(
  'a Redis Cluster of three primaries, over the package %s',
  async (which) => {
    const cluster = await startCluster()
    onTestFinished(async () => void (await cluster.remove()))
    const connect = async () => {
      if (which === 'ioredis') {
        const connection = new Cluster(cluster.ports.map((port) => ({ host: '127.0.0.1', port })))
        onTestFinished(() => connection.disconnect())
        return connection
      }
      const rootNodes = cluster.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }))
      const connection = createCluster({ rootNodes })
      connection.on('error', () => {})
      await connection.connect()
      onTestFinished(() => connection.destroy())
      return connection
    }
    const sessions = async () => {
      const counts = cluster.nodes.map(({ client }) => client.zcard('holdfast:sessions').catch(() => 0))
      return Math.max(...(await Promise.all(counts)))
    }
    await exercise(connect, sessions)
    // No node has them all.
    const keys = await Promise.all(cluster.nodes.map(({ client }) => client.keys('*:session')))
    for (const some of keys) expect(some.length).toBeGreaterThan(0)
  },
)

test('text and bytes come through the store as they were, whichever process has the session', async () => {
  const redis = await ownRedis()
  const owner = await startServer(redis.port)
  const other = await startServer(redis.port)
  const { raw } = await greet(owner.url, { id: id() })
  const name = [...owner.sessions][0]?.id as string
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n))
  const texts = ['\ufeffmark', '\ufeff', '', 'a\u0000b', '\u{1f600}', 'line\r\nline']
  for (const text of texts) expect(await other.sessions.send(name, text)).toBe(true)
  expect(await other.sessions.send(name, bytes)).toBe(true)
  expect(await other.sessions.send(name, new Uint8Array())).toBe(true)
  for (const text of texts) expect(await raw.next()).toBe(text)
  expect(await raw.next()).toEqual(bytes)
  expect(await raw.next()).toEqual(Buffer.alloc(0))
  raw.socket.terminate()
  await until(() => owner.sessions.size.sessions === 0)
  const { raw: again } = await greet(other.url, { id: id(), n: 2, got: 0 })
  for (const text of texts) expect(await again.next()).toBe(text)
  expect(await again.next()).toEqual(bytes)
})
