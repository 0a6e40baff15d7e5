import { test as base, describe, expect, inject } from 'vitest'
import { type Data, type Events, messages, type Options, Socket, toText, upload } from '../../src/index.ts'

/* What only a real page shows: the browser's own sockets, buffers, addresses and timing, against real servers. */

const { url } = inject('conversation')
const { socketUrl } = inject('demo')

const test = base.extend<{ dial: (address?: string, options?: Options) => Socket }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  dial: async ({}, use) => {
    const sockets: Socket[] = []
    await use((address = url, options = {}) => {
      const socket = new Socket(address, { reconnect: { base: 20, max: 20 }, ...options })
      sockets.push(socket)
      return socket
    })
    for (const socket of sockets) socket.close()
  },
})

const next = <Name extends keyof Events>(socket: Socket, name: Name) =>
  new Promise<Events[Name]>((resolve) => {
    const off = socket.on(name, (value) => {
      off()
      resolve(value)
    })
  })

const ms = (time: number) => new Promise((resolve) => setTimeout(resolve, time))

describe('what is sent comes back', () => {
  test('as text, and as JSON', async ({ dial }) => {
    const socket = dial()
    const text = next(socket, 'text')
    const json = next(socket, 'json')
    socket.sendJson({ grüße: '🙂', tags: [1, null] })
    expect(await text).toBe('{"grüße":"🙂","tags":[1,null]}')
    expect(await json).toEqual({ grüße: '🙂', tags: [1, null] })
  })

  test.for<[string, () => Data]>([
    ['a blob', () => new Blob(['héllo'])],
    ['a buffer', () => new TextEncoder().encode('héllo').slice().buffer],
    ['a view of a larger buffer', () => new TextEncoder().encode('--héllo--').subarray(2, 8)],
  ])('from %s, as a blob or as a buffer', async ([, data], { dial }) => {
    const socket = dial()
    socket.send(data())
    const blob = await next(socket, 'binary')
    expect(blob).toBeInstanceOf(Blob)
    socket.binaryType = 'arraybuffer'
    socket.send(data())
    const buffer = await next(socket, 'binary')
    expect(buffer).toBeInstanceOf(ArrayBuffer)
    expect([await toText(blob), await toText(buffer)]).toEqual(['héllo', 'héllo'])
  })

  test('in order, text and blobs and buffers mixed, what was queued first', async ({ dial }) => {
    const socket = dial()
    const heard = messages(socket, { of: 'message' })
    for (let i = 0; i < 30; i++) {
      if (i === 15) await socket.opened()
      const text = `${i}`
      socket.send(i % 3 === 0 ? text : i % 3 === 1 ? new Blob([text]) : new TextEncoder().encode(text))
    }
    const texts: string[] = []
    for await (const { data } of heard) {
      texts.push(await toText(data))
      if (texts.length === 30) break
    }
    expect(texts).toEqual(Array.from({ length: 30 }, (_, i) => `${i}`))
  })
})

test('an upload tells its progress, and the server has all of it', async ({ dial }) => {
  const socket = dial(`${socketUrl}/upload`)
  await socket.opened()
  const file = new Blob([new Uint8Array(7_000_000)])
  const steps: number[] = []
  const saved = next(socket, 'json')
  await upload(socket, file, {
    onProgress: ({ loaded, total }) => {
      expect(total).toBe(7_000_000)
      steps.push(loaded)
    },
  })
  expect(steps.at(-1)).toBe(7_000_000)
  expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b))
  expect(await saved).toMatchObject({ type: 'saved', bytes: 7_000_000 })
})

test('drained() waits for what the browser holds', async ({ dial }) => {
  const socket = dial()
  await socket.opened()
  socket.send(new Uint8Array(5_000_000))
  expect(socket.bufferedAmount).toBeGreaterThan(0)
  await socket.drained()
  expect(socket.bufferedAmount).toBe(0)
})

describe('a server that is gone', () => {
  test('without a close frame is dialled anew, and gets what was sent meanwhile', async ({ dial }) => {
    const socket = dial()
    await socket.opened()
    socket.send('vanish')
    const { close } = await next(socket, 'waiting')
    expect(close).toMatchObject({ code: 1006, wasClean: false, cause: 'peer' })
    expect(socket.send('meanwhile')).toBe('queued')
    expect(await next(socket, 'text')).toBe('meanwhile')
  })

  test('with a final code is not dialled again', async ({ dial }) => {
    const socket = dial()
    await socket.opened()
    const closed = next(socket, 'closed')
    socket.send('close 4401 bad token')
    expect(await closed).toMatchObject({ code: 4401, reason: 'bad token', wasClean: true, cause: 'peer' })
    await ms(100)
    expect(socket.status).toBe('closed')
  })
})

test('a server that falls silent is noticed in time, and not a minute later', async ({ dial }) => {
  const socket = dial(`${socketUrl}/chat`, {
    // Long enough for a crowded machine to answer in time.
    heartbeat: { ping: 'ping', pong: 'pong', interval: 300, timeout: 3_000 },
  })
  socket.on('open', () => socket.sendJson({ type: 'join', name: 'Ann', session: 'of Ann' }))
  const { rtt } = await next(socket, 'pulse')
  expect(rtt).toBeLessThan(3_000)
  socket.sendJson({ type: 'fault', kind: 'silence' })
  const since = performance.now()
  const { close } = await next(socket, 'waiting')
  expect(close).toMatchObject({ code: 1006, wasClean: false, cause: 'silent' })
  // Chromium itself would take a minute.
  expect(performance.now() - since).toBeLessThan(20_000)
  await socket.opened()
  await next(socket, 'pulse')
})

describe('an address', () => {
  const urls: string[] = []
  class Seen extends WebSocket {
    constructor(address: string, protocols?: string[]) {
      super(address, protocols)
      urls.push(this.url)
    }
  }

  test.for([
    ['/socket?room=1', `ws://${location.host}/socket?room=1`],
    [`//${location.host}/socket`, `ws://${location.host}/socket`],
    [`http://${location.host}/socket`, `ws://${location.host}/socket`],
  ] as const)('%s is read as the page reads it', async ([address, absolute], { dial }) => {
    urls.length = 0
    await next(dial(address, { WebSocket: Seen }), 'connecting')
    await ms(0)
    expect(urls).toEqual([absolute])
  })

  test.for(['ftp://127.0.0.1/', 'ws://127.0.0.1/#part', 'ws://['])(
    '%s is told, and not dialled again and again',
    async (address, { dial }) => {
      let error: unknown
      try {
        const socket = dial(address)
        error = (await next(socket, 'closed')).error
        expect(socket.status).toBe('closed')
      } catch (thrown) {
        error = thrown
      }
      expect((error as Error).name).toBe('SyntaxError')
    },
  )
})

describe('the page', () => {
  test('that comes back online has the backoff cut short', async ({ dial }) => {
    const socket = dial(url, { reconnect: () => 60_000 })
    await socket.opened()
    socket.send('vanish')
    await next(socket, 'waiting')
    const since = performance.now()
    window.dispatchEvent(new Event('online'))
    await socket.opened()
    expect(performance.now() - since).toBeLessThan(800)
  })

  test('that went offline and came back does not trust the line', async ({ dial }) => {
    const socket = dial()
    await socket.opened()
    window.dispatchEvent(new Event('offline'))
    expect(socket.status).toBe('open')
    const waiting = next(socket, 'waiting')
    window.dispatchEvent(new Event('online'))
    expect((await waiting).close.cause).toBe('wake')
    await socket.opened()
  })

  test('that is shown, thawed or restored dials at once', async ({ dial }) => {
    const signs = [
      () => document.dispatchEvent(new Event('visibilitychange')),
      () => document.dispatchEvent(new Event('resume')),
      () => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })),
    ]
    for (const sign of signs) {
      const socket = dial(url, { reconnect: () => 60_000 })
      await socket.opened()
      socket.send('vanish')
      await next(socket, 'waiting')
      sign()
      await socket.opened()
      socket.close()
    }
  })
})

test('a listener that throws is shown as an error of the page, and starves nobody', async ({ dial }) => {
  const errors: unknown[] = []
  const caught = (event: ErrorEvent) => {
    errors.push(event.error)
    event.preventDefault()
    // The test runner would take it for a failure.
    event.stopImmediatePropagation()
  }
  window.addEventListener('error', caught, { capture: true })
  const bug = new Error('bug')
  const socket = dial()
  socket.on('text', () => {
    throw bug
  })
  socket.send('x')
  expect(await next(socket, 'text')).toBe('x')
  window.removeEventListener('error', caught, { capture: true })
  expect(errors).toEqual([bug])
})

test('what was closed is left by the server too', async ({ dial }) => {
  const socket = dial()
  await socket.opened()
  const closed = next(socket, 'closed')
  socket.close(4000, 'bye')
  expect(await closed).toMatchObject({ code: 4000, reason: 'bye', cause: 'user' })
  const again = next(socket, 'open')
  socket.open()
  expect(await again).toMatchObject({ reconnected: false })
})
