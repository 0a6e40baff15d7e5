import { describe, expect, vi } from 'vitest'
import { messages, request, upload } from '../../src/index.ts'
import type { FakePeer } from '../support/fakes.ts'
import { HOP, test, tick } from './stage.ts'

/** What became of a promise so far. */
const settled = <Value>(promise: Promise<Value>) => {
  const state: { is: string; value?: Value; error?: unknown } = { is: 'pending' }
  promise.then(
    (value) => Object.assign(state, { is: 'resolved', value }),
    (error) => Object.assign(state, { is: 'rejected', error }),
  )
  return state
}

describe('messages()', () => {
  const collect = (loop: AsyncIterable<unknown>) => {
    const state: { seen: unknown[]; is: string; error?: unknown } = { seen: [], is: 'running' }
    const run = async () => {
      for await (const message of loop) state.seen.push(message)
    }
    run().then(
      () => Object.assign(state, { is: 'done' }),
      (error) => Object.assign(state, { is: 'failed', error }),
    )
    return state
  }

  test('gives all JSON messages from the call on, over reconnects, until closed', async ({
    server,
    open,
  }) => {
    const { socket } = await open()
    const loop = collect(messages(socket))
    server.send('1')
    await tick(HOP)
    server.vanish()
    await tick(1_000 + 3 * HOP)
    server.send('2')
    await tick(HOP)
    socket.close()
    await tick()
    expect(loop).toEqual({ seen: [1, 2], is: 'done' })
  })

  test('misses nothing between the call and the first turn of the loop', async ({ server, open }) => {
    const { socket } = await open()
    const iterable = messages(socket)
    server.send('1')
    await tick(HOP)
    const loop = collect(iterable)
    await tick()
    expect(loop.seen).toEqual([1])
  })

  test('gives texts or bytes where they are wanted', async ({ server, open }) => {
    const { socket } = await open({ binaryType: 'arraybuffer' })
    const texts = collect(messages(socket, { of: 'text' }))
    const binaries = collect(messages(socket, { of: 'binary' }))
    server.send('a')
    server.send(new Uint8Array([1]))
    await tick(HOP)
    expect([texts.seen, binaries.seen]).toEqual([['a'], [new Uint8Array([1]).buffer]])
  })

  test('ends a loop that cannot keep up with an error, after what was held for it', async ({
    server,
    open,
  }) => {
    const { socket } = await open()
    const iterable = messages(socket, { buffer: 2 })
    for (const text of ['1', '2', '3']) server.send(text)
    await tick(HOP)
    const loop = collect(iterable)
    await tick()
    expect(loop).toMatchObject({ seen: [1, 2], is: 'failed', error: expect.any(RangeError) })
  })

  test('stops listening when the loop is left', async ({ server, open }) => {
    const parse = vi.fn(JSON.parse)
    const { socket } = await open({ parse })
    const first = async () => {
      for await (const message of messages(socket)) return message
    }
    const got = settled(first())
    server.send('1')
    await tick(HOP)
    server.send('2')
    await tick(HOP)
    expect([got.value, parse.mock.calls.length]).toEqual([1, 1])
  })

  test('ends with the reason of its signal', async ({ open }) => {
    const { socket } = await open()
    const abort = new AbortController()
    const loop = collect(messages(socket, { signal: abort.signal }))
    abort.abort(new Error('enough'))
    await tick()
    expect(loop).toEqual({ seen: [], is: 'failed', error: new Error('enough') })
  })

  test('of a closed socket ends at once', async ({ dial }) => {
    const { socket } = dial({ autoOpen: false })
    socket.close()
    const loop = collect(messages(socket))
    await tick()
    expect(loop.is).toBe('done')
  })
})

describe('request()', () => {
  const asked = (server: { received: unknown[] }) => server.received.map((text) => JSON.parse(String(text)))

  test('resolves with the answer of the same id, whatever comes between', async ({ server, open }) => {
    const { socket } = await open<{ id?: number; news?: string }, { ask: string }>()
    const answer = settled(request(socket, { ask: 'time' }))
    await tick(HOP)
    const [{ id, ask }] = asked(server)
    expect(ask).toBe('time')
    server.send('{"news":"x"}')
    server.send(JSON.stringify({ id: id + 1_000 }))
    server.send(JSON.stringify({ id, time: 5 }))
    await tick(HOP)
    expect(answer).toEqual({ is: 'resolved', value: { id, time: 5 } })
  })

  test('gives each its own id', async ({ server, open }) => {
    const { socket } = await open<unknown, object>()
    const answers = [settled(request(socket, {})), settled(request(socket, {}))]
    await tick(HOP)
    for (const { id } of asked(server).reverse()) server.send(JSON.stringify({ id }))
    await tick(HOP)
    expect(answers.map(({ is }) => is)).toEqual(['resolved', 'resolved'])
    expect(answers[0]?.value).not.toEqual(answers[1]?.value)
  })

  test('knows the answer by other means too', async ({ server, open }) => {
    const { socket } = await open<unknown, object>()
    const answer = settled(
      request(
        socket,
        { type: 'login' },
        { match: (message) => (message as { type?: string }).type === 'welcome' },
      ),
    )
    await tick(HOP)
    expect(asked(server)).toEqual([{ type: 'login' }])
    server.send('{"type":"welcome"}')
    await tick(HOP)
    expect(answer.value).toEqual({ type: 'welcome' })
  })

  test('rejects with a TimeoutError', async ({ open }) => {
    const { socket } = await open<unknown, object>({ wake: false })
    const answer = settled(request(socket, {}, { timeout: 100 }))
    await tick(100)
    expect(answer).toMatchObject({ is: 'rejected', error: { name: 'TimeoutError' } })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('rejects when the connection breaks before the answer', async ({ server, open }) => {
    const { socket } = await open<unknown, object>()
    const answer = settled(request(socket, {}))
    await tick(HOP)
    server.vanish()
    await tick(HOP)
    expect(answer).toMatchObject({ is: 'rejected', error: { cause: { code: 1006 } } })
  })

  test('asks again after a reconnect where that is wanted', async ({ server, open }) => {
    const { socket } = await open<unknown, object>()
    const answer = settled(request(socket, {}, { resend: true }))
    await tick(HOP)
    server.vanish()
    await tick(1_000 + 3 * HOP)
    const [first, second] = asked(server)
    expect(second).toEqual(first)
    server.send(JSON.stringify(second))
    await tick(HOP)
    expect(answer.is).toBe('resolved')
  })

  test('made while not open is asked once', async ({ server, dial }) => {
    const { socket } = dial<unknown, object>()
    const answer = settled(request(socket, {}))
    await tick(3 * HOP)
    expect(server.received).toHaveLength(1)
    server.send(String(server.received[0]))
    await tick(HOP)
    expect(answer.is).toBe('resolved')
  })

  test('rejects when its message is dropped from the queue', async ({ dial }) => {
    const { socket } = dial<unknown, object>({ autoOpen: false, queue: { messages: 1, overflow: 'oldest' } })
    const answer = settled(request(socket, {}))
    socket.send('next')
    await tick()
    expect(answer.is).toBe('rejected')
  })

  test('rejects when it is dropped, closed, or aborted', async ({ dial, open }) => {
    const full = dial<unknown, object>({ queue: false })
    const dropped = settled(request(full.socket, {}))
    const { socket } = await open<unknown, object>()
    const closed = settled(request(socket, {}))
    const abort = new AbortController()
    const aborted = settled(request(socket, {}, { signal: abort.signal }))
    abort.abort(new Error('enough'))
    await tick()
    expect(aborted).toEqual({ is: 'rejected', error: new Error('enough') })
    socket.close()
    await tick()
    expect([dropped.is, closed.is]).toEqual(['rejected', 'rejected'])
  })
})

describe('upload()', () => {
  test('tells its progress from what has left, and resolves when all has', async ({ server, open }) => {
    const { socket } = await open()
    server.stall()
    const steps: number[] = []
    const done = settled(
      upload(socket, new Uint8Array(1_000), {
        onProgress: ({ loaded, total }) => steps.push(loaded / total),
      }),
    )
    for (const bytes of [250, 250, 500]) {
      await tick(100)
      expect(done.is).toBe('pending')
      server.drain(bytes)
    }
    await tick(100)
    expect(done.is).toBe('resolved')
    expect(steps).toEqual([0, 0.25, 0.5, 1])
  })

  test('waits in the queue as any message', async ({ server, dial }) => {
    const { socket } = dial()
    const done = settled(upload(socket, new Blob(['12345'])))
    expect(done.is).toBe('pending')
    await tick(100)
    expect([done.is, server.received.length]).toEqual(['resolved', 1])
  })

  test('rejects when the connection breaks under it', async ({ server, open }) => {
    const { socket } = await open()
    server.stall()
    const done = settled(upload(socket, new Uint8Array(1_000)))
    await tick(10)
    server.vanish()
    await tick(HOP)
    expect(done.is).toBe('rejected')
  })

  test('rejects when it is dropped', async ({ dial }) => {
    const { socket } = dial({ queue: { bytes: 10 } })
    const done = settled(upload(socket, new Uint8Array(11)))
    await tick()
    expect(done.is).toBe('rejected')
  })

  test('rejects when its message is dropped from the queue', async ({ dial }) => {
    const { socket } = dial({ autoOpen: false, queue: { messages: 1, overflow: 'oldest' } })
    const done = settled(upload(socket, new Uint8Array(5)))
    socket.send('next')
    await tick()
    expect(done.is).toBe('rejected')
  })

  test('rejects with the reason of its signal, and leaves no timer', async ({ server, open }) => {
    const { socket } = await open({ wake: false })
    server.stall()
    const abort = new AbortController()
    const done = settled(upload(socket, new Uint8Array(1_000), { signal: abort.signal }))
    await tick(50)
    abort.abort(new Error('enough'))
    await tick()
    expect(done).toEqual({ is: 'rejected', error: new Error('enough') })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('rejects with what onProgress throws', async ({ open }) => {
    const { socket } = await open()
    const done = settled(
      upload(socket, 'x', {
        onProgress: () => {
          throw new Error('bug')
        },
      }),
    )
    await tick()
    expect(done).toEqual({ is: 'rejected', error: new Error('bug') })
    expect(socket.status).toBe('open')
  })
})

describe('over an overlapping reconnect', () => {
  /** A server with two connections: the request has arrived over the first one. */
  const overlapping = test.extend<{
    start: (options?: { resend?: boolean }) => Promise<{
      answer: ReturnType<typeof settled>
      first: FakePeer
      second: FakePeer
      id: number
    }>
  }>({
    start: async ({ server, open }, use) => {
      await use(async (options = {}) => {
        const { socket } = await open<unknown, object>()
        const answer = settled(request(socket, {}, options))
        socket.reconnect({ overlap: true })
        await tick(2 * HOP)
        const [first, second] = server.live
        if (!first || !second) throw new Error('There are no two connections')
        return { answer, first, second, id: JSON.parse(String(first.received[0])).id }
      })
    },
  })

  overlapping('request() takes the reply that comes over the previous connection', async ({ start }) => {
    const { answer, first, id } = await start()
    await tick(900)
    first.send(JSON.stringify({ id }))
    await tick(HOP)
    expect(answer).toEqual({ is: 'resolved', value: { id } })
    expect(first.closed).toBeUndefined()
  })

  overlapping('request() rejects once the previous connection is closed', async ({ start }) => {
    const { answer, first } = await start()
    await tick(900)
    expect(answer.is).toBe('pending')
    await tick(200)
    expect(first.closed?.code).toBe(1000)
    expect(answer).toMatchObject({
      is: 'rejected',
      error: { message: 'request: the connection broke before the reply' },
    })
  })

  overlapping(
    'request() rejects soon after the server has closed the previous connection',
    async ({ start }) => {
      const { answer, first } = await start()
      first.close(1012)
      await tick(100)
      expect(answer.is).toBe('rejected')
    },
  )

  overlapping('request() with resend sends again once no reply can come', async ({ start }) => {
    const { answer, first, second, id } = await start({ resend: true })
    expect(second.received).toEqual([])
    first.close(1012)
    await tick(100)
    expect(second.received).toEqual([JSON.stringify({ id })])
    second.send(JSON.stringify({ id }))
    await tick(HOP)
    expect([answer.is, first.received.length, second.received.length]).toEqual(['resolved', 1, 1])
  })

  test('request() with resend rejects if its value has no JSON any more', async ({ server, open }) => {
    const { socket } = await open<unknown, object>()
    const params: Record<string, unknown> = {}
    const answer = settled(request(socket, { params }, { resend: true }))
    params.self = params
    const [first] = server.live
    socket.reconnect({ overlap: true })
    await tick(2 * HOP)
    first?.close(1012)
    await tick(100)
    expect([answer.is, answer.error]).toEqual(['rejected', expect.any(TypeError)])
  })

  overlapping(
    'a request that is sent over the new connection does not end with the previous one',
    async ({ server, open }) => {
      const { socket } = await open<unknown, object>({ wake: false })
      socket.reconnect({ overlap: true })
      await tick(2 * HOP)
      const answer = settled(request(socket, {}, { timeout: 5_000 }))
      await tick(2_000)
      expect(answer.is).toBe('pending')
      server.send(String(server.received[0]))
      await tick(HOP)
      expect(answer.is).toBe('resolved')
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  test('a request of a status listener is sent once', async ({ server, dial }) => {
    const { socket } = dial<unknown, object>()
    let answer: ReturnType<typeof settled> | undefined
    socket.on('status', ({ status }) => {
      if (status === 'open') answer = settled(request(socket, {}, { resend: true }))
    })
    await tick(3 * HOP)
    expect(server.received).toHaveLength(1)
    server.send(String(server.received[0]))
    await tick(HOP)
    expect(answer?.is).toBe('resolved')
  })

  test('upload() goes on over the previous connection, which is kept until all has left', async ({
    server,
    open,
  }) => {
    const { socket } = await open()
    const [first] = server.live
    if (!first) throw new Error('There is no connection')
    server.stall()
    const steps: number[] = []
    const done = settled(
      upload(socket, new Uint8Array(1_000), { onProgress: ({ loaded }) => steps.push(loaded) }),
    )
    const drained = settled(socket.drained())
    socket.reconnect({ overlap: true })
    for (let left = 1_000; left > 0; left -= 250) {
      await tick(900)
      expect([done.is, drained.is, socket.bufferedAmount, first.closed]).toEqual([
        'pending',
        'pending',
        left,
        undefined,
      ])
      server.drain(250)
    }
    await tick(HOP + 10)
    expect([done.is, drained.is, steps]).toEqual(['resolved', 'resolved', [0, 250, 500, 750, 1_000]])
    server.flow()
    await tick(1_000 + HOP)
    expect([first.closed?.code, server.live.length, socket.status]).toEqual([1000, 1, 'open'])
  })

  test('upload() rejects when the previous connection breaks', async ({ server, open }) => {
    const { socket } = await open()
    const [first] = server.live
    server.stall()
    const done = settled(upload(socket, new Uint8Array(1_000)))
    socket.reconnect({ overlap: true })
    await tick(2 * HOP)
    expect(done.is).toBe('pending')
    first?.vanish()
    await tick(HOP + 10)
    expect([done.is, socket.status]).toEqual(['rejected', 'open'])
  })

  test('upload() rejects when nothing leaves over the previous connection any more', async ({
    server,
    open,
  }) => {
    const { socket } = await open()
    server.stall()
    const done = settled(upload(socket, new Uint8Array(1_000)))
    socket.reconnect({ overlap: true })
    await tick(3_000)
    expect([done.is, socket.bufferedAmount, socket.status]).toEqual(['rejected', 0, 'open'])
  })

  test('messages() goes on with what comes over both', async ({ server, open }) => {
    const { socket } = await open()
    const [first] = server.live
    const loop = messages(socket)
    socket.reconnect({ overlap: true })
    await tick(2 * HOP)
    first?.send('1')
    server.live.at(-1)?.send('2')
    await tick(1_100)
    server.send('3')
    await tick(HOP)
    const seen = [await loop.next(), await loop.next(), await loop.next()].map(({ value }) => value)
    expect(seen).toEqual([1, 2, 3])
  })
})
