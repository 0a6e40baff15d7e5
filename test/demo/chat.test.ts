import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { DemoServer } from '../../demo/server/server.ts'
import { type Client, connect, png, serve } from './support.ts'

async function join({ socketUrl }: DemoServer, name: string, more: object = {}): Promise<Client> {
  const client = await connect(`${socketUrl}/chat`)
  client.send({ type: 'join', name, session: `session of ${name}`, ...more })
  return client
}

const picture = (id: string, bytes = png) =>
  Buffer.concat([Buffer.from(`{"type":"image","id":"${id}","name":"dot.png"}\n`), bytes])

/** The next picture, taken apart. */
async function nextPicture(client: Client): Promise<{ header: Record<string, unknown>; bytes: Buffer }> {
  for (;;) {
    const frame = await client.next()
    if (typeof frame === 'string') continue
    const end = frame.indexOf('\n')
    return { header: JSON.parse(frame.toString('utf8', 0, end)), bytes: frame.subarray(end + 1) }
  }
}

test('the first frame is the handshake as the server saw it, with the right answer to the key', async () => {
  const { socketUrl } = await serve()
  const client = await connect(`${socketUrl}/chat?x=1`)
  const { method, url, headers, accept, response } = await client.json('handshake')
  expect([method, url]).toEqual(['GET', '/chat?x=1'])
  const key = (headers as Record<string, string>)['sec-websocket-key']
  const hash = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  expect(accept).toBe(hash)
  expect(response).toContain('HTTP/1.1 101 Switching Protocols')
})

test('who joins is welcomed and shown to the others', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const { id } = await ann.json('welcome')
  const bob = await join(server, 'Bob')
  expect((await bob.json('welcome')).people).toEqual([
    { id, name: 'Ann', away: false },
    { id: expect.any(String), name: 'Bob', away: false },
  ])
  expect((await ann.json('system')).text).toBe('Ann joined')
  expect((await ann.json('system')).text).toBe('Bob joined')
})

test('a text reaches the others, and its sender gets the receipt', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const bob = await join(server, 'Bob')
  await bob.json('welcome')
  ann.send({ type: 'message', id: 'm1', text: 'hi <b>Bob</b>' })
  const heard = await bob.json('message')
  expect(heard).toMatchObject({ id: 'm1', from: { name: 'Ann' }, text: 'hi <b>Bob</b>' })
  expect(await ann.json('delivered')).toMatchObject({ id: 'm1', seq: heard.seq, at: heard.at })
})

test('a message that is sent twice is heard once and has one receipt', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const bob = await join(server, 'Bob')
  await bob.json('welcome')
  for (const text of ['first', 'again']) ann.send({ type: 'message', id: 'm1', text })
  ann.send({ type: 'message', id: 'm2', text: 'second' })
  expect((await bob.json('message')).text).toBe('first')
  expect((await bob.json('message')).text).toBe('second')
  const receipts = [await ann.json('delivered'), await ann.json('delivered'), await ann.json('delivered')]
  const [first, again] = receipts.filter(({ id }) => id === 'm1')
  expect(again).toEqual(first)
})

test('an id that somebody else used already is still free', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  ann.send({ type: 'message', id: 'same', text: 'of Ann' })
  await ann.json('delivered')
  const bob = await join(server, 'Bob')
  bob.send({ type: 'message', id: 'same', text: 'of Bob' })
  expect((await ann.json('message')).text).toBe('of Bob')
})

test('pictures of two senders stay with their names', async () => {
  const server = await serve()
  const [ann, bob, eve] = await Promise.all(['Ann', 'Bob', 'Eve'].map((name) => join(server, name)))
  if (!ann || !bob || !eve) throw new Error()
  await eve.json('welcome')
  for (let round = 0; round < 20; round++) {
    ann.send(picture(`a${round}`, Buffer.concat([png, Buffer.alloc(50_000, 'a')])))
    bob.send(picture(`b${round}`, Buffer.concat([png, Buffer.alloc(70_000, 'b')])))
  }
  for (let count = 0; count < 40; count++) {
    const { header, bytes } = await nextPicture(eve)
    const { name } = header.from as { name: string }
    expect(header).toMatchObject({ type: 'image', name: 'dot.png', mime: 'image/png' })
    expect(String(header.id)[0]).toBe(name[0]?.toLowerCase())
    expect(bytes.subarray(png.length).toString()).toBe(
      (name === 'Ann' ? 'a' : 'b').repeat(bytes.length - png.length),
    )
  }
})

test('who was cut off hears what was said meanwhile, and nothing twice', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const bob = await join(server, 'Bob')
  const { room } = await bob.json('welcome')
  ann.send({ type: 'message', id: '1', text: 'before' })
  const { seq: since } = await bob.json('message')
  bob.socket.terminate()
  ann.send({ type: 'message', id: '2', text: 'meanwhile' })
  ann.send(picture('3'))
  while ((await ann.json('delivered')).id !== '3');
  const back = await join(server, 'Bob', { room, since })
  expect(await back.json('welcome')).toMatchObject({ missed: false })
  expect((await back.json()).text).toBe('meanwhile')
  expect((await nextPicture(back)).header.id).toBe('3')
})

test('a number of another room is not believed', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  ann.send({ type: 'message', id: '1', text: 'hello' })
  await ann.json('delivered')
  const bob = await join(server, 'Bob', { room: 'of an earlier life', since: 1_000 })
  expect((await bob.json('message')).text).toBe('hello')
})

test('the history is bounded, and who missed more is told so', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const { room } = await ann.json('welcome')
  for (let count = 0; count < 60; count++) ann.send({ type: 'message', id: `${count}`, text: `${count}` })
  while ((await ann.json('delivered')).id !== '59');
  const bob = await join(server, 'Bob', { room, since: 1 })
  expect((await bob.json('welcome')).missed).toBe(true)
  expect((await bob.json('message')).text).toBe('10')
})

test('the same person over two connections does not leave and does not come', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const bob = await join(server, 'Bob')
  const { id } = await bob.json('welcome')
  bob.socket.terminate()
  while (!JSON.stringify(await ann.json('people')).includes('"away":true'));
  const back = await join(server, 'Bob')
  expect((await back.json('welcome')).id).toBe(id)
  while (JSON.stringify(await ann.json('people')).includes('"away":true'));
  expect(ann.rest().filter((frame) => /left|joined/.test(String(frame)))).toEqual([])
})

test('a clean close is a goodbye', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const bob = await join(server, 'Bob')
  await bob.json('welcome')
  bob.socket.close(1000)
  while ((await ann.json('system')).text !== 'Bob left');
})

test('who reloads the page neither leaves nor comes', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const bob = await join(server, 'Bob')
  await bob.json('welcome')
  while ((await ann.json('system')).text !== 'Bob joined');
  bob.socket.close(1001)
  await bob.closed
  await (await join(server, 'Bob')).json('welcome')
  ann.send({ type: 'message', id: '1', text: 'hello' })
  await ann.json('delivered')
  expect(ann.rest().filter((frame) => /left|joined/.test(String(frame)))).toEqual([])
})

test('a new name is announced, given at once or with the next join', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const bob = await join(server, 'Bob')
  await bob.json('welcome')
  bob.send({ type: 'rename', name: 'Rob' })
  while ((await ann.json('system')).text !== 'Bob is now Rob');
  await join(server, 'Robert', { session: 'session of Bob' })
  while ((await ann.json('system')).text !== 'Rob is now Robert');
})

test('the place of a person is taken over, and the old connection told', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  await ann.json('welcome')
  await join(server, 'Ann')
  expect(await ann.closed).toEqual({
    code: 4409,
    reason: 'The same person joined from another tab or window.',
  })
})

test.each([
  [
    { type: 'message', id: '1', text: 'hi' },
    { id: '1', message: 'Join first.' },
  ],
  [{ type: 'fault', kind: 'drop' }, { message: 'Join first.' }],
  [{ type: 'join', session: 's' }, { message: 'The name is missing.' }],
  [
    { type: 'join', name: 'x'.repeat(25), session: 's' },
    { message: 'The name is too long: at most 24 characters.' },
  ],
  [{ type: 'join', name: 'Ann', session: {} }, { message: 'The session is missing.' }],
  [{ type: 'dance' }, { message: 'The type is join, rename, message or fault.' }],
  ['hello', { message: 'This is not JSON.' }],
  [picture('1'), { id: '1', message: 'Join first.' }],
])('a stranger is told what was wrong (%#)', async (bad, error) => {
  const { socketUrl } = await serve()
  const client = await connect(`${socketUrl}/chat`)
  client.send(bad)
  expect(await client.json('error')).toEqual({ type: 'error', ...error })
})

test.each([
  [
    { type: 'message', id: '1', text: ' ' },
    { id: '1', message: 'The text is missing.' },
  ],
  [
    { type: 'message', id: '1', text: 'x'.repeat(4_001) },
    { id: '1', message: 'The text is too long: at most 4000 characters.' },
  ],
  [{ type: 'message', text: 'hi' }, { message: 'The id is missing.' }],
  [{ type: 'fault', kind: 'shutdown' }, { message: 'The kind of fault is drop, silence or restart.' }],
  [{ type: 'join', name: 'Ann', session: 's' }, { message: 'You have joined already.' }],
  [
    picture('1', Buffer.from('<svg/>')),
    { id: '1', message: 'This is not a picture: send PNG, JPEG, GIF, WebP or AVIF.' },
  ],
  [Buffer.concat([Buffer.from('x\n'), png]), { message: 'This is not JSON.' }],
  [png.subarray(0, 0), { message: 'A binary message is one line of JSON and then the bytes of a picture.' }],
])('a member is told what was wrong and stays (%#)', async (bad, error) => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  ann.send(bad)
  expect(await ann.json('error')).toEqual({ type: 'error', ...error })
  ann.send({ type: 'message', id: '9', text: 'still here' })
  expect((await ann.json('delivered')).id).toBe('9')
})

test.each(['A\u202enn\u0000\n', 'A\u200bn\u2060n\ufeff', '\u200f Ann \u200d'])(
  'letters that pose as others are taken out of names (%#)',
  async (name) => {
    const server = await serve()
    const ann = await join(server, name)
    expect((await ann.json('welcome')).name).toBe('Ann')
  },
)

test.each(['\u0001\u202e', '\u200b', '\u200d\u2060', '\ufeff', ' \u200e '])(
  'a name or a text of which nothing is to be seen is missing (%#)',
  async (nothing) => {
    const server = await serve()
    const stranger = await join(server, nothing)
    expect((await stranger.json('error')).message).toBe('The name is missing.')
    const ann = await join(server, 'Ann')
    ann.send({ type: 'rename', name: nothing })
    expect((await ann.json('error')).message).toBe('The name is missing.')
    ann.send({ type: 'message', id: '1', text: nothing })
    expect((await ann.json('error')).message).toBe('The text is missing.')
  },
)

test('a text keeps what joins its letters', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const bob = await join(server, 'Bob')
  await bob.json('welcome')
  const text = '\u{1f469}\u200d\u{1f4bb} \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645'
  ann.send({ type: 'message', id: '1', text })
  expect((await bob.json('message')).text).toBe(text)
})

test('who says too much at once is told so about each message, and stays', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  // As much as a page keeps for a line that is away is not too much.
  for (let count = 0; count < 1_200; count++) ann.send({ type: 'message', id: `${count}`, text: 'spam' })
  const refused = await ann.json('error')
  expect(Number(refused.id)).toBeGreaterThanOrEqual(1_000)
  expect(refused.message).toBe('Not so fast: the next one may come in 1 s.')
  ann.send('ping')
  while ((await ann.next()) !== 'pong');
})

test('a name may be changed a few times, not all the time', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  for (let count = 0; count < 20; count++) ann.send({ type: 'rename', name: `Ann ${count}` })
  expect((await ann.json('error')).message).toMatch(/^Not so fast: the next one may come in [12] s\.$/)
  ann.send({ type: 'message', id: '1', text: 'still here' })
  expect((await ann.json('delivered')).id).toBe('1')
})

test('who joins with a bad name is not let try for ever', async () => {
  const { socketUrl } = await serve()
  const stranger = await connect(`${socketUrl}/chat`)
  for (let count = 0; count < 20; count++) stranger.send({ type: 'join', name: '', session: 's' })
  while (!String((await stranger.json('error')).message).startsWith('Not so fast'));
})

test('ping is answered with pong', async () => {
  const { socketUrl } = await serve()
  const client = await connect(`${socketUrl}/chat`)
  await client.next()
  client.send('ping')
  expect(await client.next()).toBe('pong')
})
