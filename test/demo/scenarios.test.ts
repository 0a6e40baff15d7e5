import { expect, test } from 'vitest'
import { connect, refused, serve, settle } from './support.ts'

test.each(['/echo', '/hello'])('%s gives every text the same answer', async (path) => {
  const { socketUrl } = await serve()
  const client = await connect(socketUrl + path)
  client.send('Ann: hi')
  expect(await client.next()).toBe('this is server')
})

test('a client is pushed to by its id, and an id that is gone is told', async () => {
  const server = await serve()
  const client = await connect(`${server.socketUrl}/echo`)
  const id = server.clients()[0]?.id ?? 0
  expect(server.push(id, 'news')).toBe(true)
  expect(await client.next()).toBe('news')
  expect(server.push(id + 1, 'news')).toBe(false)
})

test('a client is pushed to by its tag, from another connection', async () => {
  const { socketUrl } = await serve()
  const client = await connect(`${socketUrl}/echo?tag=me`)
  const pusher = await connect(`${socketUrl}/push`)
  pusher.send({ to: 'me', text: 'over here' })
  expect(await client.next()).toBe('over here')
  expect(await pusher.json()).toEqual({ pushed: true, to: 'me' })
  pusher.send({ to: 'nobody', text: 'hello?' })
  expect(await pusher.json()).toEqual({ pushed: false, to: 'nobody' })
  pusher.send({ text: 'hello?' })
  expect(await pusher.json()).toEqual({ type: 'error', message: 'The to is missing: an id or a tag.' })
})

test('the handshake, the texts and the close are logged, a text on one line', async () => {
  const lines: string[] = []
  const server = await serve({ log: (line) => lines.push(line) })
  const client = await connect(`${server.socketUrl}/echo`)
  client.send('one\ntwo')
  await client.next()
  client.socket.close(1000, 'bye')
  await client.closed
  await settle(server)
  expect(lines.slice(0, 2)).toEqual(['/echo #1 handshake from 127.0.0.1', '/echo #1 text "one\\ntwo"'])
  expect(lines).toContain('/echo #1 close 1000 "bye"')
})

test('the service sends a welcome, replies with the text and the date, and answers ping', async () => {
  const { socketUrl } = await serve()
  const client = await connect(`${socketUrl}/ws`)
  expect(await client.next()).toBe('Welcome to LaravelS')
  client.send('hello')
  expect(await client.next()).toMatch(/^Received: hello, \d{4}-\d\d-\d\dT/)
  client.send('ping')
  expect(await client.next()).toBe('pong')
})

test('the service cuts a client that says nothing, without a close frame, though it is pushed to', async () => {
  const server = await serve({ heartbeatIdleTime: 0.4, heartbeatCheckInterval: 0.1 })
  const start = Date.now()
  const client = await connect(`${server.socketUrl}/ws`)
  const id = server.clients()[0]?.id ?? 0
  const pushing = setInterval(() => server.push(id, 'news'), 50)
  expect(await client.closed).toEqual({ code: 1006, reason: '' })
  clearInterval(pushing)
  expect(Date.now() - start).toBeGreaterThanOrEqual(400)
  expect(Date.now() - start).toBeLessThan(1_500)
})

test('the service keeps a client that says something in time', async () => {
  const { socketUrl } = await serve()
  const client = await connect(`${socketUrl}/ws?idle=0.5&check=0.1`)
  const quiet = await connect(`${socketUrl}/ws?idle=0.5&check=0.1`)
  const talking = setInterval(() => client.send('ping'), 100)
  await quiet.closed
  clearInterval(talking)
  expect(client.socket.readyState).toBe(client.socket.OPEN)
})

test.each(['idle=0', 'idle=-1', 'idle=1e3', 'check=x', 'idle=99999', 'idle='])(
  'the service refuses ?%s',
  async (query) => {
    const { socketUrl } = await serve()
    expect(await refused(`${socketUrl}/ws?${query}`)).toEqual({
      status: 400,
      body: 'idle and check are seconds, from 0.1 to 3600.\n',
    })
  },
)

test('the chat room tells everybody who comes, who goes and what is said', async () => {
  const { socketUrl } = await serve()
  const ann = await connect(`${socketUrl}/chat-room`)
  expect(await ann.json()).toEqual({ type: 'system', message: '127.0.0.1 connected' })
  const bob = await connect(`${socketUrl}/chat-room`)
  expect(await ann.json()).toEqual({ type: 'system', message: '127.0.0.1 connected' })
  ann.send({ name: 'Ann', message: 'hi' })
  expect(await ann.json()).toEqual({ type: 'usermsg', name: 'Ann', message: 'hi' })
  expect(await bob.json('usermsg')).toEqual({ type: 'usermsg', name: 'Ann', message: 'hi' })
  bob.socket.close()
  expect(await ann.json()).toEqual({ type: 'system', message: '127.0.0.1 disconnected' })
})

test.each([
  ['{"message":"hi"}', 'The name is missing.'],
  ['{"name":" ","message":"hi"}', 'The name is missing.'],
  ['{"name":"Ann"}', 'The message is missing.'],
  ['{"name":"Ann","message":7}', 'The message is missing.'],
  [
    JSON.stringify({ name: 'Ann', message: 'x'.repeat(2_001) }),
    'The message is too long: at most 2000 characters.',
  ],
  ['hi', 'This is not JSON.'],
  ['["Ann","hi"]', 'A JSON object is expected.'],
  ['{"__proto__":{"name":"Ann","message":"hi"}}', 'The name is missing.'],
  ['['.repeat(60_000), 'This is not JSON.'],
  [Buffer.from('hi'), 'This path takes text only.'],
])('the chat room tells the sender, and nobody else, what was wrong (%#)', async (bad, message) => {
  const { socketUrl } = await serve()
  const ann = await connect(`${socketUrl}/chat-room`)
  const bob = await connect(`${socketUrl}/chat-room`)
  ann.send(bad)
  expect(await ann.json('error')).toEqual({ type: 'error', message })
  ann.send({ name: 'Ann', message: 'still here' })
  await bob.json('system')
  expect(await bob.json()).toEqual({ type: 'usermsg', name: 'Ann', message: 'still here' })
})

test('guests come at once and then by themselves', async () => {
  const { socketUrl } = await serve({ guestInterval: [20, 40] })
  const client = await connect(`${socketUrl}/guest`)
  client.send('welcome, all of you')
  for (let guests = 0; guests < 3; guests++) {
    expect(await client.json()).toEqual({
      guest: expect.any(String),
      time: expect.stringMatching(/^\d\d:\d\d:\d\d$/),
    })
  }
})

test('guests on demand come one per message, after a first frame that is not JSON', async () => {
  const { socketUrl } = await serve()
  const client = await connect(`${socketUrl}/guest-on-demand`)
  expect(await client.next()).toBe('The server is listening to you now.')
  client.send('who?')
  expect(await client.json()).toHaveProperty('guest')
  client.send(Buffer.from('and who?'))
  expect(await client.json()).toHaveProperty('guest')
})

test('of chat and superchat, chat is selected; of superchat alone, superchat', async () => {
  const { socketUrl } = await serve()
  expect((await connect(`${socketUrl}/superchat`, ['superchat', 'chat'])).socket.protocol).toBe('chat')
  expect((await connect(`${socketUrl}/superchat`, ['superchat'])).socket.protocol).toBe('superchat')
})

test.each([[[]], [['graphql-ws']]])('a client that offers %j to superchat is refused', async (protocols) => {
  const { socketUrl } = await serve()
  expect((await refused(`${socketUrl}/superchat`, protocols)).status).toBe(400)
})

test('one path selects none of the subprotocols it is offered', async () => {
  const { socketUrl } = await serve()
  await expect(connect(`${socketUrl}/no-protocol`, ['chat'])).rejects.toThrow('no subprotocol')
})

test('the connections of one browser know their number and share their messages; other browsers do not', async () => {
  const { socketUrl } = await serve()
  const url = `${socketUrl}/shared?browser=`
  const first = await connect(`${url}browser-1`)
  const second = await connect(`${url}browser-1`)
  const other = await connect(`${url}browser-2`)
  expect((await first.json('connections')).connections).toBe(1)
  expect((await first.json('connections')).connections).toBe(2)
  expect((await second.json('connections')).connections).toBe(2)
  expect((await other.json('connections')).connections).toBe(1)
  second.send({ type: 'message', from: 'Tab 2', text: 'hello' })
  expect(await first.json('message')).toEqual({ type: 'message', from: 'Tab 2', text: 'hello' })
  second.send({ type: 'drop' })
  expect((await second.closed).code).toBe(1006)
  expect((await first.json('connections')).connections).toBe(1)
  expect(other.rest()).toEqual([])
  expect((await refused(`${url}x`)).status).toBe(400)
})
