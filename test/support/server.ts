import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type RawData, type ServerOptions, type WebSocket, WebSocketServer } from 'ws'

/** Values that come when they come, taken one by one in their order. */
class Inbox<Value> {
  readonly #values: Value[] = []
  readonly #takers: ((value: Value) => void)[] = []

  put(value: Value) {
    const taker = this.#takers.shift()
    if (taker) taker(value)
    else this.#values.push(value)
  }

  take(): Promise<Value> {
    const [value] = this.#values.splice(0, 1)
    return value === undefined ? new Promise((resolve) => this.#takers.push(resolve)) : Promise.resolve(value)
  }
}

/** The server's end of one connection. */
export class Peer {
  readonly socket: WebSocket
  readonly request: IncomingMessage
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #frames = new Inbox<string | Buffer>()

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.socket = socket
    this.request = request
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
    socket.on('message', (data: RawData, binary) => {
      this.#frames.put(binary ? (data as Buffer) : data.toString())
    })
    socket.on('error', () => {})
  }

  /** The next frame: a string for text, a Buffer for binary. */
  message(): Promise<string | Buffer> {
    return this.#frames.take()
  }

  send(data: string | Uint8Array) {
    this.socket.send(data)
  }

  close(code?: number, reason?: string) {
    this.socket.close(code, reason)
  }

  /** Ends the TCP connection without a close frame. */
  vanish() {
    this.socket.terminate()
  }
}

/** A real `ws` server on a port of 127.0.0.1 that it chooses and keeps. */
export class Server {
  /** How many connections were made, over all restarts. */
  dials = 0
  readonly #options: ServerOptions
  readonly #live = new Set<Peer>()
  #connections = new Inbox<Peer>()
  #port = 0
  readonly #answers = new Map<string, string>()
  #server: WebSocketServer | undefined

  constructor(options: ServerOptions) {
    this.#options = options
    this.#port = options.port ?? 0
  }

  get url() {
    return `ws://127.0.0.1:${this.#port}/`
  }

  get port() {
    return this.#port
  }

  /** The connections that are alive now. */
  get live(): readonly Peer[] {
    return [...this.#live]
  }

  async start() {
    const server = new WebSocketServer({ host: '127.0.0.1', ...this.#options, port: this.#port })
    this.#server = server
    server.on('connection', (socket, request) => {
      const peer = new Peer(socket, request)
      this.dials++
      this.#live.add(peer)
      socket.on('close', () => this.#live.delete(peer))
      socket.on('message', (data) => {
        const answer = this.#answers.get(data.toString())
        if (answer) socket.send(answer)
      })
      this.#connections.put(peer)
    })
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
  }

  /** Answers that message on every connection, over restarts too. */
  answer(question: string, text: string) {
    this.#answers.set(question, text)
  }

  /** The next connection, or one that came since the last question. */
  connection(): Promise<Peer> {
    return this.#connections.take()
  }

  /** Stops listening, and ends every connection: with a close frame where a code is given. */
  async stop(code?: number) {
    const server = this.#server
    this.#server = undefined
    if (!server) return
    for (const { socket } of this.#live) code ? socket.close(code) : socket.terminate()
    await new Promise((resolve) => server.close(resolve))
  }

  /** Down and up again on the same port. Connections of the time before are not handed out afterwards. */
  async restart({ code, whileDown }: { code?: number; whileDown?: () => unknown } = {}) {
    await this.stop(code)
    this.#connections = new Inbox()
    await whileDown?.()
    await this.start()
  }
}
