import { expect, test } from 'vitest'
import { until } from '../node/fixtures.ts'
import { client, greet, id, numbers, ownRedis, type Package, startServer } from './fixtures.ts'
import { startNode } from './processes.ts'

test.for<Package>(['redis', 'ioredis'])(
  'a Redis that hangs: nothing is acknowledged that is not stored, and then nothing is lost or doubled, over the package %s',
  async (which) => {
    const redis = await ownRedis()
    const got: string[] = []
    const options = { received: (_: unknown, data: unknown) => void got.push(String(data)) }
    const nodes = [
      await startServer(redis.port, options, which),
      await startServer(redis.port, options, which),
    ]
    // Each dial goes to the other node.
    let dials = 0
    const socket = client(() => nodes[dials++ % 2]?.url as string)
    const heard: string[] = []
    const codes: number[] = []
    const endings: unknown[] = []
    socket.on('text', (text) => heard.push(text))
    socket.on('waiting', ({ close }) => codes.push(close.code))
    for (const name of ['fresh', 'closed'] as const) socket.on(name, (value) => endings.push(value))
    await socket.opened()
    const [session] = nodes[0]?.sessions ?? []
    const delivered: string[] = []
    const send = (text: string) => socket.delivered(text).then(() => delivered.push(text))
    for (const text of numbers(1, 50)) {
      void send(text)
      session?.send(text)
    }
    await until(() => delivered.length === 50 && heard.length === 50)

    redis.pause()
    for (const text of numbers(51, 100)) {
      void send(text)
      expect(session?.send(text)).toBe('queued')
    }
    // Both nodes have sent it away, each after it has waited for Redis.
    await until(() => codes.filter((code) => code === 1013).length >= 3)
    expect(got).toEqual(numbers(1, 100))
    expect(delivered).toEqual(numbers(1, 50))
    expect(heard).toEqual(numbers(1, 50))

    redis.resume()
    await until(() => delivered.length === 100 && heard.length === 100)
    await socket.delivered('101')
    expect(got).toEqual(numbers(1, 101))
    expect(heard).toEqual(numbers(1, 100))
    expect(endings).toEqual([])
  },
)

test('who comes first while Redis hangs is greeted as new when it is back, and once', async () => {
  const redis = await ownRedis()
  const openings = new Map<string, boolean[]>()
  const { url } = await startServer(redis.port, {
    opened: (session, { resumed }) => {
      openings.set(session.id, [...(openings.get(session.id) ?? []), resumed])
      if (!resumed) session.send('the present state')
    },
  })
  // The server knows its Redis by then.
  await greet(url, { id: id() })
  redis.pause()
  const socket = client(url)
  const heard: string[] = []
  socket.on('text', (text) => heard.push(text))
  const waiting = new Promise<{ close: { code: number } }>((resolve) => socket.on('waiting', resolve))
  expect((await waiting).close.code).toBe(1013)
  redis.resume()
  await until(() => heard.length)
  const resumed = new Promise((resolve) => socket.on('resumed', resolve))
  socket.reconnect()
  await resumed
  await socket.delivered('back')
  expect(heard).toEqual(['the present state'])
  expect([...openings.values()].at(-1)).toEqual([false, true])
})

test('a process that was stopped for long handles nothing that another may have been sent again', async () => {
  const redis = await ownRedis()
  const [first, second] = await Promise.all([
    startNode(redis.port, 'ioredis'),
    startNode(redis.port, 'ioredis'),
  ])
  try {
    const [one, two] = [first, second].map(({ port }) => `ws://127.0.0.1:${port}/`) as [string, string]
    const { raw: before } = await greet(one, { id: id() })
    before.send('1')
    expect(await before.next()).toBe('!a1')
    first.pause()
    // They wait in its socket.
    for (const text of ['2', '3']) before.send(text)
    const { raw: after, answer } = await greet(two, { id: id(), n: 2, got: 0 })
    expect(answer).toMatch(/^!w\{"got":1,/)
    for (const text of ['2', '3']) after.send(text)
    await until(() => second.received.length === 2)
    first.resume()
    await before.closed
    expect([first.received, second.received]).toEqual([['1'], ['2', '3']])
  } finally {
    for (const node of [first, second]) await node.kill()
  }
})

test('a shutdown waits neither for a Redis that hangs nor for a handler that never ends', async () => {
  const redis = await ownRedis()
  const { sessions, url } = await startServer(redis.port, { received: () => new Promise(() => {}) })
  const { raw } = await greet(url, { id: id() })
  raw.send('1')
  await until(() => sessions.counters.received)
  redis.pause()
  await sessions.shutdown({ grace: 100 })
  expect(await raw.next()).toMatch(/^!x\{"why":"restart"/)
})

test('a Redis that was away does not make a living process lose its sessions', async () => {
  const redis = await ownRedis()
  const got: string[] = []
  const options = { received: (_: unknown, data: unknown) => void got.push(String(data)) }
  // The one that has the session is slow to find Redis again; the other is not.
  const [one, two] = [
    await startServer(redis.port, options, { retry: 2_000 }),
    await startServer(redis.port, options, { retry: 10 }),
  ]
  const { raw: before } = await greet(one.url, { id: id() })
  before.send('1')
  expect(await before.next()).toBe('!a1')
  const [session] = one.sessions
  await redis.stop()
  before.send('2')
  await until(() => got.length === 2)
  expect((await before.closed).code).toBe(1013)
  // Long enough for the word that its owner is alive to be forgotten.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const started = redis.start()
  let answer: string | undefined
  for (let n = 2; !answer; n++) ({ answer } = await greet(two.url, { id: id(), n, got: 0 }))
  await started
  expect(answer).toMatch(/^!w\{"got":2,/)
  expect(session?.send('too late')).toBe('dropped')
  expect(got).toEqual(['1', '2'])
})
