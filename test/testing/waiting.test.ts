import { describe, expect, vi } from 'vitest'
import { Socket } from '../../src/index.ts'
import { seeded } from '../../src/testing/index.ts'
import { test } from './fixtures.ts'

/** In ms, whatever the fake timers do. */
const realTime = performance.now.bind(performance)

/** The message of a rejection. */
const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => 'it was fulfilled',
    (error: Error) => error.message,
  )

describe('waiting on real timers', () => {
  test('returns what is there, and what comes', async ({ serve }) => {
    const server = serve()
    const connected = server.connected()
    const socket = new server.WebSocket(server.url)
    const client = await connected
    socket.send('one')
    expect(await client.heard()).toBe('one')
    const two = server.heard('two')
    socket.send('two')
    expect(await two).toBe('two')
    const ended = client.ended()
    socket.close(1000)
    expect(await ended).toMatchObject({ code: 1000 })
  })

  test('rejects with the conversation when the time is up', async ({ serve }) => {
    const server = serve('wss://example.com/')
    const socket = new server.WebSocket(server.url, 'chat')
    await server.connected()
    socket.send('{"n":1}')
    await server.heard()
    socket.send('unexpected')
    socket.send(new Uint8Array([255, 1]))
    server.say('hello')
    const message = await rejection(server.heard({ n: 2 }, { within: 200 }))
    expect(message).toContain('within 200 ms the server did not receive {"n":2}')
    for (const line of [
      'client 1  connects to wss://example.com/, offers chat',
      'client 1  is open, with subprotocol chat',
      'client 1  → {"n":1}',
      'client 1  → "unexpected"',
      'client 1  → <2 bytes: ff 01>',
      'client 1  ← "hello"',
    ])
      expect(message).toContain(line)
    // What was asked for before is not in the list of the rest.
    expect(message.split('The conversation')[0]).toMatch(/"unexpected"\n.*<2 bytes/)
    expect(message.split('The conversation')[0]).not.toContain('{"n":1}')
  })

  test('leads to the line of the test that waited', async ({ serve }) => {
    const error = await serve()
      .connected({ within: 1 })
      .catch((thrown: Error) => thrown)
    expect((error as Error).stack).toContain('waiting.test.ts')
  })
})

describe('waiting on fake timers', () => {
  test('advances the clock as far as needed, and no further', async ({ serve, clock: _ }) => {
    const server = serve()
    server.slow(1_000)
    const before = Date.now()
    const socket = new server.WebSocket(server.url)
    const client = await server.connected()
    expect(Date.now() - before).toBe(1_000)
    socket.send('x')
    await client.heard('x')
    expect(Date.now() - before).toBe(2_000)
    socket.close()
    await client.ended()
    expect(Date.now() - before).toBe(3_000)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('rejects with the conversation when the time is up on the fake clock', async ({ serve, clock: _ }) => {
    const server = serve()
    const before = Date.now()
    expect(await rejection(server.connected())).toMatch(
      /within 3000 ms the server got no connection(.|\n)*nothing happened/,
    )
    new server.WebSocket(server.url)
    const client = await server.connected()
    expect(await rejection(client.ended({ within: 10_000 }))).toContain('did not see the end of client 1')
    expect(await rejection(client.heard(/x/))).toContain('did not receive a text that matches /x/')
    expect(Date.now() - before).toBe(16_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a test of a 30 s outage takes under 20 ms', async ({ serve, clock: _ }) => {
    const random = seeded(1)
    const outage = async () => {
      const server = serve()
      const socket = new Socket(server.url, { WebSocket: server.WebSocket, wake: false })
      await server.connected()
      server.refuse()
      server.vanish()
      await vi.advanceTimersByTimeAsync(30_000)
      server.accept()
      expect(socket.status).not.toBe('open')
      await server.connected({ within: 60_000 })
      expect(socket.status).toBe('open')
      socket.close()
    }
    // The fastest of several: other programs use the machine as well.
    const times: number[] = []
    for (let run = 0; run < 20; run++) {
      const start = realTime()
      await outage()
      times.push(realTime() - start)
    }
    random.restore()
    expect(Math.min(...times)).toBeLessThan(20)
  })
})

describe('heard()', () => {
  test('matches texts, regular expressions, bytes, JSON, matchers and functions', async ({
    serve,
    clock,
  }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    await clock.tick(10)
    const json = { a: [1, { b: null }], c: 'd' }
    for (const data of [
      'text',
      'order 66',
      new Uint8Array([1, 2]),
      JSON.stringify(json),
      '[1,2]',
      '5',
      '{"id":"r4nd0m"}',
    ])
      socket.send(data)
    await clock.tick(10)
    const now = { within: 0 }
    expect(await server.heard(5, now)).toBe('5')
    expect(await server.heard([1, 2], now)).toBe('[1,2]')
    expect(await server.heard({ id: expect.any(String) }, now)).toBe('{"id":"r4nd0m"}')
    expect(await server.heard(expect.objectContaining({ c: 'd' }), now)).toBe(JSON.stringify(json))
    expect(await server.heard(new Uint8Array([1, 2]).buffer, now)).toEqual(new Uint8Array([1, 2]))
    expect(await server.heard(/^order \d+$/g, now)).toBe('order 66')
    expect(await server.heard((message) => message.length === 4, now)).toBe('text')
    expect(await rejection(server.heard(undefined, now))).toContain('did not receive another message')
  })

  test.for<[string, object | string | number]>([
    ['{"a":1,"b":2}', { a: 1 }],
    ['{"a":1}', { a: 1, b: 2 }],
    ['{"a":1}', { a: '1' }],
    ['{"0":1}', [1]],
    ['[1]', { 0: 1 }],
    ['null', {}],
    ['text ', 'text'],
    ['"text"', 'text'],
    ['not JSON', {}],
    ['12', new Uint8Array([1, 2])],
  ])('does not take %s for %o', async ([sent, expected], { serve, clock }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    await clock.tick(10)
    socket.send(sent)
    await clock.tick(10)
    expect(await rejection(server.heard(expected, { within: 0 }))).toContain('did not receive')
    expect(await server.heard(undefined, { within: 0 })).toBe(sent)
  })

  test('takes JSON without the members that are undefined', async ({ serve, clock }) => {
    const server = serve()
    const socket = new server.WebSocket(server.url)
    await clock.tick(10)
    socket.send('{"a":1}')
    expect(await server.heard({ a: 1, b: undefined })).toBe('{"a":1}')
  })

  test('returns each message once, and leaves the others', async ({ serve, clock }) => {
    const server = serve()
    const sockets = [1, 2].map(() => new server.WebSocket(server.url))
    await clock.tick(10)
    const [, second] = server.clients
    for (const socket of sockets) for (const text of ['a', 'b', 'b']) socket.send(text)
    await clock.tick(10)
    const now = { within: 0 }
    for (let i = 0; i < 4; i++) await server.heard('b', now)
    expect(await rejection(server.heard('b', now))).toContain('did not receive "b"')
    expect(await second?.heard(undefined, now)).toBe('a')
    expect(await rejection(second?.heard(undefined, now) ?? Promise.resolve())).toContain('another message')
    expect(await server.heard(undefined, now)).toBe('a')
    expect(server.received).toHaveLength(6)
  })
})

describe('the transcript', () => {
  test('tells what the server did, what was lost, and shortens what is long', async ({ serve, clock }) => {
    const server = serve()
    expect(server.transcript).toContain('nothing happened')
    const socket = new server.WebSocket(server.url)
    await clock.tick(10)
    server.say('x'.repeat(10_000))
    server.slow(5)
    server.mute()
    socket.send('into the void')
    await clock.tick(10)
    socket.close(4000, 'why')
    await clock.tick(60_000)
    const { transcript } = server
    for (const part of [
      'slow(5)',
      'mute()',
      '→ lost: "into the void"',
      'closes 4000 "why"',
      'gives up waiting',
    ])
      expect(transcript).toContain(part)
    expect(transcript.length).toBeLessThan(1_500)
    for (let i = 0; i < 2_000; i++) server.accept()
    expect(server.transcript.split('\n').length).toBeLessThan(100)
    expect(server.transcript).toMatch(/^ {2}… \d+ earlier lines/)
  })
})

describe('seeded()', () => {
  const draw = () => Array.from({ length: 5 }, () => Math.random())

  test('repeats chance, until it is restored', () => {
    const original = Math.random
    const runs = [1, 1, 2].map((seed) => {
      const random = seeded(seed)
      const numbers = draw()
      random.restore()
      return numbers
    })
    expect(runs[0]).toEqual(runs[1])
    expect(runs[0]).not.toEqual(runs[2])
    expect(runs.flat().every((number) => number >= 0 && number < 1)).toBe(true)
    expect(Math.random).toBe(original)
  })

  test('is spread evenly', () => {
    using _ = seeded(7)
    const tenths = Array(10).fill(0)
    for (let i = 0; i < 10_000; i++) tenths[Math.floor(Math.random() * 10)]++
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })

  test('fixes the waits of a Socket', async ({ serve, clock }) => {
    const waits: number[][] = []
    for (const seed of [1, 1, 2]) {
      using _ = seeded(seed)
      const server = serve()
      server.refuse()
      const delays: number[] = []
      const socket = new Socket(server.url, { WebSocket: server.WebSocket, reconnect: { attempts: 4 } })
      socket.on('waiting', ({ delay }) => delays.push(delay))
      await clock.tick(60_000)
      waits.push(delays)
    }
    expect(waits[0]?.length).toBeGreaterThan(2)
    expect(waits[1]).toEqual(waits[0])
    expect(waits[2]).not.toEqual(waits[0])
  })
})
