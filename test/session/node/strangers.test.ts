import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { Sessions } from '../../../src/session/server/index.ts'
import { Raw, test, until } from './fixtures.ts'

const id = (n = 0) => `a-session-of-somebody-${n}`

test.for<[string, string]>([
  ['an acknowledgement', `!a${'['.repeat(10_485_760)}`],
  ['a token', `!t${'x'.repeat(5_242_880)}`],
])(
  '%s of megabytes is ended by its size, and nobody waits for it',
  async ([, frame], { startServer, raw }) => {
    const seen: unknown[] = []
    const { url } = await startServer({ authenticate: (_, token) => `ann${seen.push(token) && ''}` })
    const peer = raw(url)
    await peer.hello({ id: id() })
    peer.send(frame)
    // If it had been parsed, the reason would be how it begins.
    expect(await peer.closed).toEqual({ code: 4400, reason: 'control frame too la' })
    expect(seen).toHaveLength(1)
  },
)

/** A handshake by hand, and then as much of one huge text frame as the server takes. */
async function flood(port: number, bytes: number) {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: holdfast.1\r\n\r\n',
  )
  await once(socket, 'data')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const header = Buffer.alloc(14)
  header[0] = 0x81
  header[1] = 0xff
  header.writeBigUInt64BE(BigInt(bytes), 2)
  socket.write(header)
  const chunk = Buffer.alloc(65_536)
  let written = 0
  while (!socket.destroyed && written < bytes) {
    written += chunk.length
    if (!socket.write(chunk))
      await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed])
  }
  await closed
  return written
}

test('a first frame of 90 MiB is not read, also by a server that does not limit its messages', async ({
  startServer,
}) => {
  const { port, sessions } = await startServer()
  const before = process.memoryUsage().rss
  const written = await Promise.all(Array.from({ length: 6 }, () => flood(port, 94_371_840)))
  for (const bytes of written) expect(bytes).toBeLessThan(20_000_000)
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
  expect(sessions.size.sessions).toBe(0)
})

test('a refused client that ignores the close frame loses its TCP connection within about a second', async ({
  startServer,
}) => {
  const { url, sockets } = await startServer({ authenticate: () => undefined })
  const peer = new Raw(url)
  await peer.hello({ id: id() })
  // It does not read, and so never answers the close frame.
  peer.socket.pause()
  const begun = performance.now()
  await until(() => sockets().size === 0)
  expect(performance.now() - begun).toBeLessThan(5_000)
  peer.socket.terminate()
})

test('connections without a hello are bounded, in all and per address', async ({ startServer, raw }) => {
  const address = (request: { url?: string | undefined }) => request.url
  const { url, sessions } = await startServer({ address, limits: { pending: 4, pendingPerAddress: 2 } })
  const quiet = async (path: string) => {
    const peer = raw(`${url}${path}`)
    await once(peer.socket, 'open')
    return peer
  }
  await quiet('a')
  await quiet('a')
  expect(await (await quiet('a')).next()).toMatch('!x{"why":"busy"')
  await quiet('b')
  const [welcome] = [await (await quiet('b')).hello({ id: id() })]
  expect(welcome).toMatch(/^!w/)
  // One that was welcomed has made room.
  await quiet('c')
  const refused = await quiet('d')
  expect(await refused.next()).toMatch('!x{"why":"busy"')
  expect((await refused.closed).code).toBe(1013)
  expect(sessions.metrics()).toContain('holdfast_connections_pending 4')
})

test('the hello of a page is let in from the same host only, unless configured', async ({ startServer }) => {
  const servers = [await startServer(), await startServer({ origins: '*' })] as const
  const first = (url: string, origin?: string) =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(url, ['holdfast.1'], origin === undefined ? {} : { origin })
      socket.on('error', () => {})
      socket.on('message', (data) => {
        resolve(data.toString().slice(0, 2))
        socket.terminate()
      })
      socket.on('open', () => socket.send(`!h{"v":1,"id":"${id()}${Math.floor(Math.random() * 1e9)}","n":1}`))
    })
  const { port, url } = servers[0]
  expect(await first(url, `http://127.0.0.1:${port}`)).toBe('!w')
  expect(await first(url, `http://127.0.0.1:${port + 1}`)).toBe('!x')
  expect(await first(url, 'https://evil.example')).toBe('!x')
  expect(await first(url, 'null')).toBe('!x')
  expect(await first(url)).toBe('!w')
  expect(await first(servers[1].url, 'https://evil.example')).toBe('!w')
})

test('nobody, by an empty name, is not let in', async ({ startServer, client }) => {
  const { url } = await startServer({ authenticate: () => '' })
  const socket = client(url, { auth: 'x' })
  const closed = new Promise((resolve) => socket.on('closed', resolve))
  expect(await closed).toMatchObject({ code: 4401, reason: 'denied' })
})

test('while `authenticate` fails clients are told to come later, and do', async ({ startServer, client }) => {
  const { error } = console
  console.error = () => {}
  try {
    let failures = 0
    const { url, sessions } = await startServer({
      authenticate: () => {
        if (++failures <= 2) throw new Error('the database is away')
        return 'ann'
      },
    })
    const socket = client(url)
    await socket.opened()
    expect(sessions.metrics()).toContain('holdfast_refused_total{why="busy"} 2')
  } finally {
    console.error = error
  }
})

test('a full server ends first who never said a word, then is busy', async ({ startServer, raw }) => {
  const endings: unknown[] = []
  const { url, sessions, next } = await startServer({
    limits: { sessions: 3 },
    ended: ({ id: name }, { why }) => endings.push([name, why]),
  })
  const real = raw(url)
  await real.hello({ id: id(0) })
  const [realSession] = [await next()]
  real.send('a word')
  await until(() => sessions.counters.received === 1)
  real.socket.terminate()
  await until(() => sessions.size.connected === 0)
  const thrownAway = raw(url)
  await thrownAway.hello({ id: id(1) })
  const { id: name } = await next()
  thrownAway.socket.terminate()
  await until(() => sessions.size.connected === 0)
  for (const n of [2, 3]) expect(await raw(url).hello({ id: id(n) })).toMatch(/^!w/)
  expect(endings).toEqual([[name, 'expired']])
  expect(sessions.get(realSession.id)).toBe(realSession)
  expect(await raw(url).hello({ id: id(4) })).toMatch('!x{"why":"busy","after":')
})

test.for(['publish', 'sendToLocal'] as const)(
  '`ended` that reaches all others by %s, thousands of which end by it, does not recurse',
  async (how) => {
    let depth = 0
    let deepest = 0
    let joined = 0
    const sessions: Sessions = new Sessions({
      credit: [1, 100],
      limits: { messages: 1 },
      topics: { messages: 8_000 },
      opened: (session) => session.subscribe('endings'),
      joined: () => void joined++,
      ended: (session) => {
        deepest = Math.max(deepest, ++depth)
        if (how === 'publish') void sessions.publish('endings', session.id)
        else send(session.id)
        depth--
      },
    })
    const witness = connected(sessions, id(8_000))
    await until(() => joined === 1)
    const [first] = sessions
    const send = (text: string) => sessions.sendToLocal(text, (session) => session !== first)
    // What is published is sent to all the others, too, which ends more of them.
    const following = await sessions.follow('endings', ({ data }) => send(String(data)))
    for (let n = 0; n < 8_000; n++) connected(sessions, id(n))
    await until(() => joined === 8_001)
    const names = [...sessions].slice(1).map((session) => session.id)
    for (let n = 0; n < 3; n++) send('something')
    expect([...sessions]).toEqual([first])
    expect(deepest).toBe(1)
    if (how === 'publish') {
      await until(() => witness.length === 8_000)
      expect(witness.sort()).toEqual(names.sort())
    }
    following.stop()
    await sessions.shutdown()
  },
)

/** A client in the same process, without a socket. Returns the messages of topics that it receives. */
function connected(sessions: Sessions, name: string): string[] {
  const received: string[] = []
  let receive = (_data: string, _binary: boolean) => {}
  const send = (data: string | Uint8Array) => {
    const frame = Buffer.from(data as string).toString()
    if (frame === '!p0') queueMicrotask(() => receive('!q0', false))
    const text = /^!m\d+:\d+:(.*)/.exec(frame)?.[1]
    if (text !== undefined) received.push(text)
  }
  const on = (event: string, listener: unknown) => {
    if (event === 'message') receive = listener as typeof receive
  }
  sessions.accept({ send, close: () => {}, on }, {})
  receive(`!h{"v":1,"id":"${name}","n":1,"can":["topics"]}`, false)
  return received
}

test('small binary messages that are kept do not keep the blocks that they were read in', async ({
  startServer,
  raw,
}) => {
  const kept: Uint8Array[] = []
  const { url } = await startServer({ received: (_, data) => void kept.push(data as Uint8Array) })
  const peer = raw(url)
  await peer.hello({ id: id() })
  for (let n = 0; n < 1_000; n++) peer.send(new Uint8Array(10).fill(n))
  await until(() => kept.length === 1_000)
  const blocks = new Set(kept.map(({ buffer }) => buffer))
  const held = [...blocks].reduce((sum, { byteLength }) => sum + byteLength, 0)
  expect(held).toBeLessThan(100_000)
  expect(kept.map((bytes) => bytes[9])).toEqual(Array.from({ length: 1_000 }, (_, n) => n % 256))
})

test('one message larger than all bounds goes alone, before and behind small ones', async ({
  startServer,
  client,
}) => {
  const { url, next, sessions } = await startServer({ credit: [100, 10_000], limits: { bytes: 10_000 } })
  const socket = client(url, { queue: { bytes: 10_000 } })
  const heard: number[] = []
  socket.on('text', ({ length }) => heard.push(length))
  const session = await next()
  session.send('hi')
  expect(session.send('x'.repeat(2_200_000))).not.toBe('dropped')
  expect(session.send('hi')).not.toBe('dropped')
  await until(() => heard.length === 3)
  expect(heard).toEqual([2, 2_200_000, 2])
  await Promise.all(['hi', 'x'.repeat(2_200_000), 'hi'].map((text) => socket.delivered(text)))
  // Two of them at once are more than anybody has to hold.
  expect(session.send('x'.repeat(30_000))).not.toBe('dropped')
  expect(session.send('x'.repeat(30_000))).toBe('dropped')
  expect(sessions.counters.overflowed).toBe(1)
})

test('a message over the limit of the server is lost after two tries, and the rest goes on', async ({
  startServer,
  client,
}) => {
  const got: unknown[] = []
  const { url, sessions } = await startServer(
    { received: (_, data) => void got.push(data) },
    { maxPayload: 1_000 },
  )
  const socket = client(url)
  await socket.opened()
  const drops: unknown[] = []
  socket.on('drop', ({ why, reason }) => drops.push([why, reason]))
  const outcomes: unknown[] = []
  for (const text of ['one', 'x'.repeat(2_000), 'three'])
    socket.send(text, { onOutcome: ({ result, reason }) => outcomes.push([text.length, result, reason]) })
  await until(() => outcomes.length === 3)
  const reason = expect.stringContaining('2000 bytes')
  expect(outcomes).toEqual([
    [3, 'delivered', undefined],
    [2_000, 'lost', reason],
    [5, 'delivered', undefined],
  ])
  expect(drops).toEqual([['overflow', reason]])
  expect(got).toEqual(['one', 'three'])
  expect(sessions.counters.connections).toBe(3)
})

test('a message that a client does not take ends its session, with outcomes, after two tries', async ({
  startServer,
  client,
}) => {
  class Small extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { maxPayload: 1_000 })
    }
  }
  const endings: unknown[] = []
  const got: unknown[] = []
  const { url, next, sessions } = await startServer({
    ended: (_, ending) => endings.push(ending),
    received: (_, data) => void got.push(data),
  })
  const socket = client(url, { WebSocket: Small as never })
  const fresh: unknown[] = []
  const heard: unknown[] = []
  socket.on('fresh', (outcomes) => fresh.push(outcomes))
  socket.on('text', (text) => heard.push(text))
  const session = await next()
  await socket.opened()
  await socket.delivered('one')
  session.send('two')
  session.send('x'.repeat(2_000))
  await until(() => fresh.length)
  expect(fresh).toEqual([{ why: 'overflow', delivered: [], lost: [], unknown: [] }])
  expect(endings).toEqual([{ why: 'overflow', delivered: 1, written: 2, sent: 2 }])
  await until(() => sessions.counters.opened === 2)
  for (const other of sessions) other.send('goes on')
  await until(() => heard.includes('goes on'))
  await socket.delivered('three')
  expect([heard, got]).toEqual([
    ['two', 'goes on'],
    ['one', 'three'],
  ])
  // Those that acknowledged something in between, and the ones of the new session, included.
  expect(sessions.counters.connections).toBeLessThan(8)
})

test('while a fresh token cannot be looked at, its client is told to come later', async ({
  startServer,
  raw,
}) => {
  let settle = (_: string) => {}
  const { url, next } = await startServer({
    authenticate: (_, token) =>
      token === 'slow'
        ? new Promise<string>((resolve) => {
            settle = resolve
          })
        : 'ann',
  })
  const peer = raw(url)
  await peer.hello({ id: id(), can: ['challenge'] })
  const asked = (await next()).challenge()
  expect(await peer.next()).toBe('!c')
  peer.send('!tslow')
  expect(await asked).toBe(false)
  let frame = await peer.next()
  // The server asks quiet clients whether they are there.
  while (String(frame).startsWith('!p')) frame = await peer.next()
  expect(frame).toContain('"busy"')
  expect(await peer.closed).toMatchObject({ code: 1013 })
  settle('ann')
})

test('a challenge gets a fresh token in place; who shows none, or one of another, is out', async ({
  startServer,
  client,
  raw,
}) => {
  const tokens: unknown[] = []
  const { url, next } = await startServer({
    authenticate: (_, token) => {
      tokens.push(token)
      return token?.split(':')[0]
    },
  })
  let token = 'ann:1'
  const socket = client(url, { auth: () => token })
  const session = await next()
  await socket.opened()
  token = 'ann:2'
  expect(await session.challenge()).toBe(true)
  expect(tokens).toEqual(['ann:1', 'ann:2'])
  token = 'bob:1'
  expect(await session.challenge()).toBe(false)
  // One that cannot be asked comes back with a hello.
  const old = raw(url)
  await old.hello({ id: id(), auth: 'ann:1' })
  expect(await (await next()).challenge()).toBe(false)
  expect(await old.closed).toMatchObject({ code: 1012 })
  const mute = raw(url)
  await mute.hello({ id: id(), n: 2, got: 0, auth: 'ann:1', can: ['challenge'] })
  const asked = (await next()).challenge()
  expect(await mute.next()).toBe('!c')
  expect(await asked).toBe(false)
  expect(await mute.closed).toMatchObject({ code: 4401 })
})

test('a control frame of a later version is ignored; members that nobody knows, too', async ({
  startServer,
  raw,
}) => {
  const { url } = await startServer()
  const peer = raw(url)
  expect(await peer.hello({ id: id(), later: [1], can: ['later'] })).toMatch(/^!w.*"can":\[/)
  peer.send('!Later{"than":"this"}')
  peer.send('!p0')
  expect(await peer.next()).toBe('!q0')
})

/** A server that answers hellos by hand. Returns its URL. */
async function answering(answer: (socket: WebSocket, hello: number) => void) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  let hellos = 0
  server.on('connection', (socket) =>
    socket.on('message', (data) => {
      if (String(data).startsWith('!h')) answer(socket, ++hellos)
    }),
  )
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const welcome = '!w{"got":0,"ttl":120,"ping":25,"win":[1000,1048576]}'

test('a client retries after a refusal that it does not know, and ignores a control frame of a later version', async ({
  client,
}) => {
  const url = await answering((socket, hello) => {
    if (hello === 1) {
      socket.send('!x{"why":"because"}')
      return socket.close(1013)
    }
    for (const frame of [welcome, '!Later{"than":"this"}', 'data']) socket.send(frame)
  })
  const socket = client(url)
  const ends: unknown[] = []
  for (const name of ['waiting', 'closed'] as const) socket.on(name, () => ends.push(name))
  const heard = new Promise((resolve) => socket.on('text', resolve))
  expect(await heard).toBe('data')
  expect(ends).toEqual(['waiting'])
})

test('a client waits a minute at most when a server asks for more', async ({ client }) => {
  const url = await answering((socket) => {
    socket.send('!x{"why":"restart","after":1000000000000000}')
    socket.close(1012)
  })
  const socket = client(url)
  const waiting = new Promise<{ delay: number }>((resolve) => socket.on('waiting', resolve))
  expect((await waiting).delay).toBeLessThanOrEqual(60_000)
})

test.for<[Record<string, unknown>, string]>([
  [{ limits: { sesions: 1 } }, 'limits.sesions: there is no such option. Did you mean limits.sessions?'],
  [{ recieved: () => {} }, 'recieved: there is no such option. Did you mean received?'],
  [{ ttl: -1 }, 'ttl: must be a number above 0, not -1'],
  [{ limits: { hello: Number.NaN } }, 'limits.hello: must be a number above 0, not NaN'],
  [{ credit: [0, 1] }, 'credit: must be two whole numbers above 0: [messages, bytes], not an array'],
  [{ origins: 'https://example.com' }, "origins: must be a list such as ['https://example.com'], or '*'"],
  [{ authenticate: 'ann' }, 'authenticate: must be a function'],
  [{ topics: { ages: 1 } }, 'topics.ages: there is no such option. Did you mean topics.age?'],
])('the options %j throw: %s', ([options, message]) => {
  expect(() => new Sessions(options)).toThrow(`holdfast: ${message}`)
})

test('text can be passed on without being decoded', async ({ startServer, client }) => {
  const { url } = await startServer({
    text: 'bytes',
    received: (session, data, _, { binary }) => void session.send(data, { binary }),
  })
  const socket = client(url)
  const heard: unknown[] = []
  socket.on('message', ({ data }) => heard.push(typeof data === 'string' ? data : new Uint8Array(data)))
  for (const data of ['\uFEFFé😀', '!', '!!a1', '', new Uint8Array([33])]) socket.send(data)
  await until(() => heard.length === 5)
  expect(heard).toEqual(['\uFEFFé😀', '!', '!!a1', '', new Uint8Array([33])])
})

test('the request of a session is what was in it, not the request itself', async ({ startServer, raw }) => {
  const { url, next, port } = await startServer()
  await raw(`${url}chat?room=1`).hello({ id: id() })
  const { request } = await next()
  expect(request).toMatchObject({
    url: '/chat?room=1',
    headers: { host: `127.0.0.1:${port}` },
    address: '127.0.0.1',
  })
  expect(Object.keys(request)).toEqual(['url', 'headers', 'address'])
})

test('metrics, scraped as Prometheus does', async ({ startServer, raw }) => {
  const { url, sessions, sockets, next } = await startServer({ received: () => wait(1) })
  const peer = raw(url)
  await peer.hello({ id: id() })
  const session = await next()
  peer.send('four')
  session.send('five!')
  await until(() => sessions.counters.received === 1)
  await until(() => sessions.metrics().includes('holdfast_handler_seconds_count 1'))
  const lines = sessions.metrics().trim().split('\n')
  const samples = new Map<string, number>()
  for (const line of lines) {
    if (line.startsWith('#')) {
      expect(line).toMatch(/^# (HELP holdfast_\w+ \S.*|TYPE holdfast_\w+ (counter|gauge|summary))$/)
      continue
    }
    const [, name, value] = /^(holdfast_\w+(?:\{\w+="[^"]*"\})?) (\S+)$/.exec(line) ?? []
    expect(name, line).toBeDefined()
    expect(Number(value), line).toBeGreaterThanOrEqual(0)
    samples.set(`${name}`, Number(value))
  }
  expect(Object.fromEntries(samples)).toMatchObject({
    holdfast_sessions: 1,
    holdfast_sessions_connected: 1,
    holdfast_connections: sockets().size,
    'holdfast_messages_total{direction="in"}': 1,
    'holdfast_messages_total{direction="out"}': 1,
    'holdfast_bytes_total{direction="in"}': 4,
    'holdfast_bytes_total{direction="out"}': 5,
  })
})

test('a refused client that goes on sending is cut off', async ({ startServer }) => {
  const { url, sockets, sessions } = await startServer({ authenticate: () => undefined })
  const peer = new Raw(url)
  expect(await peer.hello({ id: id() })).toBe('!x{"why":"denied"}')
  const flood = setInterval(() => peer.socket.send('x'.repeat(1_000), () => {}), 1)
  await until(() => sockets().size === 0)
  clearInterval(flood)
  peer.socket.terminate()
  expect(sessions.counters.received).toBe(0)
})

test('9,000 tiny messages that wait for a client do not keep the blocks that they were read in', async ({
  startServer,
  raw,
}) => {
  const blocks = new Set<ArrayBufferLike>()
  const { url, next } = await startServer({
    limits: { messages: 10_000 },
    received: (_, data) => {
      if (typeof data === 'string') return
      blocks.add(data.buffer)
      target?.send(data)
    },
  })
  const away = raw(url)
  await away.hello({ id: id(0) })
  const target = await next()
  away.socket.terminate()
  await until(() => !target.connected)
  const peer = raw(url)
  await peer.hello({ id: id(1) })
  // Each of them is read together with a larger message.
  const larger = 'x'.repeat(5_900)
  for (let n = 1; n <= 9_000; n++) {
    peer.send(new Uint8Array(10).fill(n))
    peer.send(larger)
    if (n % 50) continue
    peer.send(`!p${2 * n}`)
    await until(() => peer.frames.splice(0).includes(`!q${2 * n}`))
  }
  expect(target.bufferedAmount).toBe(90_000)
  const held = [...blocks].reduce((sum, { byteLength }) => sum + byteLength, 0)
  expect(held).toBeLessThan(1_000_000)
})

test('100,000 throw-away sessions cost neither the client that has sent something its session, nor new ones theirs', async () => {
  const sessions = new Sessions()
  const visit = async (n: number, ...frames: string[]) => {
    const listeners: Record<string, ((...values: never[]) => void)[]> = {}
    const sent: string[] = []
    const emit = (name: string, ...values: unknown[]) => {
      for (const listener of listeners[name] ?? []) (listener as (...values: unknown[]) => void)(...values)
    }
    sessions.accept(
      {
        send: (data) => sent.push(String(data)),
        close: () => {},
        on: (name, listener) => {
          listeners[name] = [...(listeners[name] ?? []), listener]
        },
      },
      {},
    )
    emit('message', `!h{"v":1,"id":"${id(n)}","n":1}`, false)
    while (!sent.length) await undefined
    for (const frame of frames) emit('message', frame, false)
    emit('close', 1006)
    return sent[0]?.slice(0, 2)
  }
  await visit(0, 'a word')
  const [real] = sessions
  const answers = new Set<string | undefined>()
  for (let n = 1; n <= 100_000; n++) answers.add(await visit(n))
  expect([...answers]).toEqual(['!w'])
  expect(sessions.size.sessions).toBe(100_000)
  expect(sessions.get(real?.id ?? '')).toBe(real)
  expect(await visit(100_001)).toBe('!w')
  await sessions.shutdown()
})
