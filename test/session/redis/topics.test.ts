// Topics over Redis: one log, one write per message, and every subscriber has all of it, or knows what it lacks.
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { RedisStore } from '../../../src/session/redis/index.ts'
import { Redis } from '../../../src/session/redis/redis.ts'
import type { SessionKeys } from '../../../src/session/redis/redis-journal.ts'
import { CLAIM } from '../../../src/session/redis/scripts.ts'
import { JOIN } from '../../../src/session/redis/topic-scripts.ts'
import type { ServerSession } from '../../../src/session/server/index.ts'
import { Raw, until } from '../node/fixtures.ts'
import { client, greet, id, numbers, ownRedis, startServer } from './fixtures.ts'
import { startNode, startRedis } from './processes.ts'

const subscribing: { opened: (session: ServerSession) => void } = {
  // The test may end in this very moment.
  opened: (session) => void session.subscribe('all').catch(() => {}),
}

/** A client that lists what it hears of its topic, and what it is told about it. */
async function subscriber(url: string | (() => string), options = {}) {
  const socket = client(url, options)
  const heard: string[] = []
  const gaps: unknown[] = []
  let begun = 0
  socket.on('text', (text) => heard.push(text))
  socket.on('topic', (event) => {
    if (event.type === 'gap') gaps.push(event)
    if (event.type === 'caught-up') begun++
  })
  await until(() => begun)
  return { socket, heard, gaps, cursor: () => socket.cursor('all') }
}

async function calls(redis: Awaited<ReturnType<typeof ownRedis>>, command: string) {
  const stats = await redis.client.info('commandstats')
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
}

test('one write per message, whatever the number of subscribers and processes, and none is read by a process again', async () => {
  const redis = await ownRedis()
  const nodes = [
    await startServer(redis.port, subscribing),
    await startServer(redis.port, subscribing),
  ] as const
  const all = await Promise.all(Array.from({ length: 60 }, (_, n) => subscriber(nodes[n % 2]?.url as string)))
  const before = { writes: await calls(redis, 'xadd'), reads: await calls(redis, 'xrange') }
  for (const text of numbers(1, 50)) await nodes[0].sessions.publish('all', text)
  await until(() => all.every(({ heard }) => heard.length === 50))
  for (const { heard, gaps } of all) expect([heard, gaps]).toEqual([numbers(1, 50), []])
  expect((await calls(redis, 'xadd')) - before.writes).toBe(50)
  // One process that reads each message would do so 50 times. From time to time the age of the oldest message is looked at,
  // and each process compares its place with the log.
  expect((await calls(redis, 'xrange')) - before.reads).toBeLessThan(50)
})

test('who is away, or moves to another process, has everything once and in order; also when the channel breaks', async () => {
  const redis = await ownRedis()
  const nodes = [
    await startServer(redis.port, subscribing),
    await startServer(redis.port, subscribing),
  ] as const
  let dials = 0
  const { socket, heard, gaps } = await subscriber(() => nodes[dials++ % 2]?.url as string)
  for (let n = 1; n <= 200; n++) {
    await nodes[n % 2]?.sessions.publish('all', `${n}`)
    if (n % 20 === 0) socket.reconnect()
    if (n % 50 === 0) await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  }
  await until(() => heard.length >= 200)
  expect([heard, gaps]).toEqual([numbers(1, 200), []])
})

test('text and bytes are what was published', async () => {
  const redis = await ownRedis()
  const { sessions, url } = await startServer(redis.port, subscribing)
  const { socket, heard } = await subscriber(url, { binaryType: 'arraybuffer' })
  const bytes = new Promise((resolve) => socket.on('binary', resolve))
  const texts = ['!mark', '!!', '\ufeff', '', 'with spaces in it']
  for (const text of texts) await sessions.publish('all', text)
  await sessions.publish('all', new Uint8Array([0, 255, 33, 10]))
  expect(new Uint8Array((await bytes) as ArrayBuffer)).toEqual(new Uint8Array([0, 255, 33, 10]))
  expect(heard).toEqual(texts)
})

test('a log is bounded by number and bytes, and who comes too late is told', async () => {
  const redis = await ownRedis()
  const options = { ...subscribing, topics: { messages: 10, bytes: 1_000 } }
  const nodes = [await startServer(redis.port, options), await startServer(redis.port, options)] as const
  let url = nodes[0].url
  const { socket, heard, gaps } = await subscriber(() => url)
  await nodes[1].sessions.publish('all', '1')
  await until(() => heard.length === 1)
  // It dials an address where nobody answers for as long as that.
  url = 'ws://127.0.0.1:1/'
  socket.reconnect()
  for (const text of numbers(2, 30)) await nodes[1].sessions.publish('all', text)
  const [key = ''] = await redis.client.keys('*:log')
  expect(await redis.client.xlen(key)).toBe(10)
  url = nodes[1].url
  await until(() => heard.at(-1) === '30')
  expect(heard).toEqual(['1', ...numbers(21, 30)])
  expect(gaps).toMatchObject([{ topic: 'all', missed: 19 }])
  for (let n = 0; n < 5; n++) await nodes[0].sessions.publish('all', 'x'.repeat(400))
  expect(await redis.client.xlen(key)).toBe(2)
})

test('messages leave the log when they are too old', async () => {
  const redis = await ownRedis()
  const options = { ...subscribing, topics: { age: 1 } }
  const { sessions } = await startServer(redis.port, options)
  const first = await sessions.publish('all', '1')
  const [key = ''] = await redis.client.keys('*:log')
  await expect.poll(() => redis.client.exists(key), { timeout: 10_000 }).toBe(0)
  // The epoch goes on: nothing was lost that was not too old.
  const second = await sessions.publish('all', '2')
  expect(second.split(':')[0]).toBe(first.split(':')[0])
  expect(await redis.client.xlen(key)).toBe(1)
})

test('a log that lost messages which somebody has begins anew, and every subscriber is told', async () => {
  const redis = await startRedis(['--appendonly', 'no'])
  onTestFinished(redis.remove)
  const nodes = [
    await startServer(redis.port, subscribing),
    await startServer(redis.port, subscribing),
  ] as const
  const { heard, gaps } = await subscriber(nodes[0].url)
  await nodes[1].sessions.publish('all', '1')
  await redis.client.save()
  for (const text of numbers(2, 5)) await nodes[1].sessions.publish('all', text)
  await until(() => heard.length === 5)
  // The snapshot has the first one only.
  await redis.kill()
  await redis.start()
  const publish = (text: string) =>
    nodes[1].sessions.publish('all', text).then(
      () => true,
      () => false,
    )
  await expect.poll(() => publish('a new beginning')).toBe(true)
  await until(() => heard.includes('a new beginning'))
  expect(gaps.length).toBeGreaterThan(0)
  expect(heard.slice(0, 5)).toEqual(numbers(1, 5))
})

test('also one that lost what a process published right before it stopped following', async () => {
  const redis = await startRedis(['--appendonly', 'no'])
  onTestFinished(redis.remove)
  const [publisher, other] = [
    await startServer(redis.port, {}, { retry: 3_000 }),
    await startServer(redis.port),
  ]
  const heard: unknown[] = []
  const { stop } = await publisher.sessions.follow('all', ({ data }) => heard.push(data))
  const [epoch] = (await publisher.sessions.publish('all', '1')).split(':')
  await until(() => heard.length === 1)
  await redis.client.save()
  // The message does not come back over the channel.
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  expect(await publisher.sessions.publish('all', '2')).toBe(`${epoch}:2`)
  stop()
  await redis.kill()
  await redis.start()
  const epochNow = async () => {
    const following = await other.sessions.follow('all', () => {}).catch(() => undefined)
    following?.stop()
    return following?.cursor.split(':')[0] ?? epoch
  }
  await expect.poll(epochNow, { interval: 300 }).not.toBe(epoch)
  expect(heard).toEqual(['1'])
})

test('also one whose messages were deleted', async () => {
  const redis = await ownRedis()
  const { sessions, url } = await startServer(redis.port, subscribing)
  const { heard, gaps } = await subscriber(url)
  const first = await sessions.publish('all', '1')
  await until(() => heard.length === 1)
  const [key = ''] = await redis.client.keys('*:log')
  await redis.client.del(key)
  const second = await sessions.publish('all', '2')
  expect(second.split(':')[0]).not.toBe(first.split(':')[0])
  await until(() => heard.length === 2)
  expect(gaps.length).toBe(1)
})

/**
 * A subscriber that has come to the second process and was refused there, because the topic's log cannot be read until
 * `restore`. The second process keeps the session, because its handler runs until `finish`.
 */
async function refusedSubscriber() {
  const redis = await ownRedis()
  const opened: ServerSession[] = []
  const received: string[] = []
  let finish = () => {}
  const handled = new Promise<void>((resolve) => {
    finish = resolve
  })
  const first = await startServer(redis.port, subscribing)
  const second = await startServer(redis.port, {
    opened: (session) => void opened.push(session),
    received: (_, data) => {
      received.push(String(data))
      return handled
    },
  })
  let { url } = first
  const { socket, heard, gaps } = await subscriber(() => url)
  await expect.poll(() => first.sessions.members('all')).toHaveLength(1)
  await first.sessions.publish('all', '1')
  await until(() => heard.length)
  const state = 'holdfast:topic:{all}:state'
  await redis.client.rename(state, 'aside')
  await redis.client.set(state, 'not a hash')
  const refused = new Promise<void>((resolve) =>
    socket.on('waiting', ({ close }) => {
      if (close.reason !== 'busy' || !received.length) return
      socket.suspend()
      resolve()
    }),
  )
  url = second.url
  socket.reconnect()
  socket.send('handled slowly')
  await refused
  const session = opened.at(-1) as ServerSession
  await until(() => !session.connected)
  const restore = () => redis.client.rename('aside', state)
  return { socket, heard, gaps, received, session, second, restore, finish }
}

test('a subscription that a process cannot continue at first is continued when the client is back in it', async () => {
  const { socket, heard, gaps, received, second, restore, finish } = await refusedSubscriber()
  await restore()
  await second.sessions.publish('all', '2')
  socket.open()
  await until(() => heard.length === 2)
  finish()
  expect([heard, gaps, received]).toEqual([['1', '2'], [], ['handled slowly']])
})

test('a subscription that a process cannot continue at first can be ended there, and the client is told', async () => {
  const { socket, session, second, restore, finish } = await refusedSubscriber()
  const unsubscribed = new Promise<void>((resolve) =>
    socket.on('topic', ({ type }) => {
      if (type === 'unsubscribed') resolve()
    }),
  )
  await session.unsubscribe('all')
  expect(await second.sessions.members('all')).toEqual([])
  await restore()
  socket.open()
  await unsubscribed
  finish()
  expect(socket.cursor('all')).toBeUndefined()
})

test('a subscription that the next process ends while it looks for the log, and the client is told at once', async () => {
  const redis = await ownRedis()
  const first = await startServer(redis.port, subscribing)
  let ended: Promise<void> | undefined
  const second = await startServer(redis.port, {
    opened: (session) => {
      ended = session.unsubscribe('all')
    },
  })
  let { url } = first
  const { socket } = await subscriber(() => url)
  await expect.poll(() => first.sessions.members('all')).toHaveLength(1)
  url = second.url
  const unsubscribed: string[] = []
  socket.on('topic', ({ type }) => {
    if (type === 'unsubscribed') unsubscribed.push(type)
  })
  socket.reconnect()
  await until(() => unsubscribed.length)
  await ended
  expect(socket.cursor('all')).toBeUndefined()
  expect(await second.sessions.members('all')).toEqual([])
})

test('a subscription that is stored while its session moves to another process stays', async () => {
  const redis = await ownRedis()
  const join = await redis.client.script('LOAD', JOIN.lua)
  const owners = async () => {
    const keys = await redis.client.keys('*:session')
    return Promise.all(keys.map((key) => redis.client.hget(key, 'owner')))
  }
  const connection = redis.client.duplicate()
  onTestFinished(() => connection.disconnect())
  const call = connection.call.bind(connection)
  let leave = () => {}
  connection.call = (async (name: string, ...args: string[]) => {
    const reply = await call(name, ...args)
    if (args[0] !== join) return reply
    leave()
    // Its process learns only after it has released the session that the subscription is stored.
    await expect.poll(owners).toEqual([''])
    return reply
  }) as typeof connection.call
  let subscribed: Promise<void> | undefined
  const { url } = await startServer(redis.port, {
    store: new RedisStore(connection),
    opened: (session) => {
      subscribed = session.subscribe('all')
      subscribed.catch(() => {})
    },
  })
  const raw = new Raw(url, { keepsPings: false })
  leave = () => raw.socket.terminate()
  await raw.hello({ id: id(), can: ['topics'] })
  await expect(subscribed).rejects.toThrow('the session is over')
  const [key = ''] = await redis.client.keys('*:topics')
  expect(await redis.client.smembers(key)).toEqual(['+all'])
})

test('members leave when the process that had them was killed, and are told of once', async () => {
  const redis = await ownRedis()
  const left: string[] = []
  const watcher = await startServer(redis.port, {
    ttl: 1,
    left: (topic, { id }) => left.push(`${topic} ${id}`),
  })
  const node = await startNode(redis.port, 'ioredis', 1)
  onTestFinished(node.kill)
  await subscriber(`ws://127.0.0.1:${node.port}/`)
  await expect.poll(() => watcher.sessions.members('all'), { timeout: 10_000 }).toHaveLength(1)
  const [member] = await watcher.sessions.members('all')
  await node.kill()
  await until(() => left.length)
  expect(left).toEqual([`all ${member?.id}`])
  expect(await watcher.sessions.members('all')).toEqual([])
})

test('a message to a principal reaches its sessions in every process', async () => {
  const redis = await ownRedis()
  const authenticate = (_: unknown, token: string | undefined) => token ?? null
  const nodes = [
    await startServer(redis.port, { authenticate }),
    await startServer(redis.port, { authenticate }),
  ] as const
  const heard: string[] = []
  for (const [at, { url }] of nodes.entries()) {
    const socket = client(url, { auth: 'ann' })
    socket.on('text', (text) => heard.push(`${at} ${text}`))
    await socket.opened()
  }
  const other = client(nodes[0].url, { auth: 'bob' })
  other.on('text', (text) => heard.push(`bob ${text}`))
  await other.opened()
  expect(await nodes[1].sessions.sendTo('ann', 'hi')).toBe(2)
  await until(() => heard.length === 2)
  await wait(50)
  expect(heard.sort()).toEqual(['0 hi', '1 hi'])
})

test('who was away when its subscription ended is told by the next process, also if the connection breaks before', async () => {
  const redis = await ownRedis()
  let blocked = true
  let release = () => {}
  const handled = new Promise<void>((resolve) => {
    release = resolve
  })
  const opened: ServerSession[] = []
  const options = { opened: (session: ServerSession) => void opened.push(session) }
  const first = await startServer(redis.port, { ...options, received: () => (blocked ? handled : undefined) })
  const second = await startServer(redis.port, options)
  const peer = await greet(first.url, { id: id(), can: ['topics'] })
  await opened[0]?.subscribe('a room')
  expect(await peer.raw.next()).toMatch(/^!s/)
  const cursor = await second.sessions.publish('a room', '1')
  expect(await peer.raw.next()).toMatch(/^!m/)
  // Its handler keeps the session in the first process while the client is away.
  peer.raw.send('x')
  await until(() => first.sessions.counters.received === 1)
  peer.raw.socket.terminate()
  await until(() => !opened[0]?.connected)
  await opened[0]?.unsubscribe('a room')
  expect(await second.sessions.members('a room')).toEqual([])
  blocked = false
  release()
  await until(() => first.sessions.size.sessions === 0)
  for (const [n, { url }] of [second, first, second].entries()) {
    const topics = { 'a room': cursor }
    const { raw, answer } = await greet(url, { id: id(), n: n + 2, got: 0, can: ['topics'], topics })
    expect(answer).toMatch(/^!w/)
    const as = /"as":(\d+)/.exec(`${await raw.next()}`)?.[1]
    expect(await raw.next()).toBe(`!u${as}`)
    raw.socket.terminate()
  }
  // It knows: its hello has no place in the topic any more.
  const { raw } = await greet(first.url, { id: id(), n: 5, got: 0, can: ['topics'] })
  const [session] = first.sessions
  session?.send('nothing more')
  expect(await raw.next()).toBe('nothing more')
  await expect.poll(() => redis.client.exists(`holdfast:{${session?.id}}:topics`)).toBe(0)
})

test('an end that was written to a dead connection is told by the next process; one that was confirmed is not stored', async () => {
  const redis = await ownRedis()
  const opened: ServerSession[] = []
  const options = { opened: (session: ServerSession) => void opened.push(session) }
  const first = await startServer(redis.port, options)
  const second = await startServer(redis.port, options)
  // It reads nothing after the message, and does not notice that the server has ended the subscription.
  const peer = await greet(first.url, { id: id(), can: ['topics'] })
  await opened[0]?.subscribe('a room')
  expect(await peer.raw.next()).toMatch(/^!s/)
  const cursor = await second.sessions.publish('a room', '1')
  expect(await peer.raw.next()).toMatch(/^!m/)
  await opened[0]?.unsubscribe('a room')
  expect(opened[0]?.connected).toBe(true)
  const topics = { 'a room': cursor }
  const { raw, answer } = await greet(second.url, { id: id(), n: 2, got: 0, can: ['topics'], topics })
  expect(answer).toMatch(/^!w/)
  const as = /"as":(\d+)/.exec(`${await raw.next()}`)?.[1]
  expect(await raw.next()).toBe(`!u${as}`)
  const stored = () => redis.client.smembers(`holdfast:{${opened[0]?.id}}:topics`)
  expect(await stored()).toEqual(['-a room'])
  raw.send('!q0')
  await expect.poll(stored).toEqual([])
})

test('a process does not notify itself that a subscription has ended: by then the session may have subscribed again', async () => {
  const redis = await ownRedis()
  const { sessions, url } = await startServer(redis.port, subscribing)
  await subscriber(() => url)
  const [session] = sessions
  const listener = redis.client.duplicate()
  onTestFinished(() => listener.disconnect())
  const notified: string[] = []
  listener.on('pmessage', (_, __, message: string) => notified.push(message.split(' ')[0] as string))
  await listener.psubscribe('holdfast:to:*')
  await session?.unsubscribe('all')
  await session?.subscribe('all')
  await redis.client.publish('holdfast:to:nobody', 'later')
  await until(() => notified.includes('later'))
  expect(notified).not.toContain('unsubscribed')
  expect(await sessions.members('all')).toHaveLength(1)
})

test('an end that could not be stored is stored when it is tried again', async () => {
  const redis = await ownRedis()
  const { sessions, url } = await startServer(redis.port, subscribing)
  await subscriber(() => url)
  const [session] = sessions
  const topics = `holdfast:{${session?.id}}:topics`
  await expect.poll(() => redis.client.smembers(topics)).toEqual(['+all'])
  await redis.client.rename(topics, 'aside')
  await redis.client.set(topics, 'not a set')
  await expect(session?.unsubscribe('all')).rejects.toThrow('WRONGTYPE')
  await redis.client.rename('aside', topics)
  await session?.unsubscribe('all')
  expect(await redis.client.smembers(topics)).not.toContain('+all')
  expect(await sessions.members('all')).toEqual([])
})

test('a subscription that is ended by a process that does not have the session any more', async () => {
  const redis = await ownRedis()
  const opened: ServerSession[] = []
  const left: string[] = []
  const options = {
    opened: (session: ServerSession) => void opened.push(session),
    left: (topic: string) => void left.push(topic),
  }
  const first = await startServer(redis.port, options)
  const second = await startServer(redis.port, options)
  const dials = [first.url, second.url, first.url]
  const socket = client(() => dials.shift() ?? second.url)
  const events: string[] = []
  socket.on('topic', ({ type, topic }) => events.push(`${type} ${topic}`))
  await until(() => opened.length === 1)
  await opened[0]?.subscribe('a room')
  await opened[0]?.subscribe('another')
  await until(() => events.length === 4)
  // Nobody has it: the client is away.
  socket.suspend()
  await until(() => first.sessions.size.sessions === 0)
  await opened[0]?.unsubscribe('a room')
  socket.open()
  await until(() => events.includes('unsubscribed a room'))
  expect(socket.cursor('another')).toBeDefined()
  // The second process has it.
  await opened[0]?.unsubscribe('another')
  await until(() => events.includes('unsubscribed another'))
  expect(left).toEqual(['a room', 'another'])
})

test('a process that ends a session which another one has taken over does not end its subscriptions', async () => {
  const redis = await ownRedis()
  let held: ServerSession | undefined
  const left: string[] = []
  const { sessions, url } = await startServer(redis.port, {
    opened: (session) => {
      held = session
    },
    left: (topic) => void left.push(topic),
  })
  const { raw } = await greet(url, { id: id(), can: ['topics'] })
  await held?.subscribe('all')
  const keys = ['session', 'outbox', 'topics'].map((name) => `holdfast:{${held?.id}}:${name}`) as SessionKeys
  const [principal, owner] = await redis.client.hmget(keys[0], 'principal', 'owner')
  const store = new Redis(redis.client)
  await store.script(CLAIM, keys, [2, 0, `${principal}`, 'two:1', 'two', `${owner}`, 60_000])
  expect(await redis.client.hget(keys[0], 'owner')).toBe('two:1')
  held?.finish()
  while ((await raw.next()) !== '!f');
  // Redis answers the commands of one connection in order.
  await sessions.publish('another', 'after it')
  expect(await sessions.members('all')).toHaveLength(1)
  expect(await redis.client.smembers(keys[2])).toEqual(['+all'])
  expect(left).toEqual([])
})

test('a message with a key is published once by all processes, and again after the log was lost', async () => {
  const redis = await ownRedis()
  const nodes = [await startServer(redis.port), await startServer(redis.port)] as const
  const heard: unknown[] = []
  await nodes[1].sessions.publish('all', '0')
  await nodes[1].sessions.follow('all', ({ data }) => heard.push(data), { last: 10 })
  const cursors = []
  for (const { sessions } of [...nodes].reverse())
    cursors.push(await sessions.publish('all', '1', { key: 'k' }))
  expect(cursors[1]).toBe(cursors[0])
  // The first message was not its own: it must not compare the log with that.
  const next = await nodes[0].sessions.publish('all', '2')
  expect(next.split(':')[0]).toBe(cursors[0]?.split(':')[0])
  await until(() => heard.length === 3)
  expect(heard).toEqual(['0', '1', '2'])
  const kept = await redis.client.pttl((await redis.client.keys('*:key:k'))[0] as string)
  expect(kept).toBeGreaterThan(590_000)
  const keys = (await redis.client.keys('*topic:*')).filter((key) => !key.endsWith(':key:k'))
  await redis.client.del(...keys)
  const anew = await nodes[0].sessions.publish('all', 'anew', { key: 'k' })
  expect(anew.split(':')[0]).not.toBe(cursors[0]?.split(':')[0])
  await until(() => heard.at(-1) === 'anew')
})
