import { expect, test } from 'vitest'
import { until } from '../node/fixtures.ts'
import { greet, id, ownRedis, startServer } from './fixtures.ts'

const authenticate = () => 'one'
const welcomed = /^!w/
const busy = /^!x\{"why":"busy"/

/** Two nodes, where sessions go by turns; the client of Redis to look into it. */
async function pair(options: Parameters<typeof startServer>[1]) {
  const redis = await ownRedis()
  const nodes = [await startServer(redis.port, options), await startServer(redis.port, options)]
  const enter = (n: number, more: object = {}) => greet(nodes[n % 2]?.url as string, { id: id(n), ...more })
  const left = () => until(() => nodes.every(({ sessions }) => sessions.size.sessions === 0))
  return { redis: redis.client, nodes, enter, left }
}

test('10,000 sessions of one principal over two nodes: those away give way, and no more are held', {
  timeout: 300_000,
}, async () => {
  const { redis, nodes, enter, left } = await pair({ authenticate })
  for (let n = 0; n < 10_000; n += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const { raw } = await enter(n + i)
        raw.socket.terminate()
      }),
    )
  }
  await left()
  // Those that gave way are told of, and taken off the list, by the next sweep.
  await expect.poll(() => redis.zcard('holdfast:sessions'), { timeout: 10_000 }).toBeLessThanOrEqual(32)
  expect(await redis.zcard('holdfast:principal:one')).toBeLessThanOrEqual(32)
  expect((await redis.keys('*:outbox')).length).toBe(0)
  expect(nodes.map(({ sessions }) => sessions.size.sessions)).toEqual([0, 0])
})

test('sessions that come to two nodes in one moment are counted together', async () => {
  const { enter } = await pair({ authenticate, limits: { perPrincipal: 5 } })
  const all = await Promise.all(Array.from({ length: 40 }, (_, n) => enter(n)))
  const answers = all.map(({ answer }) => answer)
  expect(answers.filter((answer) => welcomed.test(answer ?? ''))).toHaveLength(5)
  expect(answers.filter((answer) => busy.test(answer ?? ''))).toHaveLength(35)
})

test('the one away for longest gives way, whichever came first, and is told of; those connected stay', async () => {
  const endings: unknown[] = []
  const { redis, enter } = await pair({
    authenticate,
    limits: { perPrincipal: 3 },
    ended: ({ principal }, { why }) => endings.push([principal, why]),
  })
  const all = await Promise.all([0, 1, 2].map((n) => enter(n)))
  for (const n of [2, 1]) {
    all[n]?.raw.socket.terminate()
    await expect.poll(async () => (await redis.keys('*:session')).length).toBe(3)
    const away = async () =>
      (await Promise.all((await redis.keys('*:session')).map((key) => redis.hget(key, 'owner')))).filter(
        (owner) => owner === '',
      ).length
    await expect.poll(away).toBe(3 - n)
  }
  expect((await enter(3)).answer).toMatch(welcomed)
  expect((await enter(2, { n: 2, got: 0 })).answer).toBe('!x{"why":"gone","got":0}')
  expect((await enter(1, { n: 2, got: 0 })).answer).toMatch(welcomed)
  expect(all[0]?.raw.socket.readyState).toBe(1)
  expect((await enter(4)).answer).toMatch(busy)
  await expect.poll(() => endings, { timeout: 10_000 }).toEqual([['one', 'expired']])
})

test('one that is over makes room at once: many short ones beside a long one keep nobody out', async () => {
  const { redis, enter } = await pair({ authenticate, limits: { perPrincipal: 2 } })
  expect((await enter(0)).answer).toMatch(welcomed)
  for (let n = 1; n < 10; n++) {
    const { raw, answer } = await enter(n)
    expect(answer).toMatch(welcomed)
    raw.send('!f')
    await raw.closed
    // Told to its client first, and then to Redis.
    await expect.poll(() => redis.zcard('holdfast:sessions')).toBe(1)
  }
})

test('sessions in all are bounded too, who is away included', async () => {
  const { enter, left } = await pair({ limits: { sessions: 2 } })
  for (const n of [0, 1]) {
    const { raw, answer } = await enter(n)
    expect(answer).toMatch(welcomed)
    raw.send('a message')
    expect(await raw.next()).toBe('!a1')
    raw.socket.terminate()
  }
  await left()
  expect((await enter(2)).answer).toMatch(busy)
})

test('in a full store, one that is away and never carried a message gives way', async () => {
  const endings: unknown[] = []
  const { redis, enter, left } = await pair({
    limits: { sessions: 2 },
    ended: ({ principal }, { why }) => endings.push([principal, why]),
  })
  const used = await enter(0)
  used.raw.send('a message')
  expect(await used.raw.next()).toBe('!a1')
  const unused = await enter(1)
  for (const { raw } of [used, unused]) raw.socket.terminate()
  await left()
  expect((await enter(2)).answer).toMatch(welcomed)
  expect(await redis.zcard('holdfast:sessions')).toBe(2)
  await expect.poll(() => endings).toEqual([['', 'expired']])
  expect((await enter(0, { n: 2, got: 0 })).answer).toMatch(welcomed)
  expect((await enter(1, { n: 2, got: 0 })).answer).toBe('!x{"why":"gone","got":0}')
})
