import { describe, expect } from 'vitest'
import { SendQueue } from '../../src/core/policy/send-queue.ts'
import { messages, type Options, request, Socket, upload } from '../../src/index.ts'
import { fake } from '../support/fakes.ts'
import { HOP, setClock, sleep, test, tick } from './stage.ts'

const outcome = (promise: Promise<unknown>) => {
  const state = { is: 'pending', error: undefined as unknown }
  promise.then(
    () => Object.assign(state, { is: 'resolved' }),
    (error: unknown) => Object.assign(state, { is: 'rejected', error }),
  )
  return state
}

describe('a queued message whose connection is ended by a listener of open', () => {
  test('is not taken for sent, and arrives once', async ({ server, dial }) => {
    const { socket } = dial({ autoOpen: false })
    let first = true
    socket.on('open', () => {
      if (first) socket.reconnect()
      first = false
    })
    const sent = outcome(upload(socket, 'a file'))
    const asked = outcome(request(socket, { what: 1 }, { match: () => true }))
    socket.open()
    await tick(10 * HOP + 100)
    expect([sent.is, asked.is]).toEqual(['resolved', 'pending'])
    expect(server.received).toEqual(['a file', '{"what":1}'])
    socket.close()
  })
})

describe('a signal', () => {
  test('closes a socket that was never opened', async ({ dial }) => {
    const abort = new AbortController()
    const { socket } = dial({ autoOpen: false, signal: abort.signal })
    const opened = outcome(socket.opened())
    abort.abort(new Error('enough'))
    await tick()
    expect([socket.status, socket.send('x'), opened.is]).toEqual(['closed', 'dropped', 'rejected'])
    expect(socket.closed).toMatchObject({ cause: 'signal', error: new Error('enough') })
  })
})

test('opened() after the end rejects with how it ended', async ({ open }) => {
  const { socket } = await open()
  socket.close(4000, 'bye')
  await expect(socket.opened()).rejects.toMatchObject({ cause: { code: 4000, reason: 'bye', cause: 'user' } })
})

test('a function that gives bad subprotocols is asked again, though the url is static', async ({
  dial,
  server,
}) => {
  let names: string[] = ['bad token']
  const { socket } = dial({ protocols: () => names, reconnect: () => 100 })
  await tick(HOP)
  expect(socket.status).toBe('waiting')
  names = []
  await tick(100 + HOP)
  expect([socket.status, server.dials]).toEqual(['open', 1])
})

describe('an option of the wrong type', () => {
  const { FakeWebSocket } = fake()
  test.for<[string, object]>([
    ['final', { final: 4000 }],
    ['reconnect', { reconnect: 5 }],
    ['queue', { queue: 5 }],
    ['greet', { greet: 'x' }],
    ['heartbeat.ping', { heartbeat: { ping: {} } }],
    ['heartbeat.ping', { heartbeat: { ping: Symbol('ping') } }],
    ['heartbeat.ping', { heartbeat: { ping: null } }],
    ['parse', { parse: 'x' }],
  ])('is a TypeError that names %s', ([name, options]) => {
    const make = () => new Socket('ws://fake', { WebSocket: FakeWebSocket, ...options } as Options)
    expect(make).toThrow(TypeError)
    expect(make).toThrow(`holdfast: ${name}: must be `)
  })
})

test('a sleep of the machine ends a wait, though nothing tells the page', async ({ server, open }) => {
  const { socket } = await open({ reconnect: () => 3_600_000 })
  server.vanish()
  await tick(HOP)
  sleep(7_200_000)
  await tick(10_000 + HOP)
  expect(socket.status).toBe('open')
})

test('a clock that is set back makes no wait longer', async ({ server, open }) => {
  const { socket } = await open({ reconnect: () => 25_000, wake: false })
  server.vanish()
  await tick(HOP)
  setClock(-7_200_000)
  await tick(25_000 + HOP)
  expect(socket.status).toBe('open')
})

test('offline does not shorten a longer wait', async ({ page, server, open }) => {
  const { last } = await open({ reconnect: () => 60_000 })
  server.vanish()
  await tick(HOP)
  page.tell('offline')
  expect(last('waiting')?.delay).toBe(60_000)
})

test('a sleep of 75 s is noticed without a heartbeat, whenever it began', async ({ open }) => {
  for (const after of [1_000, 5_000, 9_000]) {
    const { socket, last } = await open()
    await tick(after)
    sleep(75_000)
    await tick(10_000)
    expect(last('waiting')?.close.cause).toBe('wake')
    socket.close()
  }
})

test('an asynchronous schema that rejects is invalid, and no unhandled rejection', async ({
  server,
  open,
}) => {
  const validate = async () => {
    throw new Error('later')
  }
  const { socket, all } = await open({ schema: { '~standard': { validate } } })
  socket.on('json', () => {})
  server.send('{}')
  await tick(HOP)
  expect(all('invalid')).toHaveLength(1)
})

test('a greeting that waits for a frame no longer is not an unhandled rejection', async ({ open }) => {
  const { socket } = await open({
    greet: ({ next }) => {
      for (let i = 0; i < 20; i++) void next()
    },
  })
  socket.close()
  await tick(HOP)
  expect(socket.status).toBe('closed')
})

test('a loop that is left before it began listens no more', async ({ server, open }) => {
  const { socket } = await open()
  const loop = messages(socket, { of: 'text' })
  await loop.return()
  server.send('unheard')
  await tick(HOP)
  expect(await loop.next()).toEqual({ done: true, value: undefined })
})

test('a pong may be the empty text', async ({ server, open }) => {
  const texts: string[] = []
  const { socket } = await open({ heartbeat: { ping: 'ping', pong: '' } })
  socket.on('text', (text) => texts.push(text))
  server.send('')
  server.send('news')
  await tick(HOP)
  expect(texts).toEqual(['news'])
})

test('a queue keeps its order and its count while it is taken from and pushed to', () => {
  const queue = new SendQueue<number>({
    messages: 1_000,
    bytes: 10_000,
    overflow: 'oldest',
    ttl: 100,
    perSecond: Infinity,
  })
  const out: number[] = []
  const take = (most?: number) => queue.takeWhile((item) => out.push(item) > 0, most)
  for (let i = 0; i < 5_000; i++) {
    out.push(...(queue.push(i, 1, i) ?? []))
    if (i % 3) take(1)
    if (i % 1_000 === 999) out.push(...queue.expired(i))
  }
  take()
  expect(out).toEqual(Array.from({ length: 5_000 }, (_, i) => i))
  expect([queue.bytes, queue.length]).toEqual([0, 0])
})
