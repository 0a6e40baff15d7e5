import { createServer, type Server as Http } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Server as SocketIo } from 'socket.io'
import { type WebSocket, WebSocketServer } from 'ws'
import { Sessions } from '../../src/session/server/index.ts'

/** A server that can be taken down, and that can misbehave. It speaks plain WebSocket, and socket.io on its path. */
export class Faulty {
  port = 0
  /** When each connection was made, by `performance.now`. */
  readonly connections: number[] = []
  readonly messages: string[] = []
  /** What is done to every connection once it is open. */
  greet: (socket: { close(): void }) => void = () => {}
  /** After how many messages everybody is cut. */
  cutEvery = Number.POSITIVE_INFINITY
  /** It outlives the server that is taken down, as one with a store would. */
  readonly #sessions = new Sessions({
    // The page has a server of its own.
    origins: '*',
    authenticate: () => 'bench',
    credit: [30_000, 10_000_000],
    limits: { perPrincipal: 1_000, messages: 30_000, bytes: 10_000_000 },
    received: (_, data) => this.#take(String(data)),
  })
  readonly #pipes = new Set<Socket>()
  #http: Http | undefined
  #rich: SocketIo | undefined

  async up(): Promise<void> {
    const http = createServer()
    const plain = new WebSocketServer({ noServer: true })
    http.on('connection', (pipe: Socket) => {
      this.#pipes.add(pipe)
      pipe.on('error', () => {})
      pipe.on('close', () => this.#pipes.delete(pipe))
    })
    http.on('upgrade', (request, pipe, head) => {
      this.connections.push(performance.now())
      if (request.url?.startsWith('/socket.io')) return
      plain.handleUpgrade(request, pipe, head, (socket: WebSocket) => {
        socket.on('error', () => {})
        this.greet({ close: () => socket.close(1011) })
        if (request.url?.startsWith('/session'))
          return this.#sessions.accept(socket as never, request as never)
        socket.on('message', (data) => {
          const text = data.toString()
          if (text === 'ping') socket.send('pong')
          else this.#take(text)
        })
      })
    })
    this.#rich = new SocketIo(http, { transports: ['websocket'], pingInterval: 5_000, pingTimeout: 2_500 })
    this.#rich.on('connection', (guest) => {
      guest.on('message', (text: never, acknowledge?: () => void) => {
        this.#take(text)
        acknowledge?.()
      })
      this.greet({ close: () => guest.conn.close() })
    })
    await new Promise<void>((resolve) => http.listen(this.port, '127.0.0.1', resolve))
    this.port = (http.address() as AddressInfo).port
    this.#http = http
  }

  #take(text: string): void {
    this.messages.push(text)
    if (this.messages.length % this.cutEvery === 0) this.cut()
  }

  /** Ends every connection without a word. */
  cut(): void {
    for (const pipe of this.#pipes) pipe.destroy()
  }

  /** Leaves the connections of now open, and neither reads from them nor writes to them any more. */
  mute(): void {
    for (const pipe of this.#pipes) {
      pipe.pause()
      pipe.cork()
    }
  }

  async down(): Promise<void> {
    const http = this.#http
    this.#http = undefined
    if (!http) return
    const closed = new Promise((resolve) => http.close(resolve))
    this.cut()
    this.#rich?.close()
    await closed
  }
}
