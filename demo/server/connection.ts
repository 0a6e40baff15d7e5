import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import type { ServerSocket } from '../../src/session/server/index.ts'
import { BadInput } from './input.ts'

/** A reader who leaves this much unread is cut: what is kept for them would grow without end. */
const UNREAD = 32 * 1024 * 1024

export interface Arrival {
  id: number
  url: URL
  socket: WebSocket
  request: IncomingMessage
  /** The header lines of our 101. */
  response: readonly string[]
  log: (line: string) => void
}

/** One client, from the handshake to the end of its connection. */
export class Connection {
  readonly id: number
  readonly url: URL
  readonly request: IncomingMessage
  readonly response: readonly string[]
  /** Whether it has been asked for a sign of life and has not given one. */
  awaitingPong = false
  /** Whether the server plays dead towards this client. */
  unresponsive = false
  readonly #socket: WebSocket
  readonly #log: (line: string) => void

  constructor({ id, url, socket, request, response, log }: Arrival) {
    this.id = id
    this.url = url
    this.request = request
    this.response = response
    this.#socket = socket
    this.#log = log
    socket.on('pong', () => {
      this.awaitingPong = false
    })
  }

  /** Where it comes from, an IPv4 address in its usual form. */
  get address(): string {
    return (this.request.socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '')
  }

  /** The subprotocol that was agreed on; `''` for none. */
  get protocol(): string {
    return this.#socket.protocol
  }

  /** The socket as a session may use it: it is silent where we play dead. */
  get line(): ServerSocket {
    const socket = this.#socket
    return {
      protocol: socket.protocol,
      get bufferedAmount() {
        return socket.bufferedAmount
      },
      send: (data, options) => {
        if (!this.unresponsive && socket.readyState === socket.OPEN) socket.send(data, options)
      },
      close: (code, reason) => socket.close(code, reason),
      terminate: () => socket.terminate(),
      on: (event, listener: (...values: never[]) => void) =>
        socket.on(event, (...values) => {
          if (event !== 'message' || !this.unresponsive) listener(...(values as never[]))
        }),
    }
  }

  log(line: string): void {
    this.#log(`${this.url.pathname} #${this.id} ${line}`)
  }

  send(data: string | Uint8Array) {
    if (this.unresponsive || this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > UNREAD) return this.terminate()
    this.#socket.send(data)
  }

  sendJson(value: unknown): void {
    this.send(JSON.stringify(value))
  }

  /** Tells the client what was wrong with what it sent; anything but bad input is a bug of ours. */
  reportError(error: unknown) {
    if (error instanceof BadInput) return this.sendJson({ type: 'error', message: error.message })
    this.#log(`A bug: ${error instanceof Error ? error.stack : String(error)}`)
    this.close(1011, 'The server has a bug.')
  }

  ping(): void {
    this.awaitingPong = true
    if (!this.unresponsive && this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  /** Destroys the TCP connection: no close frame, so the client sees 1006. */
  terminate(): void {
    this.#socket.terminate()
  }

  /** Plays dead: the connection stays, nothing is read from it and nothing is answered. */
  stopResponding(): void {
    this.unresponsive = true
    this.#socket.pause()
  }
}
