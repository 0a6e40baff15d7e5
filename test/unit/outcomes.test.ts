import { getEventListeners } from 'node:events'
import { describe, expect, vi } from 'vitest'
import { messages, type Outcome, request, Socket, toText, upload } from '../../src/index.ts'
import { constructorOf, HOP, test, tick } from './stage.ts'

const settled = <Value>(promise: Promise<Value>) => {
  const state: { is: string; value?: Value; error?: Error } = { is: 'pending' }
  promise.then(
    (value) => Object.assign(state, { is: 'resolved', value }),
    (error) => Object.assign(state, { is: 'rejected', error }),
  )
  return state
}

describe('what became of a message is told once:', () => {
  const told = () => {
    const outcomes: Outcome[] = []
    return { outcomes, onOutcome: (outcome: Outcome) => outcomes.push(outcome) }
  }

  test('sent at once while open', async ({ open }) => {
    const { socket } = await open()
    const { outcomes, onOutcome } = told()
    expect(socket.send('a', { onOutcome })).toBe('sent')
    socket.close()
    expect(outcomes).toEqual([{ result: 'sent' }])
  })

  test('sent after a time in the queue', async ({ server, dial }) => {
    const { socket } = dial()
    const { outcomes, onOutcome } = told()
    expect(socket.send('a', { onOutcome })).toBe('queued')
    expect(outcomes).toEqual([])
    await tick(HOP)
    server.vanish()
    await tick(2_000)
    socket.close()
    expect(outcomes).toEqual([{ result: 'sent' }])
  })

  test.for<[string, string, (socket: Socket) => unknown]>([
    ['it was closed', 'the socket was closed', (socket) => socket.close()],
    [
      'the queue was dropped',
      "reconnect({ queue: 'drop' }) was called",
      (socket) => socket.reconnect({ queue: 'drop' }),
    ],
    [
      'a newer one took its place',
      'newer messages took its place (option queue.overflow)',
      (socket) => socket.send('b'),
    ],
    ['it waited too long', 'it waited longer than 500 ms (option queue.ttl)', () => tick(500)],
  ])('dropped, because %s', async ([, reason, cause], { server, dial }) => {
    server.hang()
    const { socket, all } = dial({ queue: { messages: 1, ttl: 500, overflow: 'oldest' } })
    const { outcomes, onOutcome } = told()
    socket.send('a', { onOutcome })
    await cause(socket as Socket)
    socket.close()
    expect(outcomes).toEqual([{ result: 'dropped', reason }])
    expect(all('drop')[0]).toMatchObject({ data: 'a', reason })
  })

  test.for<[string, string, number | false]>([
    ['there is no room', 'the queue is full: it holds 1 (option queue.messages)', 1],
    ['there is no queue', 'the connection is not open, and there is no queue (option queue)', false],
  ])('dropped at once, because %s', ([, reason, messages], { dial }) => {
    const { socket } = dial({ autoOpen: false, queue: messages === false ? false : { messages } })
    if (messages) socket.send('first')
    const { outcomes, onOutcome } = told()
    expect(socket.send('a', { onOutcome })).toBe('dropped')
    expect(outcomes).toEqual([{ result: 'dropped', reason }])
  })

  test('dropped at once, because the socket is closed', ({ dial }) => {
    const { socket, all } = dial({ autoOpen: false })
    socket.close()
    const { outcomes, onOutcome } = told()
    expect(socket.send('a', { onOutcome })).toBe('dropped')
    expect(outcomes).toEqual([{ result: 'dropped', reason: 'the socket is closed' }])
    expect(all('drop')).toEqual([])
  })

  test('a callback that throws is reported, and the next messages are sent', async ({
    server,
    dial,
    reports,
  }) => {
    const { socket } = dial()
    const bug = new Error('bug')
    socket.send('a', {
      onOutcome: () => {
        throw bug
      },
    })
    socket.send('b')
    await tick(2 * HOP)
    expect([server.received, reports()]).toEqual([['a', 'b'], [bug]])
  })

  test('a callback that closes the socket does not make its own message one that was dropped', async ({
    server,
    dial,
  }) => {
    const { socket, all } = dial()
    const { outcomes, onOutcome } = told()
    socket.send('a', {
      onOutcome: (outcome) => {
        onOutcome(outcome)
        socket.close()
      },
    })
    await tick(3 * HOP)
    expect([outcomes, all('drop'), server.received]).toEqual([[{ result: 'sent' }], [], ['a']])
  })

  test('a callback that sends does not overtake what is queued', async ({ server, dial }) => {
    const { socket } = dial()
    socket.send('a', { onOutcome: () => socket.send('d') })
    socket.send('b')
    socket.send('c')
    await tick(2 * HOP)
    expect(server.received).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a callback that sends goes behind what is spaced', async ({ server, dial }) => {
    const { socket } = dial({ queue: { perSecond: 100 } })
    socket.send('a', { onOutcome: () => socket.send('d') })
    socket.send('b')
    socket.send('c')
    await tick(100)
    expect(server.received).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('upload()', () => {
  test('knows its own message from another one of the same text', async ({ dial }) => {
    const { socket } = dial({ autoOpen: false, queue: { messages: 2, overflow: 'oldest' } })
    socket.send('same')
    const upload1 = settled(upload(socket, 'same'))
    // The first one is dropped, and not the upload.
    socket.send('other')
    await tick(1)
    expect(upload1.is).toBe('pending')
    socket.open()
    await tick(3 * HOP + 50)
    expect(upload1.is).toBe('resolved')
  })

  test('says why it was dropped', async ({ dial }) => {
    const { socket } = dial({ autoOpen: false })
    await expect(upload(socket, new Uint8Array(2_097_152))).rejects.toThrow(
      'upload: dropped, because 2,097,152 bytes do not fit the queue of 1,048,576 (option queue.bytes)',
    )
  })

  test('rejects when the connection breaks while it is under way', async ({ server, open }) => {
    const { socket } = await open()
    server.stall()
    const state = settled(upload(socket, new Uint8Array(1_000)))
    await tick(100)
    server.vanish()
    await tick(100)
    expect(state).toMatchObject({
      is: 'rejected',
      error: { message: expect.stringContaining('connection broke') },
    })
  })

  test('of nothing resolves, and tells 0 of 0', async ({ open }) => {
    const { socket } = await open()
    const progress = vi.fn()
    await upload(socket, '', { onProgress: progress })
    expect(progress.mock.calls).toEqual([[{ loaded: 0, total: 0 }]])
  })
})

describe('request()', () => {
  test("is not answered by a request of the server's that has the same id", async ({ server, open }) => {
    const { socket } = await open<unknown, object>()
    const state = settled(request(socket, { method: 'time' }))
    await tick(HOP)
    const { id } = JSON.parse(String(server.received[0])) as { id: number }
    server.send(JSON.stringify({ id, method: 'ask back' }))
    await tick(HOP)
    expect(state.is).toBe('pending')
    server.send(JSON.stringify({ id, result: 5 }))
    await tick(HOP)
    expect(state).toEqual({ is: 'resolved', value: { id, result: 5 } })
  })

  test('that was sent rejects when the connection breaks, and says so', async ({ server, open }) => {
    const { socket } = await open<unknown, object>()
    const state = settled(request(socket, {}))
    await tick(HOP)
    server.vanish()
    await tick(HOP)
    expect(state).toMatchObject({
      is: 'rejected',
      error: { message: 'request: the connection broke before the reply', cause: { code: 1006 } },
    })
  })

  test('that was sent rejects when the socket is suspended or reconnects', async ({ open }) => {
    for (const method of ['suspend', 'reconnect'] as const) {
      const { socket } = await open<unknown, object>()
      const state = settled(request(socket, {}))
      await tick(HOP)
      socket[method]()
      await tick(3 * HOP)
      expect([method, state.is]).toEqual([method, 'rejected'])
    }
  })

  test('says why it was dropped', async ({ dial }) => {
    const { socket } = dial<unknown, object>({ autoOpen: false, queue: false })
    await expect(request(socket, {})).rejects.toThrow(
      'request: dropped, because the connection is not open, and there is no queue (option queue)',
    )
  })

  test('is handled twice at most with resend, and its reply is the first', async ({ server, open }) => {
    const { socket } = await open<unknown, object>({ reconnect: () => 10 })
    const state = settled(request(socket, {}, { resend: true }))
    await tick(HOP)
    server.vanish()
    await tick(10 + 4 * HOP)
    expect(server.received.length).toBe(2)
    expect(server.received[0]).toBe(server.received[1])
    server.send(String(server.received[1]))
    await tick(HOP)
    expect(state.is).toBe('resolved')
  })
})

describe('greet', () => {
  test('leaves one abort listener during it, however often next() is called, and none after it', async ({
    server,
    dial,
  }) => {
    let signal: AbortSignal | undefined
    const counts: number[] = []
    const { socket } = dial({
      greet: async (greeting) => {
        signal = greeting.signal
        for (let i = 0; i < 50; i++) {
          const frame = greeting.next()
          counts.push(getEventListeners(greeting.signal, 'abort').length)
          await frame
        }
      },
    })
    await tick(HOP)
    for (let i = 0; i < 50; i++) server.send(`${i}`)
    await tick(HOP)
    expect(socket.status).toBe('open')
    expect(Math.max(...counts)).toBe(1)
    expect(signal && getEventListeners(signal, 'abort').length).toBe(0)
  })
})

describe('messages()', () => {
  test.for(['throw', 'return'] as const)(
    '%s() before the first next() stops listening',
    async (method, { server, open }) => {
      const parse = vi.fn(JSON.parse)
      const { socket } = await open({ parse })
      const { signal } = new AbortController()
      const loop = messages(socket, { signal })
      const done = loop[method](new Error('enough') as never)
      await Promise.allSettled([done])
      expect(getEventListeners(signal, 'abort').length).toBe(0)
      server.send('1')
      await tick(HOP)
      expect(parse).not.toHaveBeenCalled()
    },
  )
})

describe('text and binary frames', () => {
  const frames = ['"0"', new TextEncoder().encode('1'), '"2"', new TextEncoder().encode('3')]

  test('come in order out of messages(), though reading a Blob takes time', async ({ server, open }) => {
    const { socket } = await open({ binaryType: 'blob' })
    const texts: string[] = []
    const run = async () => {
      for await (const { data } of messages(socket, { of: 'message' })) texts.push(await toText(data))
    }
    const running = run()
    for (const frame of frames) server.send(frame)
    await tick(HOP)
    while (texts.length < 4) await new Promise((resolve) => setImmediate(resolve))
    expect(texts).toEqual(['"0"', '1', '"2"', '3'])
    socket.close()
    await running
  })

  test('an ArrayBuffer is decoded without a Blob in between', async () => {
    const blob = vi.fn()
    vi.stubGlobal('Blob', blob)
    expect(await toText(new TextEncoder().encode('grüße').buffer)).toBe('grüße')
    expect(await toText(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff]))).toBe('a\ufffd')
    expect(blob).not.toHaveBeenCalled()
  })
})

describe('what no WebSocket sends is refused, open or not:', () => {
  test.for<[string, unknown]>([
    ['an object with a byteLength', { byteLength: 3 }],
    ['a SharedArrayBuffer', new SharedArrayBuffer(3)],
    ['a view of a SharedArrayBuffer', new Uint8Array(new SharedArrayBuffer(3))],
  ])('%s', async ([, data], { server, dial }) => {
    const { socket } = dial({ autoOpen: false })
    expect(() => socket.send(data as never)).toThrow(TypeError)
    expect(socket.bufferedAmount).toBe(0)
    socket.open()
    await tick(HOP)
    expect(() => socket.send(data as never)).toThrow(TypeError)
    await tick(HOP)
    expect(server.received).toEqual([])
  })
})

describe('the constructor to dial with may be', () => {
  test.for<[string, (Real: ReturnType<typeof constructorOf>) => unknown]>([
    [
      'a function around the class',
      (Real) =>
        function Wrapped(url: string, protocols?: string[]) {
          return new Real(url, protocols)
        },
    ],
    ['a Proxy of the class', (Real) => new Proxy(Real, {})],
    [
      'a Proxy with a construct trap',
      (Real) =>
        new Proxy(Real, {
          construct: (Class, args: [string, string[]?]) => new Class(...args),
        }),
    ],
    ['a subclass', (Real) => class extends Real {}],
  ])('%s, as the global WebSocket', async ([, wrap], { server }) => {
    vi.stubGlobal('WebSocket', wrap(constructorOf(server)))
    server.onMessage = (peer, data) => peer.send(data === 'ping' ? 'pong' : `echo ${data}`)
    const socket = new Socket(server.url, {
      heartbeat: { ping: 'ping', pong: 'pong', interval: 1_000, timeout: 500 },
    })
    const texts: string[] = []
    socket.on('text', (text) => texts.push(text))
    socket.send('hello')
    await tick(10_000)
    expect([socket.status, server.dials, texts]).toEqual(['open', 1, ['echo hello']])
    server.vanish()
    await tick(3_000)
    expect([socket.status, server.dials]).toEqual(['open', 2])
    socket.close()
  })

  test('one that has the on… attributes and no addEventListener', async ({ server }) => {
    const Real = constructorOf(server)
    class Attributes {
      onopen: unknown = null
      onmessage: unknown = null
      onerror: unknown = null
      onclose: unknown = null
      readonly real: InstanceType<typeof Real>

      constructor(url: string, protocols?: string[]) {
        this.real = new Real(url, protocols)
        for (const type of ['open', 'message', 'error', 'close'] as const)
          this.real.addEventListener(type, (event) => {
            const listener = this[`on${type}`]
            if (typeof listener === 'function') listener.call(this, event)
          })
      }
      get readyState() {
        return this.real.readyState
      }
      get bufferedAmount() {
        return this.real.bufferedAmount
      }
      get protocol() {
        return this.real.protocol
      }
      set binaryType(type: BinaryType) {
        this.real.binaryType = type
      }
      send(data: string) {
        this.real.send(data)
      }
      close(code?: number, reason?: string) {
        this.real.close(code, reason)
      }
    }
    const socket = new Socket(server.url, { WebSocket: Attributes as never, binaryType: 'arraybuffer' })
    const heard: unknown[] = []
    socket.on('text', (text) => heard.push(text))
    socket.on('binary', (data) => heard.push(data))
    await tick(HOP)
    server.send('text')
    server.send(new Uint8Array([1]))
    await tick(HOP)
    expect(heard).toEqual(['text', new Uint8Array([1]).buffer])
    server.vanish()
    await tick(3_000)
    expect([socket.status, server.dials]).toEqual(['open', 2])
    const { peer } = server
    socket.close(4000, 'bye')
    peer.send('late')
    await tick(2 * HOP)
    expect([peer.closed, heard.length]).toEqual([{ code: 4000, reason: 'bye' }, 2])
  })
})
