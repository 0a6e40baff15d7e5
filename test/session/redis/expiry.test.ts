import { expect, test } from 'vitest'
import { type RedisClient, RedisStore } from '../../../src/session/redis/index.ts'
import { until } from '../node/fixtures.ts'
import { client, greet, id, ownRedis, startServer } from './fixtures.ts'
import { startNode } from './processes.ts'

test('a session that expires while no process has it ends in one of them, once, with what became of its messages', async () => {
  const redis = await ownRedis()
  const endings: unknown[] = []
  const options = { ttl: 1, ended: (_: unknown, ending: unknown) => endings.push(ending) }
  const nodes = [await startServer(redis.port, options), await startServer(redis.port, options)] as const
  const { raw } = await greet(nodes[0].url, { id: id() })
  const [session] = nodes[0].sessions
  for (const text of ['one', 'two']) session?.send(text)
  expect([await raw.next(), await raw.next()]).toEqual(['one', 'two'])
  raw.send('!a1')
  await until(() => session?.bufferedAmount === 'two'.length)
  raw.socket.terminate()
  await until(() => nodes[0].sessions.size.sessions === 0)
  // Nobody has it, and it can still be sent to.
  expect(await nodes[1].sessions.send(session?.id ?? '', 'three')).toBe(true)
  await until(() => endings.length)
  expect(await nodes[1].sessions.send(session?.id ?? '', 'four')).toBe(false)
  expect((await greet(nodes[1].url, { id: id(), n: 2, got: 1 })).answer).toBe('!x{"why":"gone","got":0}')
  expect(await redis.client.exists('holdfast:sessions')).toBe(0)
  expect(endings).toEqual([{ why: 'expired', delivered: 1, written: 3, sent: 3 }])
  expect(nodes.map(({ sessions }) => sessions.counters.expired).sort()).toEqual([0, 1])
})

test.for([
  { ttl: Infinity, tombstone: Infinity, topics: { age: Infinity } },
  { ttl: 1.1, tombstone: 2.2, topics: { age: 1e-6 } },
])('times that are endless, or no whole number of ms, are accepted: %o', async (options) => {
  const redis = await ownRedis()
  const { url, sessions } = await startServer(redis.port, options)
  const { raw, answer } = await greet(url, { id: id() })
  expect(answer).toMatch(/^!w/)
  const [session] = sessions
  session?.send('one')
  expect(await raw.next()).toBe('one')
  await sessions.publish('news', 'two', { key: 'k' })
  raw.socket.terminate()
  await until(() => sessions.size.sessions === 0)
  expect((await greet(url, { id: id(), n: 2, got: 1 })).answer).toMatch(/^!w/)
})

test('also one whose process was killed', async () => {
  const redis = await ownRedis()
  const nodes = await Promise.all([1, 2].map(() => startNode(redis.port, 'redis', 1)))
  const [first, second] = nodes
  try {
    await greet(`ws://127.0.0.1:${first?.port}/`, { id: id() })
    await until(() => first?.id)
    await first?.kill()
    await until(() => second?.ended.length)
    expect(second?.ended).toEqual([`ended ${first?.id} expired 0 0 0`])
  } finally {
    for (const node of nodes) await node.kill()
  }
})

test('one that is connected does not expire, however quiet it is', async () => {
  const redis = await ownRedis()
  const endings: unknown[] = []
  const options = { ttl: 1, ended: (_: unknown, ending: unknown) => endings.push(ending) }
  const { url } = await startServer(redis.port, options)
  const { raw } = await greet(url, { id: id() })
  const all = 'holdfast:sessions'
  const due = async () =>
    Number(await redis.client.zscore(all, (await redis.client.zrange(all, '0', '0'))[0] ?? ''))
  const first = await due()
  // Its time has come three times, and it is still there.
  await expect.poll(due).toBeGreaterThan(first + 3_000)
  expect(endings).toEqual([])
  expect(raw.socket.readyState).toBe(1)
})

test('a record that went back in time is a session lost: its client is told, and begins again', async () => {
  const redis = await ownRedis()
  const { url } = await startServer(redis.port)
  const socket = client(url)
  await socket.delivered('one')
  const [key = ''] = await redis.client.keys('*:session')
  await redis.client.copy(key, 'backup')
  const resumed = new Promise((resolve) => socket.on('resumed', resolve))
  socket.reconnect()
  await resumed
  const fresh = new Promise((resolve) => socket.on('fresh', resolve))
  await redis.client.copy('backup', key, 'REPLACE')
  const outcome = socket.delivered('two')
  expect(await fresh).toEqual({ why: 'gone', delivered: ['two'], lost: [], unknown: [] })
  await outcome
  await socket.delivered('a new life')
})

test('what has ended stays so, also when the store could not be told at once', async () => {
  const redis = await ownRedis()
  let away = false
  const call = async (name: string, ...rest: string[]) => {
    if (away) throw new Error('away')
    return redis.client.call(name, ...rest)
  }
  const client: RedisClient = { call, duplicate: () => redis.client.duplicate() }
  const { sessions, url } = await startServer(redis.port, { store: new RedisStore(client) })
  await greet(url, { id: id() })
  const [session] = sessions
  away = true
  session?.finish()
  await new Promise((resolve) => setTimeout(resolve, 100))
  away = false
  await expect.poll(() => redis.client.hget(`holdfast:{${session?.id}}:session`, 'over')).toBe('1')
  expect((await greet(url, { id: id(), n: 2, got: 0 })).answer).toBe('!x{"why":"gone","got":0}')
})

test('a thousand whose time has come in one moment end in one sweep', async () => {
  const redis = await ownRedis()
  const many = redis.client.pipeline()
  for (let n = 0; n < 1_000; n++) {
    const session = { principal: '', n: 1, owner: '', got: 0, acked: 0, sent: 0, away: 1 }
    many.hset(`holdfast:{${n}}:session`, session).zadd('holdfast:sessions', 1, `${n}`)
  }
  await many.exec()
  const times: number[] = []
  await startServer(redis.port, { ended: () => times.push(performance.now() / 1_000) })
  // Only a process that has been in touch with Redis for a while ends what no process has.
  await until(() => times.length === 1_000)
  // They are looked at 200 at a time: one batch a second would take four.
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(4)
})
