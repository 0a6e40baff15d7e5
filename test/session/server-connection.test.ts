import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { type ServerSession, Sessions, type SessionsOptions } from '../../src/session/server/index.ts'
import { MemoryStore } from '../../src/session/server/memory-store.ts'

const sessions = (options: SessionsOptions<unknown>) => new Sessions(options)
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** The server's end of a WebSocket without a network. Records what is done to it and to the TCP connection below it. */
class FakeSocket {
  readonly #events = new EventEmitter()
  readonly log: string[] = []
  code: number | undefined
  readonly _socket = { cork: () => this.log.push('cork'), uncork: () => this.log.push('uncork') }

  on(event: string, listener: (...values: never[]) => void): void {
    this.#events.on(event, listener as () => void)
  }

  emit(event: string, ...values: unknown[]): void {
    this.#events.emit(event, ...values)
  }

  send(data: string | Uint8Array): void {
    this.log.push(Buffer.from(data).toString().slice(0, 2))
  }

  close(code: number): void {
    this.code = code
    this.emit('close', 1000)
  }

  get frames(): string[] {
    return this.log.filter((frame) => frame.startsWith('!'))
  }

  async hello(hello: Record<string, unknown>): Promise<void> {
    const id = 'x'.repeat(22)
    this.emit('message', Buffer.from(`!h${JSON.stringify({ v: 1, id, can: ['topics'], ...hello })}`), false)
    await settled()
  }
}

test('a client that connects or returns is sent everything at once: welcome, messages and topics in one system call', async () => {
  let client: ServerSession | undefined
  const server = sessions({
    opened: (session, { resumed }) => {
      if (resumed) return
      client = session
      void session.subscribe('room')
      session.send('hi')
    },
  })
  // From now on the process follows the topic.
  await server.follow('room', () => {})
  const [first, second] = [new FakeSocket(), new FakeSocket()]

  server.accept(first, {})
  await first.hello({ n: 1 })
  expect(first.log).toEqual(['cork', '!w', '!s', 'hi', 'uncork'])

  first.emit('close', 1006)
  client?.send('ho')
  const cursor = await server.publish('room', 'news')
  const before = cursor.replace(/\d+$/, '0')
  server.accept(second, {})
  await second.hello({ n: 2, got: 1, topics: { room: before } })
  expect(second.log).toEqual(['cork', '!w', 'ho', '!s', '!m', 'uncork'])
  await server.shutdown()
})

test('the headers of the request are kept, without those of the WebSocket handshake', async () => {
  const requests: unknown[] = []
  const server = sessions({ opened: ({ request }) => requests.push(request) })
  const headers = {
    host: 'example.com',
    cookie: 'a=b',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
    'sec-websocket-extensions': 'permessage-deflate',
    'sec-websocket-protocol': 'holdfast.1, token',
  }
  for (const [n, given] of [headers, new Headers(headers)].entries()) {
    const socket = new FakeSocket()
    server.accept(socket, { url: '/chat', headers: given })
    await socket.hello({ n: n + 1, id: `${n}`.repeat(22) })
  }
  const kept = {
    host: 'example.com',
    cookie: 'a=b',
    'sec-websocket-protocol': 'holdfast.1, token',
  }
  const request = { url: '/chat', headers: kept, address: '' }
  expect(requests).toEqual([request, request])
  await server.shutdown()
})

test('a topic that one session no longer wants is still followed for another one that is subscribing to it', async () => {
  const [first, second] = [new FakeSocket(), new FakeSocket()]
  const server = sessions({
    opened: (session, { request }) => {
      void session.subscribe('room')
      if (request === first) void session.unsubscribe('room')
    },
  })
  for (const [n, socket] of [first, second].entries()) {
    server.accept(socket, socket)
    void socket.hello({ n: 1, id: `${n}`.repeat(22) })
  }
  await settled()
  await server.publish('room', 'news')
  expect([first.frames, second.frames]).toEqual([['!w'], ['!w', '!s', '!m']])
  await server.shutdown()
})

test('a topic that a session subscribes to, leaves and subscribes to again is followed', async () => {
  const socket = new FakeSocket()
  const server = sessions({
    opened: (session) => {
      void session.subscribe('room')
      void session.unsubscribe('room')
      void session.subscribe('room')
    },
  })
  server.accept(socket, {})
  await socket.hello({ n: 1 })
  await server.publish('room', 'news')
  expect(socket.frames).toEqual(['!w', '!s', '!m'])
  await server.shutdown()
})

test('beyond limits.topics every call of subscribe rejects, also if two are for the same topic', async () => {
  let calls: Promise<PromiseSettledResult<void>[]> | undefined
  const socket = new FakeSocket()
  const server = sessions({
    limits: { topics: 1 },
    opened: (session) => {
      void session.subscribe('room')
      calls = Promise.allSettled([session.subscribe('hall'), session.subscribe('hall')])
    },
  })
  server.accept(socket, {})
  await socket.hello({ n: 1 })
  const rejected = { status: 'rejected', reason: expect.any(RangeError) }
  expect(await calls).toEqual([rejected, rejected])
  await server.shutdown()
})

test('an end that the client has not confirmed is stored, also if the subscription was not stored yet', async () => {
  const store = new MemoryStore()
  const { topics } = store
  let answer = () => {}
  const left: unknown[] = []
  // Both answer later, as in a shared store.
  Object.assign(topics, {
    join: () => new Promise<boolean>((resolve) => (answer = () => resolve(true))),
    leave: async (_topic: string, _member: unknown, unconfirmed?: string) => left.push(unconfirmed) > 0,
  })
  let client: ServerSession | undefined
  const socket = new FakeSocket()
  const server = sessions({ store, opened: (session) => (client = session) })
  server.accept(socket, {})
  await socket.hello({ n: 1 })
  const subscribed = client?.subscribe('room')
  await settled()
  await client?.unsubscribe('room')
  answer()
  await subscribed
  expect([socket.frames, left]).toEqual([
    ['!w', '!s', '!u', '!p'],
    ['here', 'here'],
  ])
  await server.shutdown()
})

test('a client that never answers pings cannot fill the memory by subscribing and unsubscribing', async () => {
  const socket = new FakeSocket()
  const server = sessions({
    received: async (session, topic) => {
      await session.subscribe(`${topic}`)
      await session.unsubscribe(`${topic}`)
    },
  })
  server.accept(socket, {})
  await socket.hello({ n: 1 })
  for (let n = 0; n < 1_200; n++) {
    socket.emit('message', Buffer.from(`topic ${n}`), false)
    await settled()
  }
  expect([socket.code, socket.frames.filter((frame) => frame === '!p').length]).toEqual([1013, 1_101])
  await server.shutdown()
})

test('when the log of a topic cannot be followed, the store is asked to unfollow it', async () => {
  const store = new MemoryStore()
  const unfollowed: string[] = []
  Object.assign(store.topics, {
    follow: async () => {
      throw new Error('no store')
    },
    unfollow: (topic: string) => unfollowed.push(topic),
  })
  let calls: Promise<PromiseSettledResult<void>[]> | undefined
  const socket = new FakeSocket()
  const server = sessions({
    store,
    opened: (session) => {
      calls = Promise.allSettled([session.subscribe('room'), session.subscribe('room')])
    },
  })
  server.accept(socket, {})
  await socket.hello({ n: 1 })
  const rejected = { status: 'rejected', reason: new Error('no store') }
  expect([await calls, unfollowed]).toEqual([[rejected, rejected], ['room']])
  await server.shutdown()
})

test('limits.topics counts the topics that a session had in another process, which are resumed in any case', async () => {
  const store = new MemoryStore()
  Object.assign(store, {
    claim: () => ({ type: 'resumed', kept: { got: 0, acked: 0, items: [], topics: ['hall', 'attic'] } }),
  })
  let call: Promise<unknown> | undefined
  const socket = new FakeSocket()
  const server = sessions({
    store,
    limits: { topics: 1 },
    opened: (session) => {
      call = session.subscribe('room').catch((error) => error)
    },
  })
  // This topic is known at once, and the others are not.
  await server.follow('room', () => {})
  server.accept(socket, {})
  await socket.hello({ n: 2, got: 0 })
  expect(await call).toBeInstanceOf(RangeError)
  expect(socket.frames).toEqual(['!w', '!s', '!s'])
  await server.shutdown()
})
