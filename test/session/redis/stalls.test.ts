// Nobody loses a session because a process, or Redis, stood still.
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { RedisStore } from '../../../src/session/redis/index.ts'
import { Redis } from '../../../src/session/redis/redis.ts'
import {
  type JournalContext,
  RedisJournal,
  type SessionKeys,
} from '../../../src/session/redis/redis-journal.ts'
import { APPEND, CLAIM, READ, WRITE } from '../../../src/session/redis/scripts.ts'
import { item } from '../../../src/session/server/socket.ts'
import { until } from '../node/fixtures.ts'
import { client, greet, id, numbers, ownRedis } from './fixtures.ts'
import { type Node, startNode } from './processes.ts'

const ttl = 5

/** Of a journal that is the only one. */
const context: Pick<JournalContext, 'n' | 'tag' | 'keep' | 'lapses' | 'stalled' | 'forward' | 'left'> = {
  n: 1,
  tag: 1,
  keep: 60_000,
  lapses: 0,
  stalled: () => 0,
  forward: async () => true,
  left: () => {},
}

/** Two processes with clients that count; `spread` says which client is whose. */
async function scene(size: number, spread: (nodes: Node[], n: number) => Node) {
  const redis = await ownRedis()
  const nodes = await Promise.all([1, 2].map(() => startNode(redis.port, 'ioredis', ttl)))
  onTestFinished(async () => {
    for (const node of nodes) await node.kill()
  })
  const endings: unknown[] = []
  const clients = Array.from({ length: size }, (_, n) => {
    const socket = client(`ws://127.0.0.1:${spread(nodes, n).port}/`)
    for (const name of ['fresh', 'closed'] as const)
      socket.on(name, (value) => endings.push([name, n, value]))
    return { socket, n, count: 0 }
  })
  await Promise.all(clients.map(({ socket }) => socket.opened()))
  const say = (chosen = clients) => chosen.map((one) => one.socket.delivered(`${one.n}:${++one.count}`))
  const effects = async () => {
    const all = await redis.client.lrange('effects', 0, -1)
    return clients.map(({ n }) =>
      all.filter((text) => text.startsWith(`${n}:`)).map((text) => text.slice(`${n}:`.length)),
    )
  }
  /** All that was sent has arrived, once and in order, and nobody was told of an end. */
  const check = async (said: Promise<void>[]) => {
    await Promise.all(said)
    expect(endings).toEqual([])
    expect(await effects()).toEqual(clients.map(({ count }) => numbers(1, count)))
  }
  // The quiet ones send nothing while something stands still. Their next message is the first that shows who has the session.
  const talkative = clients.filter(({ n }) => n % 4 < 2)
  return { redis, nodes, clients, talkative, say, check }
}

test('a process stopped for 10 s when its sessions are looked at: all clients come back, nothing lost or doubled', async () => {
  const { nodes, talkative, say, check } = await scene(30, ([first]) => first as Node)
  await Promise.all(say())
  nodes[0]?.pause()
  const said = say(talkative)
  await wait(10_000)
  nodes[0]?.resume()
  await Promise.all([...said, ...say(talkative)])
  await check(say())
})

test('Redis stopped for 4.5 s, four times, longer than any word that a process is alive counts', {
  timeout: 180_000,
}, async () => {
  const { redis, talkative, say, check } = await scene(60, (nodes, n) => nodes[n % 2] as Node)
  await Promise.all(say())
  for (let round = 0; round < 4; round++) {
    redis.pause()
    const said = say(talkative)
    await wait(4_500)
    redis.resume()
    await Promise.all([...said, ...say(talkative)])
    await check(say())
  }
})

test('a process whose clock was set back by an hour, and that was then stopped, handles nothing twice', async () => {
  const redis = await ownRedis()
  const [first, second] = await Promise.all([
    startNode(redis.port, 'ioredis'),
    startNode(redis.port, 'ioredis'),
  ])
  onTestFinished(async () => {
    for (const node of [first, second]) await node.kill()
  })
  const [one, two] = [first, second].map(({ port }) => `ws://127.0.0.1:${port}/`) as [string, string]
  const { raw: before } = await greet(one, { id: id() })
  before.send('1')
  expect(await before.next()).toBe('!a1')
  await first.setBack()
  first.pause()
  for (const text of ['2', '3']) before.send(text)
  const { raw: after, answer } = await greet(two, { id: id(), n: 2, got: 0 })
  expect(answer).toMatch(/^!w\{"got":1,/)
  for (const text of ['2', '3']) after.send(text)
  await until(() => second.received.length === 2)
  first.resume()
  await before.closed
  expect([first.received, second.received]).toEqual([['1'], ['2', '3']])
})

/** A store of its own, without `Sessions`. `replied` is called with each reply of a script before the store gets it. */
async function startStore(redis: Awaited<ReturnType<typeof ownRedis>>, replied: (sha1: string) => void) {
  const connection = redis.client.duplicate()
  const call = connection.call.bind(connection)
  connection.call = (async (name: string, ...args: string[]) => {
    const reply = await call(name, ...args)
    replied(args[0] as string)
    return reply
  }) as typeof connection.call
  const store = new RedisStore(connection)
  onTestFinished(async () => {
    await store.stop()
    connection.disconnect()
  })
  const bounds = { ttl: 60, tombstone: 60, sessions: 10, perPrincipal: 10 }
  store.start(
    { wake: () => {}, handOver: async () => false, expired: () => {} },
    { ...bounds, topics: { messages: 1, bytes: 1, age: 1 } },
  )
  return store
}

const claimOfA = { name: 'a', n: 1, got: undefined, principal: 'somebody' }

test('a process that stalled before it learns that it has a session refuses the client: another one may have it', async () => {
  const redis = await ownRedis()
  const sha1 = await redis.client.script('LOAD', CLAIM.lua)
  const { now } = Date
  onTestFinished(() => {
    Date.now = now
  })
  let stalls = 0
  const store = await startStore(redis, (script) => {
    if (script !== sha1 || stalls++) return
    Date.now = () => now() + 4_000
  })
  expect(await store.claim(claimOfA)).toEqual({ type: 'refused', why: 'busy' })
  expect(stalls).toBe(1)
})

test('after a lease has run out, a session is owned again only once Redis has said so, not when the lease is renewed', async () => {
  const { client } = await ownRedis()
  const redis = new Redis(client)
  const leases = { held: true, lapses: 0 }
  const keys: SessionKeys = ['{a}:session', '{a}:outbox', '{a}:topics']
  const claim = (n: number, owner: string, free = '') =>
    redis.script(CLAIM, keys, [n, '', 'somebody', `${owner}:1`, owner, free, 60_000])
  await claim(1, 'one')
  const told: string[] = []
  const tell = (what: string) => () => void told.push(what)
  const journal = new RedisJournal(
    { ...context, redis, keys, leases, ownership: 'one:1' },
    { got: 0, acked: 0, items: [] },
    {
      stored: () => {},
      recorded: tell('recorded'),
      fenced: tell('fenced'),
      forgotten: tell('forgotten'),
      failed: tell('failed'),
    },
  )
  expect(journal.doubtful).toBe(false)
  leases.lapses++
  expect(journal.doubtful).toBe(true)
  journal.wake()
  await until(() => told.length === 1)
  expect([journal.doubtful, told]).toEqual([false, ['recorded']])
  // Another process takes the session while this one stalls.
  leases.lapses++
  expect(await claim(2, 'two', 'one:1')).toEqual(['resumed', '0', '0', [], []])
  journal.wake()
  await until(() => told.length === 2)
  expect([journal.doubtful, told]).toEqual([true, ['recorded', 'fenced']])
})

test('a session that was taken over, and whose messages were acknowledged, between a write and a read counts as moved, not as lost', async () => {
  const { client } = await ownRedis()
  const redis = new Redis(client)
  const keys: SessionKeys = ['{a}:session', '{a}:outbox', '{a}:topics']
  await redis.script(CLAIM, keys, [1, '', 'somebody', 'one:1', 'one', '', 60_000])
  await redis.script(APPEND, keys, [10, 60_000, 7, 't1'])
  const { script } = redis
  redis.script = async (which, ...rest) => {
    if (which === READ) {
      await script.call(redis, CLAIM, keys, [2, 0, 'somebody', 'two:1', 'two', 'one:1', 60_000])
      await script.call(redis, WRITE, keys, ['two:1', 2, 0, 1, 0, 1, 8, 60_000])
    }
    return script.call(redis, which, ...rest)
  }
  const told: string[] = []
  const tell = (what: string) => () => void told.push(what)
  const journal = new RedisJournal(
    { ...context, redis, keys, leases: { held: true, lapses: 0 }, ownership: 'one:1' },
    { got: 0, acked: 0, items: [] },
    {
      stored: tell('stored'),
      recorded: tell('recorded'),
      fenced: tell('fenced'),
      forgotten: tell('forgotten'),
      failed: tell('failed'),
    },
  )
  journal.wake()
  await until(() => told.length)
  expect(told).toEqual(['fenced'])
})

test('what is forwarded to the next owner is stored once if the reply was lost, and before what is sent later', async () => {
  const redis = await ownRedis()
  const sha1 = await redis.client.script('LOAD', APPEND.lua)
  let repliesLost = 0
  const store = await startStore(redis, (script) => {
    if (script === sha1 && !repliesLost++) throw new Error('Connection is closed.')
  })
  const claimed = await store.claim(claimOfA)
  if (claimed.type === 'refused' || !claimed.kept) throw new Error('not claimed')
  const quiet = { stored: () => {}, recorded: () => {}, fenced: () => {} }
  const forwarded: boolean[] = []
  const journal = store.journal('a', 1, claimed.kept, {
    ...quiet,
    forwarded: (_, stored) => void forwarded.push(stored),
    forgotten: () => {},
    failed: () => {},
  })
  await journal.release()
  journal.append(item('1'))
  expect(await store.send('a', [item('2')])).toBe(true)
  expect(forwarded).toEqual([true])
  expect(repliesLost).toBeGreaterThan(1)
  const stored = await redis.client.xrange('holdfast:{a}:outbox', '-', '+')
  expect(stored.map(([, [, data]]) => data)).toEqual(['t1', 't2'])
})

test('what was sent while the session moved to another process arrives there', async () => {
  const { redis, nodes, clients, say, check } = await scene(1, ([first]) => first as Node)
  await Promise.all(say())
  const heard: string[] = []
  clients[0]?.socket.on('text', (text) => heard.push(text))
  // The process has the session, and its sends wait for Redis, while another one takes the session for dead.
  nodes[0]?.tell('send 1 2 3')
  await until(() => heard.length === 3)
  redis.pause()
  nodes[0]?.tell('send 4 5 6')
  await wait(2_500)
  nodes[0]?.pause()
  redis.resume()
  const owner = async () => redis.client.hget(`holdfast:{${nodes[0]?.id}}:session`, 'owner')
  await expect.poll(owner, { timeout: 30_000, interval: 100 }).toBe('')
  nodes[0]?.resume()
  await until(() => heard.length === 6)
  expect(heard).toEqual(['1', '2', '3', '4', '5', '6'])
  await check(say())
})
