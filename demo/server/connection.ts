import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import type { ServerSocket } from '../../src/session/server/index.ts'
import { BadInput } from './input.ts'

/** A client that leaves so many bytes unread is cut. Otherwise what is buffered for it would grow without end. */
const UNREAD = 32 * 1024 * 1024

export interface ConnectionInit {
  id: number
  url: URL
  socket: WebSocket
  request: IncomingMessage
  /** The header lines of the response 101. */
  response: readonly string[]
  log: (line: string) => void
}

/** One client, from the handshake to the end of its connection. */
export class Connection {
  readonly id: number
  readonly url: URL
  readonly request: IncomingMessage
  readonly response: readonly string[]
  /** Whether a ping frame was sent that has not been answered. */
  awaitingPong = false
  /** Whether the server neither reads nor answers, as if it were frozen. */
  unresponsive = false
  readonly #socket: WebSocket
  readonly #log: (line: string) => void

  constructor({ id, url, socket, request, response, log }: ConnectionInit) {
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

  /** The client's address; IPv4 in its usual form. */
  get address(): string {
    return (this.request.socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '')
  }

  /** The subprotocol that was agreed on; `''` for none. */
  get protocol(): string {
    return this.#socket.protocol
  }

  /** The socket for a session. It does nothing while the server is unresponsive. */
  get serverSocket(): ServerSocket {
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

  /** Tells the client what was wrong with its input. Anything but bad input is a bug: it is logged and ends the connection. */
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

  /** Destroys the TCP connection. There is no close frame, so the client sees 1006. */
  terminate(): void {
    this.#socket.terminate()
  }

  /** Keeps the connection, but reads and answers nothing from now on. */
  stopResponding(): void {
    this.unresponsive = true
    this.#socket.pause()
  }
}
