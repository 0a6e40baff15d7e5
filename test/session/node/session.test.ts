import { expect, vi } from 'vitest'
import { messages } from '../../../src/index.ts'
import type { Session } from '../../../src/session/client/index.ts'
import { test, until } from './fixtures.ts'

test('it is a Socket: JSON, helpers and events work as they do there', async ({ startServer, client }) => {
  const { url, next } = await startServer({
    received: (session, data) => void session.sendJson({ echo: JSON.parse(data as string) }),
  })
  const socket = client(url)
  const heard: unknown[] = []
  socket.on('json', (value) => heard.push(value))
  const walk = messages(socket)[Symbol.asyncIterator]()
  const first = walk.next()
  await next()
  socket.sendJson({ a: 1 })
  expect((await first).value).toEqual({ echo: { a: 1 } })
  expect(heard).toEqual([{ echo: { a: 1 } }])
  expect(() => socket.sendJson(undefined)).toThrow(TypeError)
  expect(() => socket.send({} as never)).toThrow(TypeError)
})

test('`delivered` resolves when the server has it, and soon', async ({ startServer, client }) => {
  const got: unknown[] = []
  const { url } = await startServer({ received: (_, data) => void got.push(data) })
  const socket = client(url)
  await socket.opened()
  const begun = performance.now()
  await socket.delivered('one')
  expect(performance.now() - begun).toBeLessThan(500)
  expect(got).toEqual(['one'])
})

test.for<[string, (socket: Session, abort: AbortController) => void]>([
  ['close()', (socket) => socket.close()],
  ['an abort', (_, abort) => abort.abort()],
  [
    'close() in a listener',
    (socket) => {
      socket.on('pulse', () => socket.close())
      void socket.delivered('is that so?').catch(() => {})
    },
  ],
])(
  '%s ends the session at the server too, with what the client had got',
  async ([, end], { startServer, client }) => {
    const endings: unknown[] = []
    const { url, next, sessions } = await startServer({ ended: (_, ending) => endings.push(ending) })
    const abort = new AbortController()
    const socket = client(url, { signal: abort.signal, heartbeat: { interval: 20 } })
    const heard = new Promise((resolve) => socket.on('text', resolve))
    const session = await next()
    session.send('one')
    await heard
    end(socket, abort)
    await until(() => endings.length)
    expect(endings).toEqual([{ why: 'finished', delivered: 1, written: 1, sent: 1 }])
    expect(sessions.size.sessions).toBe(0)
  },
)

test.for<[string | Uint8Array<ArrayBuffer>, number]>([
  ['plain', 5],
  ['a\nb', 3],
  ['é€😀', 9],
  ['', 0],
  [new Uint8Array(7), 7],
])('%j counts as the bytes that it has on the wire: %i', ([data, bytes], { client }) => {
  const socket = client('ws://127.0.0.1:9/', { autoOpen: false })
  expect(socket.send(data)).toBe('queued')
  expect(socket.bufferedAmount).toBe(bytes)
})

test('without a token to show, a refresh shows an empty one', async ({ startServer, client }) => {
  const seen: unknown[] = []
  const { url } = await startServer({ authenticate: (_, token) => `ann${seen.push(token) && ''}` })
  const socket = client(url)
  await socket.opened()
  await socket.refresh()
  await socket.delivered('after it')
  expect(seen).toEqual([undefined, ''])
})

test('what a closed session had not heard of is unknown, and what it had not sent is lost', async ({
  startServer,
  client,
}) => {
  const { url } = await startServer({ credit: [1, 100], received: () => new Promise(() => {}) })
  const socket = client(url)
  await socket.opened()
  const outcomes = ['one', 'two'].map((text) => socket.delivered(text).catch((error) => error.cause))
  const ended = new Promise((resolve) => socket.on('ended', resolve))
  socket.close()
  expect(await Promise.all(outcomes)).toEqual(['unknown', 'lost'])
  expect(await ended).toEqual({ delivered: [], lost: ['two'], unknown: ['one'] })
  expect(await socket.delivered('three').catch((error) => error.cause)).toBe('lost')
})

test('a server that starts anew has forgotten: the client is told, and begins again', async ({
  startServer,
  client,
}) => {
  const [one, two] = [await startServer(), await startServer()]
  let url = one.url
  const socket = client(() => url)
  await socket.opened()
  await socket.delivered('heard')
  const fresh = new Promise((resolve) => socket.on('fresh', resolve))
  url = two.url
  const waiting = new Promise((resolve) => socket.on('waiting', resolve))
  await one.sessions.shutdown({ after: 10 })
  await waiting
  socket.send('said in between')
  expect(await fresh).toEqual({ why: 'gone', delivered: [], lost: ['said in between'], unknown: [] })
  await socket.delivered('a new life')
})

test('an expired session tells from its tombstone what was delivered', async ({
  startServer,
  client,
  proxy,
}) => {
  const got: unknown[] = []
  const { port, sessions } = await startServer({ ttl: 1, received: (_, data) => void got.push(data) })
  const line = await proxy({ port })
  const socket = client(line.url, { heartbeat: { interval: 100, timeout: 100 } })
  await socket.opened()
  // Its acknowledgement never comes.
  line.hole = 'down'
  socket.send('one')
  await until(() => got.length)
  line.answer = 'refuse'
  line.hole = 'none'
  line.reset()
  socket.send('two')
  await until(() => sessions.counters.expired === 1)
  const fresh = new Promise((resolve) => socket.on('fresh', resolve))
  line.answer = 'pass'
  expect(await fresh).toEqual({ why: 'gone', delivered: ['one'], lost: ['two'], unknown: [] })
})

test('a fresh token is shown in place; one of somebody else ends it', async ({ startServer, client }) => {
  const seen: unknown[] = []
  const authenticate = (_: unknown, token: string | undefined) => {
    seen.push(token)
    return token?.split(':')[0]
  }
  const { url } = await startServer({ authenticate })
  let token = 'ann:1'
  const socket = client(url, { auth: async () => token })
  await socket.opened()
  token = 'ann:2'
  await socket.refresh()
  await socket.delivered('still here')
  expect(seen).toEqual(['ann:1', 'ann:2'])
  const closed = new Promise((resolve) => socket.on('closed', resolve))
  token = 'bob:1'
  await socket.refresh()
  expect(await closed).toMatchObject({ code: 4401 })
  // Once more, with a token that was asked for anew; then no more.
  expect(seen).toEqual(['ann:1', 'ann:2', 'bob:1', 'bob:1'])
})

test('what is sent to all local sessions is one buffer for all', async ({ startServer, client }) => {
  const server = await startServer()
  const { url, next } = server
  const sockets = [client(url), client(url)]
  const heard: string[] = []
  for (const socket of sockets) socket.on('text', (text) => heard.push(text))
  const held = [await next(), await next()]
  const written: unknown[] = []
  for (const socket of server.sockets()) {
    const { send } = socket
    socket.send = (data: never, options: never) => {
      written.push(data)
      send.call(socket, data, options, () => {})
    }
  }
  server.sessions.sendToLocal('!all')
  await until(() => heard.length === 2)
  expect(heard).toEqual(['!all', '!all'])
  expect(written).toHaveLength(2)
  expect(written[0]).toBe(written[1])
  expect(held).toHaveLength(2)
})

test('a shutdown spreads the return of the clients', async ({ startServer, client }) => {
  const one = await startServer()
  const socket = client(one.url)
  await socket.opened()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  const waiting = new Promise<{ delay: number }>((resolve) => socket.on('waiting', resolve))
  await one.sessions.shutdown({ after: 60_000 })
  expect((await waiting).delay).toBe(30_000)
  vi.restoreAllMocks()
})

test('a message costs the bytes of its frame, and not one more', async ({ startServer, client }) => {
  const { url, next, sockets } = await startServer()
  const socket = client(url)
  const heard: string[] = []
  socket.on('text', (text) => heard.push(text))
  const session = await next()
  await socket.delivered('warm')
  const [tcp] = [...sockets()].map(
    (one) => (one as never as { _socket: { bytesRead: number; bytesWritten: number } })._socket,
  )
  if (!tcp) throw new Error('no socket')
  const { bytesRead, bytesWritten } = tcp
  for (let n = 0; n < 10; n++) {
    socket.send('x'.repeat(50))
    session.send('y'.repeat(50))
  }
  await until(() => heard.length === 10 && tcp.bytesRead - bytesRead >= 560)
  // RFC 6455 §5.2: two bytes of header, and four of masking from the client.
  expect(tcp.bytesRead - bytesRead).toBe(10 * (6 + 50))
  expect(tcp.bytesWritten - bytesWritten).toBe(10 * (2 + 50))
})
