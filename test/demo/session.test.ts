import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { Session } from '../../src/session/client/index.ts'
import { node, redis } from './redis.ts'
import { Client, connect, png, refused, serve } from './support.ts'

interface Message {
  type: string
  id?: string
  text?: string
  message?: string
  from?: { name: string }
  [field: string]: unknown
}

/** Somebody in the room by way of a session: all that they heard, doubled messages included. `topics`: what a page kept. */
function enter(name: string, url: () => string, topics: Record<string, string> = {}) {
  const all: Message[] = []
  const pictures: Uint8Array[] = []
  const gaps: unknown[] = []
  const session = new Session<Message>(url, {
    auth: () => JSON.stringify({ name, session: `session of ${name}` }),
    topics,
    reconnect: { max: 200 },
    WebSocket: WebSocket as never,
    binaryType: 'arraybuffer',
  })
  onTestFinished(() => session.close())
  session.on('json', (message) => all.push(message))
  session.on('binary', (bytes) => pictures.push(new Uint8Array(bytes as ArrayBuffer)))
  session.on('topic', (event) => event.type === 'gap' && gaps.push(event))
  const texts = () =>
    all.filter(({ type, from }) => type === 'message' && from?.name !== name).map(({ text }) => text)
  const own = () =>
    all.filter(({ type, from }) => type === 'message' && from?.name === name).map(({ text }) => text)
  const people = () => all.filter(({ type }) => type === 'people' || type === 'welcome').at(-1)?.people
  const say = (id: string, text: string) => session.delivered(JSON.stringify({ type: 'message', id, text }))
  const until = async (type: string, when: (message: Message) => unknown = () => true) => {
    await expect
      .poll(() => all.some((message) => message.type === type && when(message)), { timeout: 15_000 })
      .toBe(true)
    return all.filter((message) => message.type === type && when(message)).at(-1) as Message
  }
  return { session, all, pictures, gaps, texts, own, people, say, until }
}

const chatOf =
  ({ socketUrl }: { socketUrl: string }) =>
  () =>
    `${socketUrl}/chat`

describe('one server', () => {
  test('visitors with and without a session hear each other', async () => {
    const server = await serve()
    const ann = enter('Ann', chatOf(server))
    await ann.until('welcome')
    const bob = await connect(`${server.socketUrl}/chat`)
    bob.send({ type: 'join', name: 'Bob', session: 'session of Bob' })
    await bob.json('welcome')
    await ann.say('a1', '!hello')
    expect((await bob.json('message')).text).toBe('!hello')
    bob.send({ type: 'message', id: 'b1', text: 'hello yourself' })
    await ann.until('message', ({ from }) => from?.name === 'Bob')
    expect([ann.own(), ann.texts()]).toEqual([['!hello'], ['hello yourself']])
    expect((await bob.json('delivered')).id).toBe('b1')
    expect(ann.all.map(({ type }) => type).slice(0, 2)).toEqual(['handshake', 'welcome'])
  })

  test('pictures too', async () => {
    const server = await serve()
    const [ann, bob] = [enter('Ann', chatOf(server)), enter('Bob', chatOf(server))]
    await Promise.all([ann.until('welcome'), bob.until('welcome')])
    const large = Buffer.concat([png, Buffer.alloc(3_000_000, 'a')])
    await ann.session.delivered(
      Buffer.concat([Buffer.from('{"type":"image","id":"1","name":"dot.png"}\n'), large]),
    )
    await expect.poll(() => bob.pictures.length).toBe(1)
    const bytes = Buffer.from(bob.pictures[0] ?? [])
    expect(bytes.subarray(bytes.indexOf('\n') + 1).equals(large)).toBe(true)
    await ann.session.delivered(Buffer.from('{"type":"image","id":"2","name":"no.png"}\nthis is text'))
    expect(await ann.until('error')).toMatchObject({
      id: '2',
      message: expect.stringContaining('not a picture'),
    })
  })

  test('what is said while the server cuts all lines again and again is heard once and in order', async () => {
    const server = await serve()
    const [ann, bob] = [enter('Ann', chatOf(server)), enter('Bob', chatOf(server))]
    await Promise.all([ann.until('welcome'), bob.until('welcome')])
    let over = false
    const cuts = (async () => {
      for (let count = 0; !over; count++) {
        await wait(60)
        server.restart(0)
        if (over) return count
      }
      return 0
    })()
    const texts = Array.from({ length: 200 }, (_, index) => `${index}`)
    const said: Promise<void>[] = []
    for (const text of texts) {
      said.push(ann.say(text, text))
      await wait(5)
    }
    await Promise.all(said)
    over = true
    await cuts
    await expect.poll(() => bob.texts().length, { timeout: 10_000 }).toBe(200)
    expect(bob.texts()).toEqual(texts)
    expect(ann.own()).toEqual(texts)
    expect(ann.all.filter(({ type }) => type === 'system').map(({ text }) => text)).toEqual([
      'Ann joined',
      'Bob joined',
    ])
  }, 30_000)

  test.each(['drop', 'silence'])('%s: the session goes on over a new line', async (kind) => {
    const server = await serve()
    const [ann, bob] = [enter('Ann', chatOf(server)), enter('Bob', chatOf(server))]
    await Promise.all([ann.until('welcome'), bob.until('welcome')])
    const resumed = new Promise((resolve) => ann.session.on('resumed', resolve))
    ann.session.sendJson({ type: 'fault', kind })
    if (kind === 'silence') {
      await wait(50)
      void ann.say('lost', 'into the silence').catch(() => {})
      await bob.say('b', 'do you hear me?')
      await wait(50)
      expect([ann.texts(), bob.texts()]).toEqual([[], []])
      ann.session.reconnect()
    }
    await resumed
    await ann.say('back', 'back')
    await bob.until('message', ({ text }) => text === 'back')
    expect(bob.texts()).toEqual(kind === 'silence' ? ['into the silence', 'back'] : ['back'])
    if (kind === 'silence') expect(ann.texts()).toEqual(['do you hear me?'])
  })

  test('who was away with a full outbox is made to wait, and loses none of it', async () => {
    const server = await serve({ restartTime: 1_000 })
    const [ann, bob] = [enter('Ann', chatOf(server)), enter('Bob', chatOf(server))]
    await Promise.all([ann.until('welcome'), bob.until('welcome')])
    const away = new Promise((resolve) => ann.session.on('waiting', resolve))
    server.restart()
    await away
    const texts = Array.from({ length: 500 }, (_, index) => `${index}`)
    await Promise.all(texts.map((text) => ann.say(text, text)))
    await expect.poll(() => bob.texts().length).toBe(texts.length)
    expect(bob.texts()).toEqual(texts)
    expect(ann.all.filter(({ type }) => type === 'error')).toEqual([])
  })

  test('restart: refused for a while, then it goes on where it was', async () => {
    const server = await serve({ restartTime: 300 })
    const ann = enter('Ann', chatOf(server))
    await ann.until('welcome')
    const fresh: unknown[] = []
    ann.session.on('fresh', (value) => fresh.push(value))
    const resumed = new Promise((resolve) => ann.session.on('resumed', resolve))
    ann.session.sendJson({ type: 'fault', kind: 'restart' })
    await ann.until('system', ({ text }) => text === 'The server restarts')
    expect((await refused(`${server.socketUrl}/chat`, ['holdfast.1'])).status).toBe(503)
    await ann.say('1', 'said while it was away')
    await resumed
    expect(fresh).toEqual([])
  })

  test('a hello without a name is not let in, and bad input is told', async () => {
    const server = await serve()
    const closed = new Promise<{ code: number }>((resolve) =>
      enter('', chatOf(server)).session.on('closed', resolve as never),
    )
    expect((await closed).code).toBe(4401)
    const ann = enter('Ann', chatOf(server))
    await ann.until('welcome')
    await ann.say('1', 'x'.repeat(4_001))
    expect(await ann.until('error')).toMatchObject({
      id: '1',
      message: 'The text is too long: at most 4000 characters.',
    })
    await ann.session.delivered('no JSON')
    expect((await ann.until('error', ({ id }) => !id)).message).toBe('This is not JSON.')
  })

  test('the same person by another way ends the session; it does not leave and does not come', async () => {
    const server = await serve()
    const ann = enter('Ann', chatOf(server))
    const bob = enter('Bob', chatOf(server))
    await Promise.all([ann.until('welcome'), bob.until('welcome')])
    const closed = new Promise((resolve) => ann.session.on('closed', resolve))
    const plain = await connect(`${server.socketUrl}/chat`)
    plain.send({ type: 'join', name: 'Ann', session: 'session of Ann' })
    await plain.json('welcome')
    await closed
    expect((await ann.until('ended')).message).toBe('The same person joined from another tab or window.')
    await wait(1_700)
    expect(bob.all.filter(({ text }) => /^Ann left/.test(text ?? ''))).toEqual([])
  })

  test('who closes the session says goodbye', async () => {
    const server = await serve()
    const [ann, bob] = [enter('Ann', chatOf(server)), enter('Bob', chatOf(server))]
    await Promise.all([ann.until('welcome'), bob.until('welcome')])
    ann.session.close()
    await bob.until('system', ({ text }) => text === 'Ann left')
  })
})

describe('two servers and one Redis', () => {
  test('share the room; who was on the one that is killed goes on with the other', async () => {
    const url = await redis()
    const nodes = await Promise.all([node(url), node(url)])
    const [first, second] = nodes
    const at = (port: number) => `ws://127.0.0.1:${port}/chat`
    let tries = 0
    const ann = enter('Ann', () => at(nodes[tries++ % 2]?.port ?? 0))
    const bob = enter('Bob', () => at(second?.port ?? 0))
    const eve = new Client(at(second?.port ?? 0))
    onTestFinished(() => eve.socket.terminate())
    await eve.opened()
    eve.send({ type: 'join', name: 'Eve', session: 'session of Eve' })
    await Promise.all([ann.until('welcome'), bob.until('welcome'), eve.json('welcome')])
    await bob.until('people', ({ people }) => JSON.stringify(people).includes('Ann'))

    const fresh: unknown[] = []
    ann.session.on('fresh', (value) => fresh.push(value))
    const texts = Array.from({ length: 100 }, (_, index) => `${index}`)
    const said: Promise<void>[] = []
    for (const text of texts) {
      said.push(ann.say(text, text), bob.say(`b${text}`, `bob ${text}`))
      await wait(10)
      if (text === '50') await first?.kill()
    }
    await Promise.all(said)
    await expect.poll(() => bob.texts().length).toBe(100)
    expect(bob.texts()).toEqual(texts)
    await expect.poll(() => ann.texts().length).toBe(100)
    expect(ann.texts()).toEqual(texts.map((text) => `bob ${text}`))
    const heard: unknown[] = []
    while (heard.length < 200) heard.push((await eve.json('message')).text)
    expect(heard.filter((text) => !String(text).startsWith('bob'))).toEqual(texts)
    expect(fresh).toEqual([])
    const comings = bob.all.filter(({ type, text }) => type === 'system' && /^Ann/.test(text ?? ''))
    expect(comings.length).toBeLessThanOrEqual(1)

    const picture = Buffer.concat([Buffer.from('{"type":"image","id":"p","name":"dot.png"}\n'), png])
    await ann.session.delivered(picture)
    await expect.poll(() => bob.pictures.length).toBe(1)
    expect(
      Buffer.from(bob.pictures[0] ?? [])
        .subarray(-png.length)
        .equals(png),
    ).toBe(true)
  })

  test('one is killed: who comes back is not away, who does not is away and leaves, and nothing is lost or doubled', async () => {
    const url = await redis()
    const [first, second] = await Promise.all([node(url, '--away', '5'), node(url, '--away', '5')])
    const at = (port: number) => `ws://127.0.0.1:${port}/chat`
    let port = first.port
    const ann = enter('Ann', () => at(port))
    const bob = enter('Bob', () => at(second.port))
    // Has no other server to go to.
    const carl = enter('Carl', () => at(first.port))
    await Promise.all([ann.until('welcome'), bob.until('welcome'), carl.until('welcome')])
    const shown = () => bob.people() as { name: string; away: boolean }[]
    const everybody = (carl: object[]) =>
      expect
        .poll(() => [...shown()].sort((a, b) => a.name.localeCompare(b.name)))
        .toMatchObject([{ name: 'Ann', away: false }, { name: 'Bob', away: false }, ...carl])
    await everybody([{ name: 'Carl', away: false }])

    const texts = Array.from({ length: 60 }, (_, index) => `${index}`)
    const said: Promise<void>[] = []
    for (const text of texts) {
      said.push(ann.say(text, text), bob.say(text, text))
      await wait(10)
      if (text !== '30') continue
      await first.kill()
      port = second.port
    }
    await Promise.all(said)
    for (const { texts: heard, own } of [ann, bob]) {
      await expect.poll(() => [heard(), own()]).toEqual([texts, texts])
    }
    await everybody([{ name: 'Carl', away: true }])
    await everybody([])
    const system = bob.all.filter(({ type }) => type === 'system').map(({ text }) => text)
    expect(system.sort()).toEqual(['Ann joined', 'Bob joined', 'Carl joined', 'Carl left'])
    expect([ann.gaps, bob.gaps]).toEqual([[], []])
  })

  test('who reloads the page goes on where it was, also on the other one, and neither leaves nor comes', async () => {
    const url = await redis()
    const [first, second] = await Promise.all([node(url), node(url)])
    const at = (port: number) => () => `ws://127.0.0.1:${port}/chat`
    const [ann, bob] = [enter('Ann', at(first.port)), enter('Bob', at(second.port))]
    await Promise.all([ann.until('welcome'), bob.until('welcome')])
    await bob.until('people', ({ people }) => JSON.stringify(people).includes('Ann'))
    for (const text of ['1', '2']) await bob.say(text, text)
    await expect.poll(() => ann.texts()).toEqual(['1', '2'])
    const cursor = ann.session.cursor('room') ?? ''
    for (const text of ['3', '4']) await bob.say(text, text)
    ann.session.close()
    const again = enter('Ann', at(second.port), { room: cursor })
    await bob.say('5', '5')
    await expect.poll(() => again.texts()).toEqual(['3', '4', '5'])
    expect(again.gaps).toEqual([])
    // Longer than the first server waits for somebody who may be back.
    await wait(2_500)
    expect(bob.all.filter(({ text }) => /^Ann/.test(text ?? '')).map(({ text }) => text)).toEqual([
      'Ann joined',
    ])
  })

  test('who is on the one that is stopped goes on with the other, and does not come a second time', async () => {
    const url = await redis()
    const nodes = await Promise.all([node(url), node(url)])
    const [first, second] = nodes
    let port = first?.port
    const ann = enter('Ann', () => `ws://127.0.0.1:${port}/chat`)
    const bob = enter('Bob', () => `ws://127.0.0.1:${second?.port}/chat`)
    await Promise.all([ann.until('welcome'), bob.until('welcome')])
    await bob.until('people', ({ people }) => JSON.stringify(people).includes('Ann'))
    const resumed = new Promise((resolve) => ann.session.on('resumed', resolve))
    await first?.stop()
    // Longer than the other one takes to look who is here.
    await wait(1_500)
    port = second?.port
    await resumed
    await ann.say('1', 'back')
    await bob.until('message', ({ text }) => text === 'back')
    const comings = bob.all.filter(({ type, text }) => type === 'system' && /^Ann/.test(text ?? ''))
    expect(comings.map(({ text }) => text)).toEqual(['Ann joined'])
  })

  test('a Redis that is emptied is another room: all are told, and go on', async () => {
    const url = await redis()
    const server = await serve({ redis: url })
    const client = new Redis(url)
    onTestFinished(() => client.disconnect())
    const [ann, bob] = [enter('Ann', chatOf(server)), enter('Bob', chatOf(server))]
    const dave = await connect(`${server.socketUrl}/chat`)
    dave.send({ type: 'join', name: 'Dave', session: 'session of Dave' })
    await Promise.all([ann.until('welcome'), bob.until('welcome'), dave.json('welcome')])
    for (const text of ['1', '2', '3']) await ann.say(text, text)
    await expect.poll(() => bob.texts()).toEqual(['1', '2', '3'])
    const fresh = Promise.all(
      [ann, bob].map(({ session }) => new Promise((resolve) => session.on('fresh', resolve))),
    )
    await client.flushall()
    await fresh
    await expect.poll(() => bob.gaps.length, { timeout: 10_000 }).toBe(1)
    const eve = await connect(`${server.socketUrl}/chat`)
    eve.send({ type: 'join', name: 'Eve', session: 'session of Eve' })
    await eve.json('welcome')
    await ann.say('4', '4')
    // Her own arrival is the first message of the new room.
    expect(await eve.json('welcome')).toMatchObject({ missed: true })
    while ((await eve.json('message')).text !== '4');
    expect((await dave.closed).code).toBe(1006)
  })
})
