import { describe, expect, vi } from 'vitest'
import { Socket } from '../../src/index.ts'
import { FakeServer } from '../../src/testing/index.ts'
import { listen, test } from './fixtures.ts'

/** Not of the fake timers. */
const realTimeout = setTimeout

describe('handshakes', () => {
  test('are accepted, refused or not answered', async ({ serve, clock }) => {
    const server = serve()
    const states: number[] = []
    for (const answer of ['accept', 'refuse', 'hang', 'accept'] as const) {
      server[answer]()
      const socket = new server.WebSocket(server.url)
      await clock.tick(300_000)
      states.push(socket.readyState)
    }
    expect(states).toEqual([1, 3, 0, 1])
    expect([server.dials, server.clients.length]).toEqual([4, 2])
  })

  test('can be decided one by one, by URL and subprotocols', async ({ serve, clock }) => {
    const server = serve('wss://example.com/', {
      onRequest: ({ url, protocols }) => {
        if (url.searchParams.get('token') === 'bad') return 'refuse'
        return protocols.includes('slow') ? 'hang' : undefined
      },
    })
    const sockets = [
      new server.WebSocket('wss://example.com/?token=bad'),
      new server.WebSocket('wss://example.com/?token=good'),
      new server.WebSocket('wss://example.com/', 'slow'),
    ]
    await clock.tick(10)
    expect(sockets.map(({ readyState }) => readyState)).toEqual([3, 1, 0])
    expect(server.client.url).toBe('wss://example.com/?token=good')
  })

  test('select a subprotocol, the first unless told otherwise', async ({ serve, clock }) => {
    const server = serve()
    const first = new server.WebSocket(server.url, ['a', 'b'])
    await clock.tick(10)
    server.selectProtocol = (offered) => offered.at(-1)
    const last = new server.WebSocket(server.url, ['a', 'b'])
    await clock.tick(10)
    server.selectProtocol = () => 'c'
    const none = new server.WebSocket(server.url, ['a', 'b'])
    await clock.tick(10)
    expect([first.protocol, last.protocol, none.readyState]).toEqual(['a', 'b', 3])
    expect(server.clients.map(({ protocol, protocols }) => [protocol, ...protocols])).toEqual([
      ['a', 'a', 'b'],
      ['b', 'a', 'b'],
    ])
  })

  test('that hang end when the server vanishes, and when the client closes', async ({ serve, clock }) => {
    const server = serve()
    server.hang()
    const events = [1, 2].map(() => listen(new server.WebSocket(server.url)))
    await clock.tick(60_000)
    expect(events).toEqual([[], []])
    server.vanish()
    await clock.tick(10)
    expect(events).toEqual(Array(2).fill(['error', [1006, '']]))
  })
})

describe('messages', () => {
  test('are text, JSON and binary', async ({ serve, clock }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    socket.binaryType = 'arraybuffer'
    const events = listen(socket)
    await clock.tick(10)
    const bytes = new Uint8Array([0, 1, 2, 3])
    for (const message of ['text', { a: [1] }, ['x'], 5, null, bytes.subarray(1, 3), bytes.buffer])
      server.say(message)
    bytes.fill(9)
    await clock.tick(10)
    expect(events).toEqual([
      'open',
      'text',
      '{"a":[1]}',
      '["x"]',
      '5',
      'null',
      new Uint8Array([1, 2]).buffer,
      new Uint8Array([0, 1, 2, 3]).buffer,
    ])
    expect(() => server.say(undefined)).toThrow('has no JSON form')
  })

  test('may be blobs, in both directions', async ({ serve }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    socket.binaryType = 'arraybuffer'
    const events = listen(socket)
    const client = await server.connected()
    socket.send(new Blob(['abc']))
    expect(await client.heard()).toEqual(new TextEncoder().encode('abc'))
    client.say(new Blob(['de']))
    client.say('after it')
    await vi.waitFor(() => expect(events).toHaveLength(3))
    expect(events).toEqual(['open', new TextEncoder().encode('de').buffer, 'after it'])
  })

  test('of blobs arrive once they are read, and keep their order, also on a fake clock', async ({
    serve,
    clock,
  }) => {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    class SlowBlob extends Blob {
      override async arrayBuffer() {
        await released
        return super.arrayBuffer()
      }
    }
    const server = serve()
    const socket = new server.WebSocket(server.url)
    await server.connected()
    socket.send(new SlowBlob(['abc']))
    socket.send('after it')
    await clock.tick(100)
    expect(server.received).toEqual([])
    // Long after the fake clock has stopped: reading takes real time.
    realTimeout(release, 30)
    expect(await server.heard(undefined, { within: 1 })).toEqual(new Uint8Array([97, 98, 99]))
    expect(await server.heard()).toBe('after it')
  })

  test('go to every client, or to one', async ({ serve, clock }) => {
    const server = serve()
    const events = [1, 2, 3].map(() => listen(new server.WebSocket(server.url)))
    await clock.tick(10)
    const [first, second] = server.clients
    server.say('all')
    second?.say('one')
    first?.hangUp(4000, 'you')
    await clock.tick(10)
    expect(events).toEqual([
      ['open', 'all', [4000, 'you']],
      ['open', 'all', 'one'],
      ['open', 'all'],
    ])
    expect(first?.closed).toEqual({ code: 4000, reason: 'you', wasClean: true })
    expect(server.clients).toHaveLength(2)
  })

  test('can be answered where they arrive', async ({ serve, clock }) => {
    const server = serve(undefined, {
      onConnection: (client) => client.say('welcome'),
      onMessage: (client, message) => client.say(`echo of ${message}`),
    })
    const socket = new server.WebSocket(server.url)
    const events = listen(socket)
    socket.addEventListener('open', () => socket.send('hello'))
    await clock.tick(10)
    expect(events).toEqual(['open', 'welcome', 'echo of hello'])
    expect([server.received, server.client.received]).toEqual([['hello'], ['hello']])
  })

  test('that nobody can receive are the mistake of the test', async ({ serve, clock }) => {
    const server = serve()
    expect(() => server.say('x')).toThrow('no client is connected')
    expect(() => server.client).toThrow('no client is connected')
    new server.WebSocket(server.url)
    await clock.tick(10)
    const { client } = server
    server.hangUp(1001)
    expect(() => client.say('x')).toThrow(
      /client 1, whose connection has ended(.|\n)*is open(.|\n)*hangUp\(1001\)/,
    )
  })

  test('arrive though a hook throws for one of them', async ({ serve, clock }) => {
    const server = serve(undefined, {
      onMessage: (_, message) => {
        if (message === 'bad') throw new Error('the hook')
      },
    })
    const socket = new server.WebSocket(server.url)
    await clock.tick(10)
    server.stall()
    for (const message of ['bad', 'good']) socket.send(message)
    await clock.tick(10)
    expect(() => server.drain(1_000)).toThrow('the hook')
    await clock.tick(10)
    expect(server.received).toEqual(['bad', 'good'])
  })
})

describe('the ends of connections', () => {
  test('hangUp() sends a close frame, after what was said before', async ({ serve, clock }) => {
    const server = serve()
    const sockets = [listen(new server.WebSocket(server.url)), listen(new server.WebSocket(server.url))]
    await clock.tick(10)
    server.say('last words')
    server.hangUp()
    await clock.tick(10)
    expect(sockets).toEqual(Array(2).fill(['open', 'last words', [1005, '']]))
  })

  test.for([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, Number.NaN, 1000.5])(
    'hangUp(%d) is no close frame of a server',
    (code, { serve }) => {
      expect(() => serve().hangUp(code)).toThrow(RangeError)
    },
  )

  test('hangUp() takes a reason of 123 bytes', ({ serve }) => {
    expect(() => serve().hangUp(1000, '€'.repeat(41))).not.toThrow()
    expect(() => serve().hangUp(1000, '€'.repeat(42))).toThrow('longer than 123 bytes')
  })

  test('vanish() ends without a close frame, and the next handshake succeeds', async ({ serve, clock }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    const events = listen(socket)
    await clock.tick(10)
    const { client } = server
    server.vanish()
    socket.send('to nobody')
    await clock.tick(10)
    expect(events).toEqual(['open', [1006, '']])
    expect([client.closed?.wasClean, server.received, server.clients]).toEqual([false, [], []])
    const next = new server.WebSocket(server.url)
    await clock.tick(10)
    expect(next.readyState).toBe(1)
  })

  test('the client closes, and the server knows how', async ({ serve, clock: _ }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    const client = await server.connected()
    socket.send('last')
    socket.close(4001, 'bye')
    expect(await client.ended()).toEqual({ code: 4001, reason: 'bye', wasClean: true })
    expect(client.received).toEqual(['last'])
    expect(server.clients).toEqual([])
  })

  test('close frames that cross each other end it with the code of the other end', async ({
    serve,
    clock,
  }) => {
    const server = serve(undefined, { latency: 50 })
    const socket = new server.WebSocket(server.url)
    const events = listen(socket)
    await clock.tick(50)
    const { client } = server
    server.hangUp(1012)
    socket.close(4001)
    await clock.tick(200)
    expect(events).toEqual(['open', [1012, '']])
    expect(client.closed?.code).toBe(1012)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a muted network', () => {
  test('carries nothing, notifies nobody, and close() takes 60 s as in Chromium', async ({
    serve,
    clock,
  }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    const events = listen(socket)
    await clock.tick(10)
    server.mute()
    server.say('lost')
    socket.send('lost')
    await clock.tick(10)
    expect([events, server.received, socket.bufferedAmount]).toEqual([['open'], [], 0])
    const attempt = new server.WebSocket(server.url)
    socket.close()
    await clock.tick(59_999)
    expect([events, attempt.readyState]).toEqual([['open'], 0])
    await clock.tick(1)
    expect(events).toEqual(['open', [1006, '']])
  })

  test('carries again what is sent after unmute()', async ({ serve, clock }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    const events = listen(socket)
    await clock.tick(10)
    server.mute()
    server.say('lost')
    await clock.tick(10)
    server.unmute()
    server.say('heard')
    socket.send('heard')
    await clock.tick(10)
    expect([events, server.received]).toEqual([['open', 'heard'], ['heard']])
  })

  test('hides that the server vanished, until the client sends again', async ({ serve, clock }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    const events = listen(socket)
    await clock.tick(10)
    server.mute()
    server.vanish()
    await clock.tick(1_000)
    server.unmute()
    await clock.tick(1_000)
    expect(events).toEqual(['open'])
    socket.send('still there?')
    await clock.tick(10)
    expect(events).toEqual(['open', [1006, '']])
  })

  test('may be that of one client', async ({ serve, clock }) => {
    const server = serve()
    const events = [1, 2].map(() => listen(new server.WebSocket(server.url)))
    await clock.tick(10)
    server.clients[0]?.mute()
    server.say('news')
    await clock.tick(10)
    expect(events).toEqual([['open'], ['open', 'news']])
  })
})

describe('a slow network', () => {
  test('takes its latency for handshakes and frames, and keeps their order', async ({ serve, clock }) => {
    const server = serve()
    server.slow(500)
    const events = listen(new server.WebSocket(server.url))
    await clock.tick(499)
    expect(events).toEqual([])
    await clock.tick(1)
    server.say('slow')
    server.slow(0)
    server.say('fast')
    await clock.tick(499)
    expect(events).toEqual(['open'])
    await clock.tick(1)
    expect(events).toEqual(['open', 'slow', 'fast'])
  })

  test('takes its bandwidth, and bufferedAmount falls meanwhile', async ({ serve, clock }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    const events = listen(socket)
    await clock.tick(10)
    server.slow({ bytesPerSecond: 1_000 })
    socket.send(new Uint8Array(2_000))
    server.say('x'.repeat(500))
    await clock.tick(400)
    expect(events).toEqual(['open'])
    await clock.tick(200)
    expect(events).toHaveLength(2)
    await clock.tick(400)
    expect([socket.bufferedAmount, server.received.length]).toEqual([1_000, 0])
    await clock.tick(1_000)
    expect([socket.bufferedAmount, server.received.length]).toEqual([0, 1])
  })

  test('may stall, drain by the byte, and flow again', async ({ serve, clock }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    await clock.tick(10)
    server.stall()
    socket.send('12345')
    socket.send('678')
    await clock.tick(60_000)
    expect([socket.bufferedAmount, server.received]).toEqual([8, []])
    server.drain(6)
    expect([socket.bufferedAmount, server.received]).toEqual([2, ['12345']])
    server.flow()
    expect([socket.bufferedAmount, server.received]).toEqual([0, ['12345', '678']])
  })

  test('refuses what is no latency and no bandwidth', ({ serve }) => {
    const server = serve()
    for (const slow of [-1, Number.NaN, Number.POSITIVE_INFINITY, { bytesPerSecond: 0 }])
      expect(() => server.slow(slow)).toThrow(RangeError)
  })
})

describe('URLs', () => {
  test('are those of the constructor, with any query', async ({ serve, clock }) => {
    const server = serve('https://example.com/chat')
    expect(server.url).toBe('wss://example.com/chat')
    const urls = [
      'wss://example.com/chat',
      'wss://example.com/chat?token=1',
      'wss://example.com/other',
      'ws://example.com/chat',
      'wss://example.org/chat',
    ]
    const sockets = urls.map((url) => new server.WebSocket(url))
    await clock.tick(10)
    expect(sockets.map(({ readyState }) => readyState)).toEqual([1, 1, 3, 3, 3])
    expect(server.transcript).toContain('wss://example.org/chat, which no fake server answers')
  })

  test.for<[string, ConstructorParameters<typeof FakeServer>[0], number[]]>([
    ['a RegExp', /\/room\/\d+$/g, [1, 3, 1]],
    ['a function', ({ searchParams }) => searchParams.has('x'), [3, 1, 3]],
    ['a URL with a query', 'ws://a.test/room?x=1', [3, 1, 3]],
    ['nothing: all of them', undefined, [1, 1, 1]],
  ])('may be given as %s', async ([, pattern, states], { serve, clock }) => {
    const server = serve(pattern)
    const urls = ['ws://a.test/room/1', 'ws://a.test/room?x=1', 'ws://b.test/room/2']
    const sockets = urls.map((url) => new server.WebSocket(url))
    await clock.tick(10)
    expect(sockets.map(({ readyState }) => readyState)).toEqual(states)
  })

  test('that are none, and options that are none, throw', () => {
    expect(() => new FakeServer('no url')).toThrow('no url')
    expect(() => new FakeServer('ws://a.test', { onMesage() {} } as never)).toThrow(/onMesage.*onMessage/)
  })
})

describe('install()', () => {
  test('takes the place of the global WebSocket, for several servers', async ({ serve, clock }) => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
    const chat = serve('wss://example.com/chat').install()
    const news = serve('wss://example.com/news').install()
    const sockets = ['chat', 'news', 'other'].map((path) => new WebSocket(`wss://example.com/${path}`))
    await clock.tick(10)
    expect(sockets.map(({ readyState }) => readyState)).toEqual([1, 1, 3])
    expect([chat.clients.length, news.clients.length]).toEqual([1, 1])
    expect(chat.transcript).toContain('wss://example.com/other, which no fake server answers')
    expect([WebSocket.name, WebSocket.OPEN, sockets[0] instanceof WebSocket]).toEqual(['WebSocket', 1, true])
    chat.restore()
    expect(new WebSocket('wss://example.com/news').readyState).toBe(0)
    news.restore()
    expect(Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')).toEqual(before)
  })

  test('prefers the latest of two servers for one URL', async ({ serve, clock }) => {
    const first = serve().install()
    const second = serve().install()
    new WebSocket('ws://any.test/')
    await clock.tick(10)
    expect([first.clients.length, second.clients.length]).toEqual([0, 1])
  })

  test('leaves what somebody else has put there', ({ serve }) => {
    const server = serve().install()
    const other = class {}
    const ours = globalThis.WebSocket
    vi.stubGlobal('WebSocket', other)
    server.restore()
    expect(globalThis.WebSocket).toBe(other)
    vi.unstubAllGlobals()
    // What vitest has put back is restored by a server that is installed and restored after it.
    expect(globalThis.WebSocket).toBe(ours)
    Reflect.deleteProperty(globalThis, 'WebSocket')
  })

  test('is undone by `using`', async ({ clock }) => {
    const before = globalThis.WebSocket
    {
      using server = new FakeServer().install()
      new WebSocket('ws://any.test/')
      await clock.tick(10)
      expect(server.clients).toHaveLength(1)
    }
    expect(globalThis.WebSocket).toBe(before)
  })

  test('serves a Socket that looks for the global WebSocket', async ({ serve, clock: _ }) => {
    const server = serve().install()
    const socket = new Socket('wss://example.com/', { wake: false })
    await server.connected()
    socket.send('hello')
    await server.heard('hello')
    socket.close()
  })
})

describe('restore()', () => {
  test('leaves no timer, and nothing happens to the sockets any more', async ({ serve, clock }) => {
    const server = serve()
    const sockets = [1, 2].map(() => new server.WebSocket(server.url))
    const events = sockets.map(listen)
    await clock.tick(10)
    server.say('lost')
    sockets[0]?.close()
    server.restore()
    const later = new server.WebSocket(server.url)
    sockets[1]?.send('x')
    sockets[1]?.close()
    later.close()
    await clock.tick(100_000)
    expect(events).toEqual([['open'], ['open']])
    expect([vi.getTimerCount(), server.received]).toEqual([0, []])
    expect(() => server.install()).toThrow('Construct a new FakeServer')
  })

  test('clears timers where they were set, whatever the timers are now', async ({ serve }) => {
    const server = serve(undefined, { latency: 20 })
    const socket = new server.WebSocket(server.url)
    vi.useFakeTimers()
    server.restore()
    vi.useRealTimers()
    const later = serve(undefined, { latency: 40 })
    new later.WebSocket(later.url)
    await later.connected()
    expect(socket.readyState).toBe(0)
  })

  test('an idle connection has no timer either', async ({ serve, clock }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    await clock.tick(10)
    socket.send('x')
    await clock.tick(10)
    expect(vi.getTimerCount()).toBe(0)
  })
})
