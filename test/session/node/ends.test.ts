import { expect, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Session, SessionOptions } from '../../../src/session/client/index.ts'
import type { ServerSession } from '../../../src/session/server/index.ts'
import { test, until } from './fixtures.ts'

const id = 'a-session-of-somebody-0'
const outcome = (sent: Promise<void>) => sent.then(() => 'delivered').catch(({ cause }) => cause)
const next = <Name extends 'closed' | 'ended' | 'text' | 'resumed' | 'open'>(socket: Session, name: Name) =>
  new Promise((resolve) => socket.on(name, resolve))

/** A WebSocket class, and what was sent through it. */
function spied() {
  const sent: unknown[] = []
  class Spied extends WebSocket {
    override send(data: never) {
      sent.push(data)
      super.send(data)
    }
  }
  return { sent, WebSocket: Spied as unknown as NonNullable<SessionOptions['WebSocket']> }
}

test('a session that the server finishes is over: no new attempt, and what is not known is told as that', async ({
  startServer,
  client,
}) => {
  const endings: unknown[] = []
  const handled: unknown[] = []
  const { url, next: session } = await startServer({
    received: (_, data) => {
      handled.push(data)
      return new Promise(() => {})
    },
    ended: (_, ending) => endings.push(ending),
  })
  const socket = client(url)
  const held = await session()
  held.send('one')
  await next(socket, 'text')
  const sent = outcome(socket.delivered('two'))
  await until(() => handled.length === 1)
  const ended = next(socket, 'ended')
  const closed = next(socket, 'closed')
  held.finish()
  expect(await closed).toMatchObject({ code: 1000, cause: 'peer' })
  expect(await ended).toEqual({ delivered: [], lost: [], unknown: [] })
  expect(await sent).toBe('delivered')
  expect(endings).toMatchObject([{ why: 'finished', written: 1, sent: 1 }])
  expect(held.send('three')).toBe('dropped')
})

test('what was not acknowledged when another took the session over is unknown', async ({
  startServer,
  client,
  raw,
}) => {
  const { url } = await startServer({ received: () => new Promise(() => {}) })
  const spy = spied()
  const socket = client(url, { WebSocket: spy.WebSocket })
  await socket.opened()
  const sent = outcome(socket.delivered('one'))
  const hello = JSON.parse(String(spy.sent[0]).slice(2))
  expect(await raw(url).hello({ ...hello, n: 2, got: 0 })).toMatch(/^!w/)
  expect(await sent).toBe('unknown')
})

test.for<[string, (socket: Session, session: ServerSession) => void]>([
  ['the client', (socket) => socket.close()],
  ['the server', (_, session) => session.finish()],
])(
  '`ended` is emitted right before `closed`, and nothing after it, when %s ends the session',
  async ([, end], { startServer, client }) => {
    const { url, next: nextSession } = await startServer()
    const socket = client(url)
    const session = await nextSession()
    await socket.opened()
    const names: string[] = []
    const states: string[] = []
    socket.on('*', (name) => names.push(name))
    socket.on('ended', () => states.push(socket.status))
    const outcomes: string[] = []
    socket.send('one', { onOutcome: ({ result }) => outcomes.push(`${result} ${socket.status}`) })
    const closed = next(socket, 'closed')
    end(socket, session)
    await closed
    expect(names).toEqual(['status', 'ended', 'closed'])
    expect(states).toEqual(['closed'])
    expect(outcomes).toEqual([expect.stringMatching(/^(unknown|delivered) (closed|open)$/)])
  },
)

test('a session that carries no message for long is ended as idle', async ({ startServer, client }) => {
  const endings: unknown[] = []
  const { url } = await startServer({ limits: { idle: 1 }, ended: (_, { why }) => endings.push(why) })
  const socket = client(url)
  expect(await next(socket, 'closed')).toMatchObject({ code: 1000 })
  expect(endings).toEqual(['idle'])
})

test('more messages than the window has room for end their line', async ({ startServer, raw }) => {
  const { url, sessions } = await startServer({ credit: [2, 1_000], received: () => new Promise(() => {}) })
  const peer = raw(url)
  await peer.hello({ id })
  for (const text of ['1', '2', '3']) peer.send(text)
  expect(await peer.closed).toEqual({ code: 4400, reason: 'beyond the window' })
  expect(sessions.size).toEqual({ sessions: 1, connected: 0 })
})

test('a page that is left says first what it has got, and leaves no listener behind', async ({
  startServer,
  client,
}) => {
  const page = new EventTarget()
  const listening = new Set<unknown>()
  vi.stubGlobal('addEventListener', (name: string, listener: EventListener) => {
    listening.add(listener)
    page.addEventListener(name, listener)
  })
  vi.stubGlobal('removeEventListener', (name: string, listener: EventListener) => {
    listening.delete(listener)
    page.removeEventListener(name, listener)
  })
  try {
    const { url, next: session } = await startServer()
    const spy = spied()
    const socket = client(url, { WebSocket: spy.WebSocket, wake: false })
    const held = await session()
    held.send('one')
    await next(socket, 'text')
    expect(spy.sent).toHaveLength(1)
    page.dispatchEvent(new Event('pagehide'))
    expect(spy.sent.slice(1)).toEqual(['!a1'])
    for (let n = 0; n < 3; n++) {
      socket.reconnect()
      await next(socket, 'resumed')
    }
    expect(listening.size).toBe(1)
    socket.close()
    expect(listening.size).toBe(0)
  } finally {
    vi.unstubAllGlobals()
  }
})
