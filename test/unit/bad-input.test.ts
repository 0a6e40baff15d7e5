import { describe, expect, vi } from 'vitest'
import type { Options, Socket } from '../../src/index.ts'
import { HOP, test, tick } from './stage.ts'

type Url = ConstructorParameters<typeof Socket>[0]

describe('a bad address', () => {
  test.for<[string, Url]>([
    ['of another scheme', 'ftp://fake.test/'],
    ['that is no address', 'ws://['],
    ['with a fragment', 'ws://fake.test/#part'],
    ['that is empty', ''],
    ['that is undefined', undefined as never],
    ['whose function gives undefined', () => undefined as never],
    ['whose function gives another scheme', async () => 'ftp://fake.test/'],
  ])('%s is told clearly, and hammers nobody', async ([, url], { server, dial }) => {
    let told: unknown
    try {
      const { heard } = dial({}, url ?? (null as never))
      await tick(900)
      told = heard.find(({ name }) => name === 'waiting' || name === 'closed')?.value
      if (told && typeof told === 'object' && 'close' in told) told = told.close
      expect(told).toMatchObject({ wasClean: false, error: expect.any(Error) })
    } catch (error) {
      told = error
      expect((error as Error).message).toMatch(/url|address|URL/)
    }
    expect(told).toBeDefined()
    expect(server.live).toEqual([])
  })
})

describe('a bad subprotocol', () => {
  test.for<[string, string[]]>([
    ['with a space', ['not a token']],
    ['that is empty', ['']],
    ['that stands twice', ['chat', 'chat']],
  ])('%s is told clearly', async ([, protocols], { server, dial }) => {
    let error: unknown
    try {
      const { last } = dial({ protocols })
      await tick(500)
      error = (last('closed') ?? last('waiting')?.close)?.error
    } catch (thrown) {
      error = thrown
    }
    expect((error as Error).name).toBe('SyntaxError')
    expect(server.live).toEqual([])
  })
})

describe('a bad option', () => {
  const numbers: [string, (value: number) => Options][] = [
    ['attemptTimeout', (value) => ({ attemptTimeout: value })],
    ['base', (value) => ({ reconnect: { base: value } })],
    ['factor', (value) => ({ reconnect: { factor: value } })],
    ['max', (value) => ({ reconnect: { max: value } })],
    ['attempts', (value) => ({ reconnect: { attempts: value } })],
    ['stableAfter', (value) => ({ reconnect: { stableAfter: value } })],
    ['interval', (value) => ({ heartbeat: { ping: 'ping', interval: value } })],
    ['timeout', (value) => ({ heartbeat: { ping: 'ping', timeout: value } })],
    ['silence', (value) => ({ heartbeat: { silence: value } })],
    ['messages', (value) => ({ queue: { messages: value } })],
    ['bytes', (value) => ({ queue: { bytes: value } })],
    ['ttl', (value) => ({ queue: { ttl: value } })],
  ]
  const bad: unknown[] = [Number.NaN, -1, '5']
  test.for(numbers.flatMap(([name, options]) => bad.map((value) => [name, value, options] as const)))(
    '%s: %s is a RangeError that names it',
    ([name, value, options], { server, dial }) => {
      const make = () => dial({ autoOpen: false, ...options(value as number) })
      expect(make).toThrow(RangeError)
      expect(make).toThrow(name)
      expect(server.dials).toBe(0)
    },
  )

  test.for<[string, Options]>([
    ['queue.overflow', { queue: { overflow: 'middle' as never } }],
    ['binaryType', { binaryType: 'nodebuffer' as never }],
  ])('%s of another choice is a RangeError that names it', ([name, options], { dial }) => {
    expect(() => dial(options)).toThrow(RangeError)
    expect(() => dial(options)).toThrow(`holdfast: ${name}: `)
  })

  test.for<[string, Options]>([
    ['parse', { parse: 'JSON' as never }],
    ['stringify', { stringify: {} as never }],
    ['wake', { wake: 'yes' as never }],
    ['autoOpen', { autoOpen: 0 as never }],
    ['WebSocket', { WebSocket: {} as never }],
    ['signal', { signal: new AbortController() as never }],
    ['protocols', { protocols: [1] as never }],
    ['heartbeat.pong', { heartbeat: { ping: 'ping', pong: {} as never } }],
  ])('%s of another type is a TypeError that names it', ([name, options], { dial }) => {
    expect(() => dial(options)).toThrow(TypeError)
    expect(() => dial(options)).toThrow(`holdfast: ${name}: `)
  })

  test('a heartbeat with nothing to ask with is a TypeError that names it', ({ dial }) => {
    const make = () => dial({ heartbeat: { interval: 1_000 } as never })
    expect(make).toThrow(TypeError)
    expect(make).toThrow('heartbeat')
  })

  test('a heartbeat of no interval at all is not a flood of pings', ({ dial }) => {
    expect(() => dial({ heartbeat: { ping: 'ping', interval: 0 } })).toThrow(RangeError)
  })

  test('a constructor that throws leaves no timer and no listener', ({ dial, page }) => {
    expect(() => dial({ queue: { bytes: -1 } })).toThrow()
    expect([vi.getTimerCount(), page.listeners()]).toEqual([0, 0])
  })
})

describe('close()', () => {
  test.for([0, 999, 1001, 1005, 1006, 1011, 2999, 5000, -1, Number.NaN])(
    'with %i throws as WebSocket.close does, and nothing has happened',
    async (code, { open }) => {
      const { socket, names } = await open()
      expect(() => socket.close(code)).toThrow(expect.objectContaining({ name: 'InvalidAccessError' }))
      expect([socket.status, names()]).toEqual(['open', ['connecting', 'open']])
    },
  )

  test('takes a reason of 123 bytes', async ({ server, open }) => {
    const { socket } = await open()
    const { peer } = server
    const reason = '€'.repeat(41)
    socket.close(4000, reason)
    await tick(HOP)
    expect(peer.closed).toEqual({ code: 4000, reason })
  })

  test('throws for one of 124 bytes, though it has fewer characters, and nothing has happened', async ({
    server,
    open,
  }) => {
    const { socket } = await open()
    const texts: string[] = []
    socket.on('text', (text) => texts.push(text))
    expect(() => socket.close(4000, `${'€'.repeat(41)}x`)).toThrow(
      expect.objectContaining({ name: 'SyntaxError' }),
    )
    socket.send('to')
    server.send('fro')
    await tick(HOP)
    expect([socket.status, server.received, texts]).toEqual(['open', ['to'], ['fro']])
  })

  test('checks while there is no connection too', ({ dial }) => {
    const { socket } = dial({ autoOpen: false })
    expect(() => socket.close(1001)).toThrow(expect.objectContaining({ name: 'InvalidAccessError' }))
    expect(() => socket.close(1000, '€'.repeat(42))).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
    expect(socket.status).toBe('idle')
  })
})

describe('send()', () => {
  test.for<[string, unknown]>([
    ['a number', 1],
    ['undefined', undefined],
    ['null', null],
    ['an object', { type: 'x' }],
    ['an array', [1, 2]],
    ['an object with a size', { size: 1 }],
    ['a Map', new Map()],
    ['search parameters', new URLSearchParams('a=1')],
    ['a response, which has an arrayBuffer() as a Blob has', new Response('a')],
  ])('of %s throws, open or not', async ([, data], { server, dial }) => {
    const { socket } = dial()
    expect(() => socket.send(data as string)).toThrow(TypeError)
    await tick(HOP)
    expect(() => socket.send(data as string)).toThrow(TypeError)
    await tick(HOP)
    expect([server.received, socket.bufferedAmount, socket.status]).toEqual([[], 0, 'open'])
  })
})

describe('hostile JSON', () => {
  const hostile: [string, string][] = [
    ['with a __proto__', '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'],
    ['nested a million deep', '['.repeat(1_000_000)],
    ['nested a million deep, and closed', '['.repeat(1_000_000) + ']'.repeat(1_000_000)],
    ['of 10 MB', `"${'x'.repeat(10_000_000)}"`],
    ['that is nothing', ''],
    ['with a NUL', '\u0000'],
    ['with half a surrogate pair', '"\\ud800'],
  ]
  test.for(hostile)(
    '%s harms neither the connection nor the next message',
    async ([, text], { server, open }) => {
      const { socket, all } = await open()
      const heard: unknown[] = []
      socket.on('json', (message) => heard.push(message))
      server.send(text)
      server.send('"next"')
      await tick(HOP)
      expect(heard.at(-1)).toBe('next')
      expect(heard.length + all('invalid').length).toBe(2)
      expect(socket.status).toBe('open')
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    },
  )

  test('with a __proto__ is a message with a property of that name', async ({ server, open }) => {
    const { socket } = await open()
    const heard: object[] = []
    socket.on('json', (message) => heard.push(message as object))
    server.send('{"__proto__":{"polluted":true}}')
    await tick(HOP)
    expect(heard.map((message) => Object.getPrototypeOf(message))).toEqual([Object.prototype])
  })
})

describe('what the application gives, and throws, is reported and harms nobody:', () => {
  const bug = new Error('bug')
  const broken = () => {
    throw bug
  }

  test('a function for reconnect', async ({ server, open, reports }) => {
    const { last } = await open({ reconnect: broken })
    server.vanish()
    await tick(HOP)
    expect(last('waiting')?.delay).toBe(1_000)
    await tick(1_000 + HOP)
    expect(server.dials).toBe(2)
    expect(reports()).toEqual([bug])
  })

  test.for([Number.NaN, -1, undefined, 'soon'])(
    'a function for reconnect that answers %s',
    async (answer, { server, open, reports }) => {
      const { socket, last } = await open({ reconnect: () => answer as number })
      server.vanish()
      await tick(HOP)
      reports()
      expect(socket.status).toBe('waiting')
      expect(last('waiting')?.delay).toBe(1_000)
    },
  )

  test('a function for final', async ({ server, open, reports }) => {
    const { socket } = await open({ final: broken })
    server.hangUp(1011)
    await tick(HOP)
    expect(socket.status).toBe('waiting')
    expect(reports()).toEqual([bug])
  })

  test('a function for pong', async ({ server, open, reports }) => {
    const { socket } = await open({ heartbeat: { ping: 'ping', pong: broken } })
    const texts: string[] = []
    socket.on('text', (text) => texts.push(text))
    server.send('a')
    server.send('b')
    await tick(HOP)
    expect(texts).toEqual(['a', 'b'])
    const reported = { message: `holdfast: heartbeat.pong: ${bug.message}`, cause: bug }
    expect(reports()).toMatchObject([reported, reported])
  })

  test('a parse function, as invalid', async ({ server, open }) => {
    const { socket, all } = await open({ parse: broken })
    socket.on('json', () => {})
    server.send('a')
    await tick(HOP)
    expect(all('invalid')).toEqual([{ text: 'a', error: bug }])
    expect(socket.status).toBe('open')
  })

  test('a stringify function, to its caller', async ({ server, open }) => {
    const { socket } = await open({ stringify: broken })
    expect(() => socket.sendJson(1)).toThrow(bug)
    await tick(HOP)
    expect([server.received, socket.status]).toEqual([[], 'open'])
  })

  test('a listener of every event', async ({ server, dial, reports }) => {
    const { socket, names } = dial({ heartbeat: { ping: 'ping', pong: 'pong' }, queue: { messages: 0 } })
    const all = [
      'connecting',
      'open',
      'message',
      'text',
      'json',
      'invalid',
      'binary',
      'waiting',
      'drop',
    ] as const
    for (const name of all) socket.on(name, broken)
    socket.send('dropped')
    await tick(HOP)
    server.send('{}')
    server.send('not json')
    server.send(new Uint8Array(1))
    await tick(HOP)
    server.vanish()
    await tick(1_000 + 2 * HOP)
    expect(socket.status).toBe('open')
    expect(names()).toEqual([
      'drop',
      'connecting',
      'open',
      'invalid',
      'binary',
      'waiting',
      'connecting',
      'open',
    ])
    expect(reports().length).toBeGreaterThan(10)
  })
})
