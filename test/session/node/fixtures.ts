import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ServerOptions, WebSocket, WebSocketServer } from 'ws'
import { Session, type SessionOptions } from '../../../src/session/client/index.ts'
import { type ServerSession, Sessions, type SessionsOptions } from '../../../src/session/server/index.ts'
import { test as base } from '../../support/fixtures.ts'

/** A server process: `ws` in front of the sessions, on 127.0.0.1. */
export interface TestServer {
  sessions: Sessions<IncomingMessage>
  port: number
  url: string
  /** The sessions as they come. */
  next: () => Promise<ServerSession>
  /** What `ws` has of its connections. */
  sockets: () => Set<WebSocket>
}

/** A client that speaks the protocol by hand. */
export class Raw {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  readonly frames: (string | Buffer)[] = []
  #wake = () => {}

  /** `keepsPings`: on a crowded machine a server may ping between any two frames, which most tests do not want to see. */
  constructor(url: string, { keepsPings = true } = {}) {
    this.socket = new WebSocket(url, ['holdfast.1'])
    this.socket.on('error', () => {})
    this.socket.on('message', (data: Buffer, binary) => {
      const frame = binary ? data : data.toString()
      if (!keepsPings && /^!p\d+$/.test(String(frame))) return
      this.frames.push(frame)
      this.#wake()
    })
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.#wake()
      })
    })
  }

  /** The next frame; nothing once it is closed. */
  async next(): Promise<string | Buffer | undefined> {
    while (!this.frames.length && this.socket.readyState < 3) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.frames.shift()
  }

  send(data: string | Uint8Array) {
    this.socket.send(data)
  }

  async hello(hello: Record<string, unknown>) {
    if (!this.socket.readyState) await once(this.socket, 'open')
    this.send(`!h${JSON.stringify({ v: 1, n: 1, ...hello })}`)
    return this.next()
  }
}

interface Fixtures {
  startServer: (options?: SessionsOptions<IncomingMessage>, server?: ServerOptions) => Promise<TestServer>
  client: (url: string | (() => string), options?: SessionOptions) => Session
  raw: (url: string) => Raw
}

export const WS = WebSocket as unknown as NonNullable<SessionOptions['WebSocket']>

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  startServer: async ({}, use) => {
    const ends: (() => Promise<unknown>)[] = []
    await use(async (options = {}, serverOptions = {}) => {
      const opened: ServerSession[] = []
      let wake = () => {}
      const sessions = new Sessions<IncomingMessage>({
        ...options,
        opened: (session, how) => {
          opened.push(session)
          wake()
          return options.opened?.(session, how)
        },
      })
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...serverOptions })
      server.on('connection', (socket, request) => sessions.accept(socket, request))
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      ends.push(async () => {
        await sessions.shutdown()
        for (const socket of server.clients) socket.terminate()
        await new Promise((resolve) => server.close(resolve))
      })
      const next = async () => {
        while (!opened.length)
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        return opened.shift() as ServerSession
      }
      return { sessions, port, url: `ws://127.0.0.1:${port}/`, next, sockets: () => server.clients }
    })
    await Promise.all(ends.map((end) => end()))
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  client: async ({}, use) => {
    const clients: Session[] = []
    await use((url, options = {}) => {
      const client = new Session(url, {
        WebSocket: WS,
        binaryType: 'arraybuffer',
        reconnect: { base: 20, max: 60 },
        ...options,
      })
      clients.push(client)
      return client
    })
    for (const client of clients) client.close()
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  raw: async ({}, use) => {
    const raws: Raw[] = []
    await use((url) => {
      const raw = new Raw(url)
      raws.push(raw)
      return raw
    })
    for (const { socket } of raws) socket.terminate()
  },
})

export const until = async (done: () => unknown, ms = 60_000) => {
  const end = Date.now() + ms
  while (!done()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${done}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
