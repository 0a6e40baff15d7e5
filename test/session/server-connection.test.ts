import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { type ServerSession, Sessions, type SessionsOptions } from '../../src/session/server/index.ts'

const sessions = (options: SessionsOptions<unknown>) => new Sessions(options)
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** The server's end of a WebSocket without a network. Records what is done to it and to the TCP connection below it. */
class FakeSocket {
  readonly #events = new EventEmitter()
  readonly log: string[] = []
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

  close(): void {
    this.emit('close', 1000)
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
