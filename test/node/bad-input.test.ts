import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { type Options, Socket } from '../../src/index.ts'
import { test as base } from '../support/fixtures.ts'
import type { Peer } from '../support/server.ts'

/* What a hostile or broken server says, over real sockets. */

const test = base.extend<{ meet: (options?: Options) => Promise<{ socket: Socket; peer: Peer }> }>({
  meet: async ({ listen }, use) => {
    const server = await listen()
    const sockets: Socket[] = []
    await use(async (options = {}) => {
      const socket = new Socket(server.url, { WebSocket, reconnect: { base: 20, max: 20 }, ...options })
      sockets.push(socket)
      await socket.opened()
      return { socket, peer: await server.connection() }
    })
    for (const socket of sockets) socket.close()
  },
})

const until = (socket: Socket, last: unknown) => {
  const heard: unknown[] = []
  return new Promise<unknown[]>((resolve) => {
    socket.on('invalid', () => heard.push('invalid'))
    socket.on('json', (message) => {
      heard.push(message)
      if (message === last) resolve(heard)
    })
  })
}

test('10 MB of JSON, nesting without end, and half of a message: each is told, and the next one comes', async ({
  meet,
}) => {
  const { socket, peer } = await meet()
  const heard = until(socket, 'next')
  peer.send(`{"text":"${'x'.repeat(10_000_000)}"}`)
  peer.send('['.repeat(1_000_000))
  peer.send('{"half":')
  peer.send('"next"')
  const [large, ...rest] = await heard
  expect((large as { text: string }).text.length).toBe(10_000_000)
  expect(rest).toEqual(['invalid', 'invalid', 'next'])
})

test('a __proto__ in a message pollutes nobody', async ({ meet }) => {
  const { socket, peer } = await meet()
  const heard = until(socket, 'next')
  peer.send('{"__proto__":{"polluted":true}}')
  peer.send('"next"')
  await heard
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
})

test.for<[string, Buffer]>([
  ['text that is not UTF-8', Buffer.from([0xff, 0xfe])],
  ['a frame larger than the socket takes', Buffer.alloc(2_000, 'x')],
])('%s ends the line, not the process', async ([, text], { meet }) => {
  class Small extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols, { maxPayload: 1_000 })
    }
  }
  const { socket, peer } = await meet({ WebSocket: Small })
  const waiting = new Promise<{ close: object }>((resolve) => socket.on('waiting', resolve))
  peer.socket.send(text, { binary: false })
  expect((await waiting).close).toMatchObject({ code: 1006, wasClean: false, error: expect.any(Error) })
  await socket.opened()
})

test.for([401, 404, 503])(
  'HTTP %i to the upgrade is a failed attempt, and says so',
  async (status, { listen, proxy }) => {
    const line = await proxy(await listen())
    line.answer = { status }
    const socket = new Socket(line.url, { WebSocket, reconnect: { base: 20, max: 20 } })
    const { close } = await new Promise<{ close: object }>((resolve) => socket.on('waiting', resolve))
    expect(close).toMatchObject({
      code: 1006,
      wasClean: false,
      cause: 'peer',
      error: { message: expect.stringContaining(String(status)) },
    })
    line.answer = 'pass'
    await socket.opened()
    socket.close()
  },
)

test('a subprotocol that was not selected is a failed attempt with a clear reason', async ({ listen }) => {
  const server = await listen({ handleProtocols: () => false })
  const socket = new Socket(server.url, { WebSocket, protocols: ['chat'], reconnect: false })
  const close = await new Promise((resolve) => socket.on('closed', resolve))
  expect(close).toMatchObject({
    code: 1006,
    error: { message: expect.stringMatching(/subprotocol|selected/) },
  })
})
