import { connect as dial } from 'node:net'
import { expect, test } from 'vitest'
import { connect, refused, serve, settle } from './support.ts'

const paths = [
  '/echo',
  '/hello',
  '/push',
  '/ws',
  '/chat-room',
  '/guest',
  '/guest-on-demand',
  '/upload',
  '/chat',
]

test('a wrong path is a 404 that names the right ones', async () => {
  const { socketUrl } = await serve()
  const { status, body } = await refused(`${socketUrl}/nowhere`)
  expect(status).toBe(404)
  expect(body).toContain('/chat-room')
})

test.each(paths)('%s ends an oversized message with 1009 and the limit', async (path) => {
  const server = await serve({ uploadLimit: 65_536 })
  const client = await connect(server.socketUrl + path)
  client.send(Buffer.alloc(5 * 1024 * 1024))
  const { code, reason } = await client.closed
  expect(code).toBe(1009)
  expect(reason).toMatch(/^At most \d+ bytes per message\.$/)
  await settle(server)
})

test.each(paths)('%s lives through a client that breaks the protocol', async (path) => {
  const server = await serve()
  const client = await connect(server.socketUrl + path)
  const raw = (client.socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket
  // An unmasked frame, which a server must not take from a client.
  raw.write(Buffer.from([0x81, 0x02, 0x68, 0x69]))
  expect((await client.closed).code).toBe(1002)
  await settle(server)
})

test.each(paths)('%s lives through empty, binary and hostile frames', async (path) => {
  const server = await serve()
  const client = await connect(server.socketUrl + path)
  for (const frame of [
    '',
    '{',
    '[]',
    'null',
    '"x"',
    '{"__proto__":{"type":"join"}}',
    '{"type":"__proto__"}',
  ]) {
    client.send(frame)
    client.send(Buffer.from(frame))
  }
  await settle(server)
  expect(client.socket.readyState).toBe(client.socket.OPEN)
})

test('a text that is not UTF-8 ends with 1007', async () => {
  const server = await serve()
  const client = await connect(`${server.socketUrl}/echo`)
  client.socket.send(Buffer.from([0xff, 0xfe]), { binary: false })
  expect((await client.closed).code).toBe(1007)
  await settle(server)
})

test('a client that answers no ping is cut, one that does is kept, and the service sends none', async () => {
  const server = await serve({ pingInterval: 50 })
  const [dead, alive, unasked] = await Promise.all(
    ['/echo', '/echo', '/ws'].map((path) => connect(server.socketUrl + path)),
  )
  dead?.socket.pause()
  unasked?.socket.pause()
  await expect.poll(() => server.clients().length).toBe(2)
  let asked = 0
  alive?.socket.on('ping', () => asked++)
  // Enough rounds to disconnect a client that did not answer one of them.
  await expect.poll(() => asked).toBeGreaterThan(3)
  expect(server.clients().length).toBe(2)
  expect(alive?.socket.readyState).toBe(alive?.socket.OPEN)
})

test('one client too many is told 503', async () => {
  const { socketUrl } = await serve({ maxConnections: 1 })
  await connect(`${socketUrl}/echo`)
  expect(await refused(`${socketUrl}/echo`)).toEqual({ status: 503, body: 'Too many connections.\n' })
})

test.each([
  'GET //[ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  'GET //[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  'nonsense\r\n\r\n',
])('a broken request gets an HTTP answer and affects no other client (%#)', async (request) => {
  const server = await serve()
  const answer = await new Promise<string>((resolve) => {
    let text = ''
    const line = dial(server.port, '127.0.0.1', () => line.write(request))
    line.on('data', (chunk) => {
      text += chunk
    })
    line.on('close', () => resolve(text))
    line.on('error', () => {})
  })
  expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
  await settle(server)
})

test('a client that vanishes inside the handshake affects no other client', async () => {
  const server = await serve()
  const line = dial(server.port, '127.0.0.1', () => {
    line.write('GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    line.resetAndDestroy()
  })
  line.on('error', () => {})
  await settle(server)
})
