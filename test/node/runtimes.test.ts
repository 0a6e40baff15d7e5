import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket as TcpSocket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, vi } from 'vitest'
import { WebSocketServer, WebSocket as Ws } from 'ws'
import { request, Socket, upload, type WebSocketConstructor } from '../../src/index.ts'
import { Session } from '../../src/session/client/index.ts'
import { Sessions } from '../../src/session/server/index.ts'
import { ReconnectingWebSocket } from '../../src/websocket/index.ts'
import { until } from '../session/node/fixtures.ts'
import { test } from '../support/fixtures.ts'

const WebSocket = Ws as unknown as WebSocketConstructor

/** A `ws` server that hands each connection over. Returns its URL. */
async function serve(connected: (socket: Ws, request: import('node:http').IncomingMessage) => void) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', connected)
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const client of server.clients) client.terminate()
    await new Promise((resolve) => server.close(resolve))
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** A server of sessions that sends every message back, and answers requests. */
async function serveSessions() {
  const received: string[] = []
  const sessions = new Sessions({
    received: (session, message) => {
      received.push(String(message))
      session.send(String(message))
    },
  })
  onTestFinished(() => sessions.shutdown())
  const url = await serve((socket, incoming) => sessions.accept(socket, incoming))
  return { url, received }
}

test('Socket, helpers and Session work with the globals of React Native, and the drop-in says what is missing', async () => {
  const echo = await serve((socket) => socket.on('message', (data, binary) => socket.send(data, { binary })))
  const { url } = await serveSessions()
  const script = join(import.meta.dirname, 'runtimes.ts')
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, echo, url], {
    timeout: 50_000,
  })
  expect(JSON.parse(stdout)).toEqual({
    text: 'hello',
    reply: ['ask', 'id'],
    timeout: 'TimeoutError',
    aborted: 'AbortError',
    bytes: 'x',
    badClose: 'InvalidAccessError: holdfast: close: the code must be 1000 or 3000 to 4999, not 1',
    badUrl:
      "SyntaxError: holdfast: url: 'ftp://x/' is not a valid WebSocket URL: 'ftp:' is not supported. Use 'ws:' or 'wss:'.",
    protocols: 'open',
    session: 'once',
    dropIn:
      'TypeError: holdfast: there is no global EventTarget here. Load a polyfill for it, or use Socket, which needs none.',
    withoutWebSocket: [
      'idle',
      'holdfast: there is no global WebSocket here. Pass one as the option WebSocket.',
    ],
  })
})

test('where there is no WebSocket, Socket and Session are constructed, and dial once there is one', async () => {
  vi.stubGlobal('WebSocket', undefined)
  onTestFinished(() => {
    vi.unstubAllGlobals()
  })
  const url = await serve((socket) => socket.send('welcome'))
  const socket = new Socket(url)
  new Socket(url, { autoOpen: false })
  new Session(url, { autoOpen: false })
  const closed = await new Promise((resolve) => socket.on('closed', resolve))
  expect(closed).toMatchObject({ cause: 'refused', reason: expect.stringContaining('no global WebSocket') })
  const text = new Promise((resolve) => socket.on('text', resolve))
  vi.stubGlobal('WebSocket', Ws)
  socket.open()
  expect(await text).toBe('welcome')
  socket.close()
})

test('the drop-in dials with a WebSocket that was put in place after it was loaded', async () => {
  const url = await serve((socket) => socket.send('welcome'))
  const made: string[] = []
  class Mock extends Ws {
    constructor(address: string, protocols?: string[]) {
      super(address, protocols)
      made.push(address)
    }
  }
  vi.stubGlobal('WebSocket', Mock)
  onTestFinished(() => {
    vi.unstubAllGlobals()
  })
  const socket = new ReconnectingWebSocket(url)
  await new Promise((resolve) => socket.addEventListener('message', resolve))
  socket.close()
  expect(made).toEqual([url])
})

/** A server as many tutorials write it: what one `recv` of 1,024 bytes gives is taken for one frame. */
async function serveOneReadPerFrame() {
  const received: string[] = []
  const connections = new Set<TcpSocket>()
  const server = createServer((connection) => {
    connections.add(connection)
    connection.setNoDelay(true)
    connection.on('error', () => {})
    connection.once('data', (head) => {
      const key = /sec-websocket-key: (.+)\r\n/i.exec(head.toString())?.[1] ?? ''
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      connection.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      )
      connection.on('data', (chunk) => received.push(unmasked(chunk.subarray(0, 1_024))))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const connection of connections) connection.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { received, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

/** The text of a short masked frame, with everything that follows it taken for its text too. */
function unmasked(chunk: Buffer) {
  const mask = chunk.subarray(2, 6)
  return Buffer.from(chunk.subarray(6).map((byte, i) => byte ^ (mask[i % 4] ?? 0))).toString()
}

test('a server that takes one read for one frame gets each queued message by itself with queue.perSecond', async () => {
  const { received, url } = await serveOneReadPerFrame()
  const texts = ['first', 'second', 'third']
  const socket = new Socket(url, { WebSocket, queue: { perSecond: 20 } })
  for (const text of texts) expect(socket.send(text)).toBe('queued')
  await until(() => received.length === 3, 20_000)
  expect(received).toEqual(texts)
  socket.close()
})

test('an upload and a request over a session survive a cut, and the server handles each once', async ({
  proxy,
}) => {
  const { url, received } = await serveSessions()
  const line = await proxy({ port: Number(new URL(url).port) })
  const session = new Session<{ id?: number }, object>(line.url, {
    WebSocket,
    reconnect: { base: 10, max: 20 },
  })
  onTestFinished(() => session.close())
  await session.opened()
  line.hole = 'up'
  const reply = request(session, { ask: 'time' }, { timeout: 20_000 })
  const file = upload(session, 'same')
  const again = upload(session, 'same')
  await new Promise((resolve) => setImmediate(resolve))
  line.hole = 'none'
  session.reconnect()
  expect(await reply).toMatchObject({ ask: 'time' })
  await Promise.all([file, again])
  expect(received.filter((text) => text === 'same').length).toBe(2)
  expect(received.filter((text) => text.includes('time')).length).toBe(1)
})

test('an upload over a session resolves while the window of the server is full', async () => {
  const { url } = await serveSessions()
  const session = new Session(url, { WebSocket })
  onTestFinished(() => session.close())
  for (let i = 0; i < 1_500; i++) session.send(`${i}`)
  await upload(session, 'file')
})

test('what a session has to write again counts as buffered, and drained() waits for it', async () => {
  const session = new Session('ws://127.0.0.1:1/', { WebSocket, autoOpen: false })
  session.send('12345')
  session.send('€')
  expect(session.bufferedAmount).toBe(8)
  let isDrained = false
  const drained = session.drained().then(
    () => {
      isDrained = true
    },
    () => {},
  )
  await new Promise((resolve) => setImmediate(resolve))
  expect(isDrained).toBe(false)
  session.close()
  await drained
  expect([isDrained, session.bufferedAmount]).toEqual([false, 0])
})

test('delivered() and deliveredJson() say how it ended for a message that is lost', async () => {
  const session = new Session('ws://127.0.0.1:1/', { WebSocket, autoOpen: false })
  const both = [session.delivered('a'), session.deliveredJson({ b: 1 })]
  session.close()
  const ends = await Promise.allSettled(both)
  expect(ends.map((end) => end.status === 'rejected' && (end.reason as Error).cause)).toEqual([
    'lost',
    'lost',
  ])
  await expect(session.delivered('c')).rejects.toMatchObject({ cause: 'lost' })
})
