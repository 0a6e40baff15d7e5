import { expect, onTestFinished } from 'vitest'
import type { Session } from '../../../src/session/client/index.ts'
import type { ServerSession } from '../../../src/session/server/index.ts'
import { MemoryStore } from '../../../src/session/server/memory-store.ts'
import { plainItem } from '../../../src/session/server/socket.ts'
import { Raw, test, until } from './fixtures.ts'

/** What a client's application sees of its topics. */
function watch(socket: Session) {
  const heard: string[] = []
  const events: string[] = []
  socket.on('message', ({ data }) =>
    heard.push(typeof data === 'string' ? data : `bytes ${[...new Uint8Array(data as ArrayBuffer)]}`),
  )
  socket.on('topic', (event) =>
    events.push(event.type === 'gap' ? `gap ${event.topic} ${event.missed}` : `${event.type} ${event.topic}`),
  )
  return { heard, events }
}
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `${from + n}`)
const join = (topic: string) => ({
  opened: (session: ServerSession) => void session.subscribe(topic),
})

test('what is published reaches all who are subscribed, once and in order, text and bytes', async ({
  startServer,
  client,
}) => {
  const { url, sessions, next } = await startServer(join('room'))
  const sockets = [client(url), client(url)]
  const watched = sockets.map(watch)
  for (const _ of sockets) await next()
  await until(() => watched.every(({ events }) => events.length === 2))
  const texts = ['one', '!two', '', '!!', 'é:1:2']
  const cursors = []
  for (const text of texts) cursors.push(await sessions.publish('room', text))
  await sessions.publish('room', new Uint8Array([1, 2]))
  await sessions.publish('room', new Uint8Array())
  await sessions.publish('other', 'not subscribed')
  const last = await sessions.publish('room', 'last')
  await until(() => watched.every(({ heard }) => heard.length === 8))
  for (const { heard, events } of watched) {
    expect(heard).toEqual([...texts, 'bytes 1,2', 'bytes ', 'last'])
    expect(events).toEqual(['subscribed room', 'caught-up room'])
  }
  expect(sockets[0]?.cursor('room')).toBe(last)
  expect(cursors.map((cursor) => cursor.split(':')[1])).toEqual(['1', '2', '3', '4', '5'])
})

test('who is between two connections gets what was published meanwhile, also from the log', async ({
  startServer,
  client,
  proxy,
}) => {
  const { port, sessions, next } = await startServer(join('room'))
  const line = await proxy({ port })
  const socket = client(line.url)
  const { heard, events } = watch(socket)
  await next()
  await until(() => events.length === 2)
  for (const n of numbers(1, 3)) await sessions.publish('room', n)
  await until(() => heard.length === 3)
  // More than a process keeps encoded.
  for (const missed of [5, 600]) {
    line.answer = 'refuse'
    line.reset()
    await until(() => sessions.size.connected === 0)
    const from = heard.length + 1
    for (const n of numbers(from, from + missed - 1)) await sessions.publish('room', n)
    line.answer = 'pass'
    await until(() => heard.length === from + missed - 1)
  }
  expect(heard).toEqual(numbers(1, 608))
  expect(events.filter((event) => event.startsWith('gap'))).toEqual([])
  expect(sessions.counters.logReads).toBeGreaterThan(0)
})

test('what the log does not reach back to is a gap, told with its size', async ({
  startServer,
  client,
  proxy,
}) => {
  const { port, sessions, next } = await startServer({ ...join('room'), topics: { messages: 10 } })
  const line = await proxy({ port })
  const socket = client(line.url)
  const { heard, events } = watch(socket)
  await next()
  await until(() => events.length === 2)
  await sessions.publish('room', '1')
  await until(() => heard.length === 1)
  line.answer = 'refuse'
  line.reset()
  await until(() => sessions.size.connected === 0)
  // The process keeps some of them encoded for longer than the log does.
  for (const n of numbers(2, 400)) await sessions.publish('room', n)
  line.answer = 'pass'
  await until(() => heard.at(-1) === '400')
  const rest = heard.length - 1
  expect(heard.slice(1)).toEqual(numbers(401 - rest, 400))
  expect(events.slice(2)).toEqual(['caught-up room', `gap room ${399 - rest}`, 'caught-up room'].slice(-2))
})

test('a page that is new gets the last messages; one that was reloaded goes on where it was', async ({
  startServer,
  client,
}) => {
  const { url, sessions, next } = await startServer({
    opened: (session) => void session.subscribe('answer', { last: 3 }),
  })
  for (const n of numbers(1, 10)) await sessions.publish('answer', n)
  const first = client(url)
  const before = watch(first)
  await next()
  await until(() => before.events.includes('caught-up answer'))
  expect(before.heard).toEqual(['8', '9', '10'])
  const cursor = first.cursor('answer') as string
  first.close()
  for (const n of numbers(11, 14)) await sessions.publish('answer', n)
  const second = client(url, { topics: { answer: cursor } })
  const after = watch(second)
  await until(() => after.heard.length === 4)
  expect(after.heard).toEqual(numbers(11, 14))
  expect(after.events).toEqual(['caught-up answer'])
  const third = client(url, { topics: { answer: 'another:5' } })
  const lost = watch(third)
  await until(() => lost.events.length === 2)
  expect(lost.events).toEqual(['gap answer undefined', 'caught-up answer'])
  expect(() => client(url, { topics: { answer: 'rubbish' } })).toThrow('topics.answer')
})

test('from the beginning, from a cursor, and what cannot be', async ({ startServer, client }) => {
  const { url, sessions, next } = await startServer()
  const cursors: string[] = []
  for (const n of numbers(1, 5)) cursors.push(await sessions.publish('a', n))
  for (const n of numbers(1, 5)) await sessions.publish('b', `b${n}`)
  const socket = client(url)
  const { heard, events } = watch(socket)
  const session = await next()
  await session.subscribe('a', { since: cursors[2] })
  await until(() => heard.length === 2)
  await session.subscribe('b', { since: 'beginning' })
  await until(() => heard.length === 7)
  // Once more changes nothing.
  await session.subscribe('b', { since: 'beginning' })
  await session.unsubscribe('b')
  await sessions.publish('b', 'not heard')
  await session.subscribe('b')
  await sessions.publish('b', 'heard')
  await until(() => heard.length === 8)
  expect(heard).toEqual(['4', '5', 'b1', 'b2', 'b3', 'b4', 'b5', 'heard'])
  expect(events).toEqual([
    'subscribed a',
    'caught-up a',
    'subscribed b',
    'caught-up b',
    'unsubscribed b',
    'subscribed b',
    'caught-up b',
  ])
  await expect(session.subscribe('')).rejects.toThrow('topic')
  await expect(session.subscribe('a', { since: 'x y' })).rejects.toThrow('since')
  await expect(session.subscribe('a', { last: -1 })).rejects.toThrow('last')
  await expect(sessions.publish('a', {} as never)).rejects.toThrow('text or bytes')
  session.finish()
  await expect(session.subscribe('a')).rejects.toThrow('over')
})

test('a session has as many topics as it may, and a client that knows none has none', async ({
  startServer,
  client,
  raw,
}) => {
  const { url, next } = await startServer({ limits: { topics: 2 } })
  client(url)
  const session = await next()
  const results = await Promise.allSettled(['a', 'b', 'c'].map((topic) => session.subscribe(topic)))
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  await raw(url).hello({ id: 'a-session-of-somebody-0' })
  await expect((await next()).subscribe('a')).rejects.toThrow('does not support topics')
})

test('who joined, who left, and who is there', async ({ startServer, client, raw }) => {
  const told: string[] = []
  const { url, sessions, next } = await startServer({
    authenticate: (_, token) => token,
    joined: (topic, { principal }) => told.push(`${principal} joined ${topic}`),
    left: (topic, { principal }) => told.push(`${principal} left ${topic}`),
  })
  const ann = client(url, { auth: 'ann' })
  const annSession = await next()
  await annSession.subscribe('room')
  const bob = raw(url)
  await bob.hello({ id: 'a-session-of-somebody-0', auth: 'bob', can: ['topics'] })
  const bobSession = await next()
  await bobSession.subscribe('room')
  // Away is not gone.
  bob.socket.terminate()
  await until(() => !bobSession.connected)
  expect((await sessions.members('room')).map(({ principal }) => principal)).toEqual(['ann', 'bob'])
  await annSession.unsubscribe('room')
  await annSession.subscribe('room')
  ann.close()
  await until(() => told.length === 5)
  bobSession.finish()
  await until(() => told.length === 6)
  expect(told).toEqual([
    'ann joined room',
    'bob joined room',
    'ann left room',
    'ann joined room',
    'ann left room',
    'bob left room',
  ])
  expect(await sessions.members('room')).toEqual([])
})

test('a message to a principal reaches all of its sessions', async ({ startServer, client }) => {
  const { url, sessions, next } = await startServer({ authenticate: (_, token) => token })
  const watched = ['ann', 'ann', 'bob'].map((auth) => watch(client(url, { auth })))
  for (const _ of watched) await next()
  expect(await sessions.sendTo('ann', 'for ann')).toBe(2)
  expect(await sessions.sendTo('bob', 'for bob')).toBe(1)
  expect(await sessions.sendTo('nobody', 'x')).toBe(0)
  await until(() => watched.every(({ heard }) => heard.length === 1))
  expect(watched.map(({ heard }) => heard[0])).toEqual(['for ann', 'for ann', 'for bob'])
})

test('a client that does not read gets a gap, and costs no more memory than its window', async ({
  startServer,
  raw,
}) => {
  const { url, sessions, next, sockets } = await startServer({
    topics: { bytes: 100_000 },
    credit: [100, 100_000],
  })
  const peer = raw(url)
  await peer.hello({ id: 'a-session-of-somebody-0', can: ['topics'] })
  await (await next()).subscribe('room')
  expect(await peer.next()).toMatch('!s{"topic":"room"')
  peer.socket.pause()
  const [far] = sockets()
  let most = 0
  for (let n = 1; n <= 3_000; n++) {
    await sessions.publish('room', `${n} ${'x'.repeat(5_000)}`)
    most = Math.max(most, far?.bufferedAmount ?? 0)
  }
  expect(most).toBeLessThan(500_000)
  peer.socket.resume()
  let at = 0
  let announced = 0
  while (at < 3_000) {
    const frame = String(await peer.next())
    if (frame.startsWith('!p')) peer.send('!q0')
    const start = /^!s(.*)$/.exec(frame)?.[1]
    if (start) {
      const next = JSON.parse(start).at as number
      expect(next).toBeGreaterThan(at)
      at = next
      announced++
    }
    const offset = /^!m\d+:(\d+):/.exec(frame)?.[1]
    if (offset) expect(Number(offset)).toBe(++at)
  }
  expect(announced).toBeGreaterThan(0)
})

test('who unsubscribes before the subscription has begun is not subscribed', async ({
  startServer,
  client,
}) => {
  const { url, next, sessions } = await startServer()
  const socket = client(url)
  const { heard } = watch(socket)
  const session = await next()
  await socket.opened()
  const begun = session.subscribe('room')
  await session.unsubscribe('room')
  await begun
  expect(await sessions.members('room')).toEqual([])
  await sessions.publish('room', 'not for it')
  // The last wish counts.
  const again = session.subscribe('room')
  const ended = session.unsubscribe('room')
  await Promise.all([again, ended, session.subscribe('room', { last: 1 })])
  expect(await sessions.members('room')).toHaveLength(1)
  await until(() => heard.length)
  expect(heard).toEqual(['not for it'])
})

test('after a log began anew, the client is told when it is caught up with the new one', async ({
  startServer,
  client,
}) => {
  const store = new MemoryStore()
  const { topics } = store
  const follow = topics.follow.bind(topics)
  let added: Parameters<typeof follow>[1] | undefined
  topics.follow = (topic, listener) => {
    added = listener
    return follow(topic, listener)
  }
  const { url, next, sessions } = await startServer({ store })
  const socket = client(url)
  const { heard, events } = watch(socket)
  const session = await next()
  await session.subscribe('room')
  for (const text of numbers(1, 5)) await sessions.publish('room', text)
  added?.({ epoch: 'other', from: 1, items: [plainItem('new')], last: 1 })
  await until(() => heard.includes('new'))
  session.send('end')
  await until(() => heard.includes('end'))
  expect(heard).toEqual([...numbers(1, 5), 'new', 'end'])
  expect(events).toEqual(['subscribed room', 'caught-up room', 'gap room undefined', 'caught-up room'])
})

test('who was away when its subscription ended is told, and gets nothing that was published since', async ({
  startServer,
  client,
}) => {
  const { url, next, sessions } = await startServer()
  const socket = client(url)
  const { heard, events } = watch(socket)
  const session = await next()
  await session.subscribe('room')
  await sessions.publish('room', 'one')
  await until(() => heard.length)
  socket.suspend()
  await until(() => !session.connected)
  await session.unsubscribe('room')
  await sessions.publish('room', 'unseen')
  socket.open()
  await until(() => events.includes('unsubscribed room'))
  expect(socket.cursor('room')).toBeUndefined()
  await session.subscribe('room')
  await sessions.publish('room', 'two')
  await until(() => heard.length === 2)
  expect(heard).toEqual(['one', 'two'])
  expect(events).toEqual([
    'subscribed room',
    'caught-up room',
    'unsubscribed room',
    'subscribed room',
    'caught-up room',
  ])
})

test('the end of a subscription is told again until the client knows of it', async ({ startServer, raw }) => {
  const { url, next, sessions } = await startServer()
  const id = 'a-session-of-somebody-0'
  const first = raw(url)
  await first.hello({ id, can: ['topics'] })
  const session = await next()
  await session.subscribe('room')
  const cursor = await sessions.publish('room', 'one')
  first.socket.terminate()
  await until(() => !session.connected)
  await session.unsubscribe('room')
  // The first of these connections may have broken before it was told.
  for (const n of [2, 3]) {
    const peer = raw(url)
    await peer.hello({ id, n, got: 0, can: ['topics'], topics: { room: cursor } })
    const as = /"as":(\d+)/.exec(`${await peer.next()}`)?.[1]
    expect(await peer.next()).toBe(`!u${as}`)
    peer.socket.terminate()
    await until(() => !session.connected)
  }
  const last = raw(url)
  await last.hello({ id, n: 4, got: 0, can: ['topics'] })
  session.send('nothing more')
  expect(await last.next()).toBe('nothing more')
})

test('an end that was written to a dead connection is told on the next one', async ({
  startServer,
  client,
  proxy,
}) => {
  const { port, url, next, sessions } = await startServer()
  const line = await proxy({ port })
  const dials = [line.url]
  const socket = client(() => dials.shift() ?? url)
  const { heard, events } = watch(socket)
  const session = await next()
  await session.subscribe('room')
  await sessions.publish('room', 'one')
  await until(() => heard.length)
  // Neither end notices that the connection is dead.
  line.hole = 'both'
  await session.unsubscribe('room')
  expect(session.connected).toBe(true)
  socket.reconnect()
  await until(() => events.includes('unsubscribed room'))
  expect(socket.cursor('room')).toBeUndefined()
})

test('an end that the client has confirmed is not told again', async ({ startServer }) => {
  const { url, next, sessions } = await startServer()
  const id = 'a-session-of-somebody-0'
  const peers = [1, 2].map(() => new Raw(url, { keepsPings: false }))
  onTestFinished(() => {
    for (const { socket } of peers) socket.terminate()
  })
  const [first, last] = peers as [Raw, Raw]
  await first.hello({ id, can: ['topics'] })
  const session = await next()
  await session.subscribe('room')
  expect(await first.next()).toMatch(/^!s/)
  const cursor = await sessions.publish('room', 'one')
  expect(await first.next()).toMatch(/^!m/)
  await session.unsubscribe('room')
  expect(await first.next()).toMatch(/^!u/)
  // One pong for the ping behind `!u`, and one for a ping because the client was quiet.
  for (const frame of ['!q0', '!q0', '!p0']) first.send(frame)
  expect(await first.next()).toBe('!q0')
  first.socket.terminate()
  // A page that was reloaded may bring a position that it had stored before.
  await last.hello({ id, n: 2, got: 0, can: ['topics'], topics: { room: cursor } })
  session.send('nothing more')
  expect(await last.next()).toBe('nothing more')
})

test('a message with a key is published once; the second call resolves with the cursor of the first', async ({
  startServer,
}) => {
  const { sessions } = await startServer({})
  const [first, other] = [
    await sessions.publish('a', '1', { key: 'k' }),
    await sessions.publish('b', '1', { key: 'k' }),
  ]
  expect(await sessions.publish('a', 'again', { key: 'k' })).toBe(first)
  expect(await sessions.publish('a', '2', { key: 'l' })).toBe(`${first.split(':')[0]}:2`)
  expect(other.split(':')[0]).not.toBe(first.split(':')[0])
})

test('a key is forgotten after 10 minutes, or after the age of the log', () => {
  for (const [age, kept] of [
    [3_600, 600],
    [60, 60],
  ] as const) {
    const { topics } = new MemoryStore()
    topics.start({ messages: 10, bytes: 1_000, age })
    const publish = () => topics.publish('all', plainItem('text'), 'k').offset
    expect(publish()).toBe(1)
    topics.sweep(kept - 1)
    expect(publish()).toBe(1)
    topics.sweep(kept)
    expect(publish()).toBe(2)
  }
})

test('a process follows a topic: the newest messages of the log, then each new one, until it stops', async ({
  startServer,
}) => {
  const { sessions } = await startServer({})
  for (const n of numbers(1, 300)) await sessions.publish('all', n)
  const heard: unknown[] = []
  const cursors: string[] = []
  const following = sessions.follow(
    'all',
    ({ cursor, data }) => {
      heard.push(data)
      cursors.push(cursor)
      if (data === '301') throw new Error('of the application')
    },
    { last: 290 },
  )
  // While the log is read.
  await sessions.publish('all', '301')
  const { cursor, stop } = await following
  await sessions.publish('all', new Uint8Array([1, 2]))
  expect(heard).toEqual([...numbers(12, 301), new Uint8Array([1, 2])])
  expect(cursors.map((each) => each.split(':')[1])).toEqual(numbers(12, 302))
  expect(cursors).toContain(cursor)
  stop()
  await sessions.publish('all', 'after')
  expect(heard).toHaveLength(291)
  await expect(sessions.follow('', () => {})).rejects.toThrow('topic: must be text')
  await expect(sessions.follow('all', () => {}, { last: -1 })).rejects.toThrow('last: must be a whole number')
})

test('a log that could not be read for one subscriber costs the others nothing', async ({
  startServer,
  client,
}) => {
  const store = new MemoryStore()
  const { topics } = store
  const { url, next, sessions } = await startServer({ store })
  for (const text of numbers(1, 5)) await sessions.publish('room', text)
  const { heard } = watch(client(url))
  await (await next()).subscribe('room')

  const read = topics.read.bind(topics)
  topics.read = () => {
    throw new Error('unavailable')
  }
  client(url)
  const second = await next()
  await expect(second.subscribe('room', { last: 5 })).rejects.toThrow('unavailable')
  topics.read = read
  // It comes and leaves: the process must go on following the topic for the first.
  await second.subscribe('room')
  await second.unsubscribe('room')

  await sessions.publish('room', 'six')
  await until(() => heard.length)
  expect(heard).toEqual(['six'])
})
