import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { WRITE } from '../../../src/session/redis/scripts.ts'
import { until } from '../node/fixtures.ts'
import { client, greet, id, numbers, ownRedis, startServer } from './fixtures.ts'
import { startNode } from './processes.ts'

test('a process that is shut down finishes what it handles, and its clients go on elsewhere: each once, in order', async () => {
  const redis = await ownRedis()
  const got: string[] = []
  const options = {
    received: async (_: unknown, data: unknown) => {
      await wait(5)
      got.push(String(data))
    },
  }
  const nodes = [await startServer(redis.port, options), await startServer(redis.port, options)] as const
  let url = nodes[0].url
  const socket = client(() => url)
  const endings: unknown[] = []
  for (const name of ['fresh', 'closed'] as const) socket.on(name, (value) => endings.push(value))
  await socket.opened()
  const sent = numbers(1, 200).map((text) => socket.delivered(text))
  await until(() => got.length > 20)
  url = nodes[1].url
  await nodes[0].sessions.shutdown({ after: 50 })
  const here = got.length
  await Promise.all(sent)
  expect(here).toBeLessThan(200)
  expect(got).toEqual(numbers(1, 200))
  expect(endings).toEqual([])
  expect(nodes.map(({ sessions }) => sessions.size.connected)).toEqual([0, 1])
})

test('of two that take a session over in one moment the later attempt has it, and the other is not heard', async () => {
  const redis = await ownRedis()
  const got: string[] = []
  const { sessions, url } = await startServer(redis.port, {
    received: (_, data) => void got.push(String(data)),
  })
  await greet(url, { id: id() })
  for (let n = 2; n < 60; n += 2) {
    const [first, second] = await Promise.all([
      greet(url, { id: id(), n, got: 0 }),
      greet(url, { id: id(), n: n + 1, got: 0 }),
    ])
    expect(second.answer).toMatch(/^!w/)
    if (first.raw.socket.readyState === 1) first.raw.send('from the one that lost')
    expect((await first.raw.closed).code).toBe(4409)
    expect(second.raw.socket.readyState).toBe(1)
    expect(sessions.size).toEqual({ sessions: 1, connected: 1 })
  }
  expect(got).toEqual([])
})

test('a write that arrives again, late, changes nothing', async () => {
  const redis = await ownRedis()
  const { sessions, url } = await startServer(redis.port)
  await greet(url, { id: id() })
  const [session] = sessions
  const keys = ['session', 'outbox', 'topics'].map((part) => `holdfast:{${session?.id}}:${part}`)
  const owner = await redis.client.hget(keys[0] as string, 'owner')
  const write = (batch: number, text: string) =>
    redis.client.eval(
      WRITE.lua,
      3,
      ...keys,
      owner as string,
      1,
      0,
      0,
      batch - 1,
      batch,
      7,
      60_000,
      `t${text}`,
    )
  expect(await write(1, 'one')).toEqual(['stored', '0'])
  expect(await write(2, 'two')).toEqual(['stored', '1'])
  // The client of Redis had sent it over a connection that broke, and Redis reads that one only now.
  await write(1, 'one')
  expect(await redis.client.xlen(keys[1] as string)).toBe(2)
})

test('a client that is back in the same process while its old connection is half-open keeps its session', async () => {
  const redis = await ownRedis()
  const got: string[] = []
  const { sessions, url } = await startServer(redis.port, {
    received: (_, data) => void got.push(String(data)),
  })
  const before = await greet(url, { id: id() })
  before.raw.send('1')
  expect(await before.raw.next()).toBe('!a1')
  const after = await greet(url, { id: id(), n: 2, got: 0 })
  expect(after.answer).toMatch(/^!w\{"got":1,/)
  expect(await before.raw.next()).toBe('!x{"why":"taken"}')
  after.raw.send('2')
  expect(await after.raw.next()).toBe('!a2')
  const [session] = sessions
  expect(await sessions.send(session?.id ?? '', 'hi')).toBe(true)
  expect(await after.raw.next()).toBe('hi')
  expect(got).toEqual(['1', '2'])
})

test('an older attempt that arrives late at another process does not end the connection of the present one', async () => {
  const redis = await ownRedis()
  const { sessions, url } = await startServer(redis.port)
  const { raw, answer } = await greet(url, { id: id(), n: 5 })
  expect(answer).toMatch(/^!w/)
  const [session] = sessions
  const owner = await redis.client.hget(`holdfast:{${session?.id}}:session`, 'owner')
  const answers: string[] = []
  const listener = redis.client.duplicate()
  await listener.subscribe('holdfast:to:other')
  listener.on('message', (_, message) => answers.push(message))
  await redis.client.publish(`holdfast:to:${owner?.split(':')[0]}`, `want ${session?.id} other 4`)
  await until(() => answers.length)
  listener.disconnect()
  session?.send('still here')
  expect(await raw.next()).toBe('still here')
})

test('a message over the limit of the server is lost after two tries, one in each process, and the rest goes on', async () => {
  const redis = await ownRedis()
  const nodes = await Promise.all([1, 2].map(() => startNode(redis.port, 'ioredis', 30, 1_000)))
  onTestFinished(async () => {
    for (const node of nodes) await node.kill()
  })
  let dials = 0
  const socket = client(() => `ws://127.0.0.1:${nodes[dials++ % 2]?.port}/`)
  const codes: number[] = []
  socket.on('waiting', ({ close }) => codes.push(close.code))
  await socket.opened()
  const outcomes: unknown[] = []
  for (const text of ['one', 'x'.repeat(2_000), 'three'])
    socket.send(text, { onOutcome: ({ result, reason }) => outcomes.push([text.length, result, reason]) })
  await until(() => outcomes.length === 3)
  expect(outcomes).toEqual([
    [3, 'delivered', undefined],
    [2_000, 'lost', expect.stringContaining('2000 bytes')],
    [5, 'delivered', undefined],
  ])
  expect(codes).toEqual([1009, 1009])
  expect(await redis.client.lrange('effects', 0, -1)).toEqual(['one', 'three'])
})
