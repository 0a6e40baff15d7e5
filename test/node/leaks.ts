import { Socket, type WebSocketConstructor } from '../../src/index.ts'
import { ReconnectingWebSocket, type WebSocketOptions } from '../../src/websocket/index.ts'

/*
 * Run in a process of its own with --expose-gc, and told what to do by its first argument. It prints how much was alive in
 * the middle of the run and at its end, as JSON.
 */

interface Alive {
  /** Bytes, after the garbage is collected. */
  heap: number
  /** Those that keep the process alive: that of the heartbeat, and not that of the page. */
  timers: number
  /** Native listeners on the signal of the options, which outlives every connection. */
  listeners: number
}

const counts = { listeners: 0 }
const { signal } = new AbortController()
for (const [method, change] of [
  ['addEventListener', 1],
  ['removeEventListener', -1],
] as const) {
  const original = signal[method].bind(signal) as (...args: unknown[]) => void
  Object.assign(signal, {
    [method]: (...args: unknown[]) => {
      counts.listeners += change
      original(...args)
    },
  })
}

async function alive(): Promise<Alive> {
  const { gc } = globalThis
  if (!gc) throw new Error('Run me with --expose-gc.')
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    gc()
  }
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  return { heap: process.memoryUsage().heapUsed, timers, ...counts }
}

/** Just enough of a WebSocket, driven by hand. */
class Native {
  static latest: Native
  readyState = 0
  bufferedAmount = 0
  protocol = ''
  binaryType = 'blob'
  onopen: ((event: unknown) => void) | null = null
  onmessage: ((event: unknown) => void) | null = null
  onerror: ((event: unknown) => void) | null = null
  onclose: ((event: unknown) => void) | null = null
  /** What a leak of sockets would show soon. */
  readonly ballast = new Array(256).fill(0)

  constructor() {
    Native.latest = this
    queueMicrotask(() => {
      this.readyState = 1
      this.onopen?.({ type: 'open' })
    })
  }

  send() {}
  close() {
    this.readyState = 3
  }
  vanish() {
    this.readyState = 3
    this.onclose?.({ code: 1006, reason: '', wasClean: false })
  }
}

const heard = { messages: 0, opens: 0 }

async function run(work: (part: number) => Promise<void>, options: object = {}, url = 'ws://127.0.0.1/') {
  const socket = new Socket(url, {
    WebSocket: Native as never,
    heartbeat: { ping: 'ping', pong: 'pong' },
    reconnect: { base: 0 },
    signal,
    ...options,
  })
  socket.on('json', () => {
    heard.messages++
  })
  socket.on('open', () => {
    heard.opens++
  })
  await socket.opened()
  await watched(work, () => socket.close())
}

async function watched(work: (part: number) => Promise<void>, end: () => unknown) {
  const ends: Alive[] = []
  // The first part warms everything up: only the later ones are compared.
  for (const part of [0, 1, 2]) {
    await work(part)
    ends.push(await alive())
  }
  const left = await end()
  const after = await alive()
  console.log(JSON.stringify({ heard, middle: ends[1], end: ends[2], after, left }))
  process.exit()
}

/** A real server whose connections end as soon as they are told to. */
async function serve() {
  const [{ WebSocket }, { Server }] = await Promise.all([import('ws'), import('../support/server.ts')])
  const server = new Server({})
  await server.start()
  return { WebSocket: WebSocket as unknown as WebSocketConstructor, server }
}

const next = () => new Promise((resolve) => setImmediate(resolve))

const works: Record<string, () => Promise<void>> = {
  async messages() {
    await run(async () => {
      for (let i = 0; i < 340_000; i++) {
        Native.latest.onmessage?.({ data: '{"n":1}' })
        if (i % 10_000 === 0) await next()
      }
    })
  },

  async reconnects() {
    await run(async () => {
      for (let i = 0; i < 700; i++) {
        const { opens } = heard
        Native.latest.vanish()
        while (heard.opens === opens) await next()
      }
    })
  },

  async real() {
    const { WebSocket, server } = await serve()
    await run(
      async () => {
        for (let i = 0; i < 70; i++) {
          const { opens } = heard
          const peer = await server.connection()
          i % 2 ? peer.vanish() : peer.close(1012)
          while (heard.opens === opens) await next()
        }
      },
      { WebSocket },
      server.url,
    )
  },

  async dropIn() {
    const { WebSocket, server } = await serve()
    const dial = (options: WebSocketOptions) =>
      new ReconnectingWebSocket(server.url, [], {
        WebSocket,
        signal,
        heartbeat: { ping: 'ping' },
        reconnect: { base: 0 },
        ...options,
      })
    const next = (socket: globalThis.WebSocket, type: 'open' | 'close') =>
      new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }))

    const socket = dial({})
    socket.onopen = () => heard.opens++
    socket.onmessage = () => heard.messages++
    await next(socket, 'open')
    const work = async () => {
      for (let i = 0; i < 350; i++) {
        const opened = next(socket, 'open')
        const peer = await server.connection()
        i % 2 ? peer.vanish() : peer.close(1012)
        await opened
      }
    }
    await watched(work, async () => {
      // What nobody refers to any more goes, though its signal and its server live on.
      const gone: WeakRef<object>[] = []
      for (let i = 0; i < 30; i++) {
        const other = dial([{}, { reopen: false }, { reconnect: false as const }][i % 3] as WebSocketOptions)
        other.onmessage = () => {}
        await next(other, 'open')
        other.close()
        await next(other, 'close')
        gone.push(new WeakRef(other))
      }
      socket.close()
      await next(socket, 'close')
      await server.stop()
      await alive()
      return { sockets: gone.filter((ref) => ref.deref()).length }
    })
  },
}

await works[process.argv[2] ?? '']?.()
