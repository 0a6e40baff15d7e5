import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { test, until } from './fixtures.ts'

const id = (n = 0) => `a-session-of-somebody-${n}`
const heartbeat = { interval: 100, timeout: 100 }

test('a line that is half-open at the client is noticed, and nothing is lost', async ({
  startServer,
  client,
  proxy,
}) => {
  const got: unknown[] = []
  const { port, next } = await startServer({ received: (_, data) => void got.push(data) })
  const line = await proxy({ port })
  const socket = client(line.url, { heartbeat })
  const heard: string[] = []
  socket.on('text', (text) => heard.push(text))
  const session = await next()
  await socket.opened()
  line.hole = 'both'
  socket.send('up')
  session.send('down')
  const resumed = new Promise((resolve) => socket.on('resumed', resolve))
  await wait(100)
  line.hole = 'none'
  line.reset()
  await resumed
  await until(() => got.length && heard.length)
  expect([got, heard]).toEqual([['up'], ['down']])
})

test('a connection that is half-open at the server is dropped when the client comes back', async ({
  startServer,
  client,
  proxy,
}) => {
  const { port, next, sessions } = await startServer()
  const lines = [await proxy({ port }), await proxy({ port })]
  const [first] = lines
  const socket = client(() => lines.shift()?.url as string, { heartbeat })
  const heard: string[] = []
  socket.on('text', (text) => heard.push(text))
  const session = await next()
  await socket.opened()
  // The server never hears that this line is gone.
  if (first) first.hole = 'both'
  socket.reconnect()
  for (let n = 0; n < 100; n++) session.send(`${n}`)
  await until(() => heard.length === 100)
  expect(heard).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`))
  await until(() => sessions.counters.taken === 1)
  expect(sessions.size).toEqual({ sessions: 1, connected: 1 })
})

test('a silent client is pinged, then dropped, and its session kept', async ({ startServer, proxy, raw }) => {
  const { port, sessions } = await startServer({ ping: 1 })
  const line = await proxy({ port })
  const peer = raw(line.url)
  expect(await peer.hello({ id: id() })).toMatch(/^!w/)
  line.hole = 'up'
  expect(await peer.next()).toBe('!p0')
  await until(() => sessions.counters.silent === 1)
  expect(sessions.size).toEqual({ sessions: 1, connected: 0 })
})

test('clients that came together are not asked together', async ({ startServer, raw }) => {
  const { url } = await startServer({ ping: 6 })
  const peers = Array.from({ length: 40 }, () => raw(url))
  await Promise.all(peers.map((peer, n) => peer.hello({ id: id(n) })))
  const seconds = () => Math.floor(performance.now() / 1_000)
  const asked = await Promise.all(peers.map((peer) => peer.next().then(seconds)))
  expect(new Set(asked).size).toBeGreaterThan(2)
})

test('a second connection takes over, and the first is told', async ({ startServer, raw }) => {
  const got: unknown[] = []
  const { url } = await startServer({ received: (_, data) => void got.push(data) })
  const [first, second] = [raw(url), raw(url)]
  await first.hello({ id: id() })
  first.send('1')
  await until(() => got.length === 1)
  expect(await second.hello({ id: id(), n: 2, got: 0 })).toMatch(/^!w\{"got":1,/)
  first.send('2, too late')
  second.send('2')
  expect(await first.next()).toBe('!x{"why":"taken"}')
  expect(await first.closed).toEqual({ code: 4409, reason: 'taken' })
  await until(() => got.length === 2)
  expect(got).toEqual(['1', '2'])
})

test('a tab that was duplicated with its id stops; it does not fight', async ({
  startServer,
  raw,
  client,
}) => {
  const { url, sessions } = await startServer()
  const tab = client(url)
  const sent: string[] = []
  const spied = class extends WebSocket {
    override send(data: never) {
      sent.push(data)
      super.send(data)
    }
  }
  tab.close()
  const original = client(url, { WebSocket: spied as never })
  await original.opened()
  const closed = new Promise((resolve) => original.on('closed', resolve))
  const hello = JSON.parse((sent[0] as string).slice(2))
  await raw(url).hello({ ...hello, n: 2 })
  expect(await closed).toMatchObject({ code: 4409, reason: 'taken', cause: 'peer' })
  await wait(200)
  expect(sessions.counters.taken).toBe(1)
})

test('an old hello that is replayed gets nowhere', async ({ startServer, raw }) => {
  const { url, sessions } = await startServer()
  const [first, replay, same] = [raw(url), raw(url), raw(url)]
  await first.hello({ id: id(), n: 5 })
  expect(await replay.hello({ id: id(), n: 4, got: 0 })).toBe('!x{"why":"stale"}')
  expect(await same.hello({ id: id(), n: 5, got: 0 })).toBe('!x{"why":"stale"}')
  expect((await same.closed).code).toBe(4409)
  expect(sessions.size.connected).toBe(1)
})

test('a forged count ends its own line and costs the session nothing', async ({ startServer, raw }) => {
  const { url, next, sessions } = await startServer()
  const first = raw(url)
  await first.hello({ id: id() })
  const session = await next()
  session.send('one')
  const forged = raw(url)
  await forged.hello({ id: id(), n: 2, got: 2 })
  expect(await forged.closed).toEqual({ code: 4410, reason: 'gone' })
  expect(await first.next()).toBe('one')
  session.send('two')
  expect(await first.next()).toBe('two')
  expect(sessions.size).toEqual({ sessions: 1, connected: 1 })
})

test('an oversized hello is not read', async ({ startServer, raw }) => {
  const { url, sessions } = await startServer()
  const peer = raw(url)
  await peer.hello({ id: id(), auth: 'x'.repeat(10_000) })
  expect((await peer.closed).code).toBe(4413)
  expect(sessions.size.sessions).toBe(0)
})

test('a connection that never says hello is ended', async ({ startServer, raw }) => {
  const { url } = await startServer({ limits: { patience: 1 } })
  expect((await raw(url).closed).code).toBe(4408)
})

test('the session of another principal cannot be taken by knowing its id', async ({ startServer, raw }) => {
  const { url, next } = await startServer({ authenticate: (_, token) => token })
  const ann = raw(url)
  await ann.hello({ id: id(), auth: 'ann' })
  const session = await next()
  const bob = raw(url)
  expect(await bob.hello({ id: id(), n: 2, got: 0, auth: 'bob' })).toBe('!x{"why":"denied"}')
  expect((await bob.closed).code).toBe(4401)
  const nobody = raw(url)
  expect(await nobody.hello({ id: id(), n: 3, got: 0 })).toBe('!x{"why":"denied"}')
  session.send('for ann')
  expect(await ann.next()).toBe('for ann')
})

test('a wrong origin is turned away before it says anything', async ({ startServer }) => {
  const { url } = await startServer({ origins: ['https://example.com'] })
  const closed = (origin: string) =>
    new Promise((resolve) => {
      const socket = new WebSocket(url, ['holdfast.1'], { origin })
      socket.on('message', (data) => resolve(data.toString()))
      socket.on('open', () => socket.send(`!h{"v":1,"id":"${id()}","n":1}`))
    })
  expect(await closed('https://evil.example')).toBe('!x{"why":"denied"}')
  expect(await closed('https://example.com')).toMatch(/^!w/)
})

test('10,000 sessions of one principal: those away give way, and memory stays bounded', async ({
  startServer,
  raw,
}) => {
  const { url, sessions } = await startServer({ authenticate: () => 'one' })
  for (let n = 0; n < 10_000; n += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const peer = raw(url)
        await peer.hello({ id: id(n + i) })
        peer.socket.terminate()
      }),
    )
  }
  expect(sessions.size.sessions).toBeLessThanOrEqual(32)
})

test('sessions that are all connected do not give way', async ({ startServer, raw }) => {
  const { url, sessions } = await startServer({ authenticate: () => 'one', limits: { perPrincipal: 3 } })
  for (let n = 0; n < 3; n++) expect(await raw(url).hello({ id: id(n) })).toMatch(/^!w/)
  expect(await raw(url).hello({ id: id(3) })).toMatch('!x{"why":"busy","after":')
  expect(sessions.size).toEqual({ sessions: 3, connected: 3 })
})

test('the one away for longest gives way, whichever came first', async ({ startServer, raw }) => {
  const { url, sessions } = await startServer({ authenticate: () => 'one', limits: { perPrincipal: 3 } })
  const peers = [raw(url), raw(url), raw(url)]
  for (const [n, peer] of peers.entries()) await peer.hello({ id: id(n) })
  for (const n of [2, 1]) {
    peers[n]?.socket.terminate()
    await until(() => sessions.size.connected === n)
  }
  expect(await raw(url).hello({ id: id(3) })).toMatch(/^!w/)
  expect(await raw(url).hello({ id: id(2), n: 2, got: 0 })).toBe('!x{"why":"gone","got":0}')
  expect(await raw(url).hello({ id: id(1), n: 2, got: 0 })).toMatch(/^!w/)
})

test('a client that asks and asks and does not read the answers is ended; its session is kept', async ({
  startServer,
  raw,
}) => {
  const { url, sessions, sockets } = await startServer()
  const peer = raw(url)
  await peer.hello({ id: id() })
  peer.socket.pause()
  const [far] = sockets()
  let most = 0
  while (sessions.size.connected) {
    for (let n = 0; n < 10_000; n++) peer.send('!p0')
    await new Promise((resolve) => setImmediate(resolve))
    most = Math.max(most, far?.bufferedAmount ?? 0)
    // What it has sent and we have not read is its own to hold.
    while (peer.socket.bufferedAmount > 1_000_000 && sessions.size.connected) await wait(5)
  }
  expect(most).toBeLessThan(2 * 65_536)
  expect(sessions.size).toEqual({ sessions: 1, connected: 0 })
})

test('of tokens that come faster than they can be looked at, the last one counts', async ({
  startServer,
  raw,
}) => {
  const seen: unknown[] = []
  let answer = (_: string) => {}
  const authenticate = (_: unknown, token: string | undefined) => {
    seen.push(token)
    if (seen.length !== 2) return 'ann'
    return new Promise<string>((resolve) => {
      answer = resolve
    })
  }
  const { url } = await startServer({ authenticate })
  const peer = raw(url)
  await peer.hello({ id: id(), auth: '1' })
  for (const token of ['2', '3', '4', '5']) peer.send(`!t${token}`)
  peer.send('!p0')
  expect(await peer.next()).toBe('!q0')
  expect(seen).toEqual(['1', '2'])
  answer('ann')
  await until(() => seen.length === 3)
  peer.send('!t6')
  await until(() => seen.length === 4)
  expect(seen).toEqual(['1', '2', '5', '6'])
})

test('bytes beyond the window are not held', async ({ startServer, raw }) => {
  const { url, sessions } = await startServer({ credit: [100, 1_000], received: () => new Promise(() => {}) })
  const peer = raw(url)
  await peer.hello({ id: id() })
  peer.send('one that is being handled')
  for (let n = 0; n < 2; n++) peer.send(`!!${'x'.repeat(499)}`)
  // What was put in front of them does not count: this is exactly what there is room for.
  peer.send('!p3')
  expect(await peer.next()).toBe('!q0')
  peer.send('x')
  expect(await peer.closed).toEqual({ code: 4400, reason: 'beyond the window' })
  expect(sessions.counters.malformed).toBe(1)
})

test('a client that never reads is ended as overflow, and holds no more than its bound', async ({
  startServer,
  raw,
}) => {
  const endings: unknown[] = []
  const { url, next, sessions } = await startServer({
    credit: [100, 100_000],
    limits: { bytes: 200_000 },
    ended: (_, ending) => endings.push(ending),
  })
  const peer = raw(url)
  await peer.hello({ id: id() })
  peer.socket.pause()
  const session = await next()
  let most = 0
  for (let n = 0; n < 1_000 && session.send('x'.repeat(1_000)) !== 'dropped'; n++)
    most = Math.max(most, session.bufferedAmount)
  expect(most).toBeLessThanOrEqual(300_000)
  expect(session.bufferedAmount).toBeLessThanOrEqual(300_000)
  expect(endings).toEqual([{ why: 'overflow', delivered: 0, written: 100, sent: 300 }])
  expect(sessions.size.sessions).toBe(0)
  peer.socket.resume()
  await until(() => peer.frames.includes('!x{"why":"overflow","got":0}'))
  expect((await peer.closed).code).toBe(4410)
})

test('a paused consumer stops the far producer', async ({ startServer, client }) => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const got: unknown[] = []
  const received = async (_: unknown, data: unknown) => {
    got.push(data)
    await gate
  }
  const { url } = await startServer({ credit: [10, 10_000], received })
  const socket = client(url, { queue: { messages: 5 } })
  await socket.opened()
  const drops: unknown[] = []
  socket.on('drop', (drop) => drops.push(drop))
  const results = Array.from({ length: 20 }, (_, n) => socket.send(`${n}`))
  expect(results).toEqual([
    ...Array(10).fill('sent'),
    ...Array(5).fill('queued'),
    ...Array(5).fill('dropped'),
  ])
  expect(drops).toHaveLength(5)
  await wait(50)
  expect(got).toEqual(['0'])
  release()
  await socket.drained()
  await socket.delivered('last')
  expect(got).toEqual([...Array.from({ length: 15 }, (_, n) => `${n}`), 'last'])
})

test.for<[string, (string | Uint8Array)[]]>([
  ['acks what was never sent', ['!a1']],
  ['acks with rubbish', ['!a-1']],
  ['pongs what was never sent', ['!q7']],
  ['counts wrongly', ['one', '!p2']],
  ['speaks like a server', ['!w{"got":0,"ttl":1,"ping":1,"win":[1,1]}']],
  ['says hello twice', [`!h{"v":1,"id":"${id()}","n":2}`]],
  ['says something unknown', ['!z']],
])(
  'a client that %s is ended with 4400, and nobody else is',
  async ([, frames], { startServer, raw, client }) => {
    const { url } = await startServer()
    const good = client(url)
    await good.opened()
    const peer = raw(url)
    await peer.hello({ id: id() })
    for (const frame of frames) peer.send(frame)
    expect((await peer.closed).code).toBe(4400)
    await good.delivered('still here')
  },
)

test.for<string | Uint8Array>([
  'data',
  '!a0',
  '!f',
  '!',
  '!hello',
  '!h{}',
  new Uint8Array(3),
  `!h{"v":1,"id":"x","n":1}`,
])('what is no hello, such as %j, is ended with 4400', async (frame, { startServer, raw }) => {
  const { url, sessions } = await startServer()
  const peer = raw(url)
  peer.socket.on('open', () => peer.send(frame))
  expect((await peer.closed).code).toBe(4400)
  expect(sessions.size.sessions).toBe(0)
})

test.for(['close', 'suspend'] as const)(
  "a listener of fresh may %s the session during reconnect({ queue: 'drop' })",
  async (method, { startServer, client }) => {
    const { url } = await startServer()
    const session = client(url)
    await session.opened()
    const connecting: unknown[] = []
    session.on('connecting', (value) => connecting.push(value))
    session.on('fresh', () => session[method](), { once: true })
    session.reconnect({ queue: 'drop' })
    expect(session.status).toBe(method === 'close' ? 'closed' : 'suspended')
    session.open()
    await session.opened()
    expect(connecting.length).toBe(1)
  },
)

test('options of reconnect() that are wrong do not end the session', async ({ startServer, client }) => {
  const { url } = await startServer()
  const session = client(url)
  await session.opened()
  const fresh: unknown[] = []
  session.on('fresh', (value) => fresh.push(value))
  for (const options of [{ queue: 'drop', overlap: 'no' }, { queue: 'drop', overlapp: true }, null])
    expect(() => session.reconnect(options as never)).toThrow('holdfast: reconnect')
  await session.delivered('still here')
  expect(fresh).toEqual([])
})
