import { Channel, type Pace } from './channel.ts'
import { type CloseFrame, serverCloseFrame } from './close-frame.ts'
import { type Message, type Payload, saidPayload } from './payload.ts'
import { type Cancel, schedule } from './schedule.ts'
import { describe, type Transcript } from './transcript.ts'

/** How long Chromium waits for the answer to its close frame, in ms. */
const CLOSE_TIMEOUT = 60_000

/** Receives the events of a connection at the client's end: the WebSocket. */
export interface ClientEnd {
  opened(protocol: string): void
  received(message: Message): void
  /** `failed`: the connection was never open. */
  ended(close: CloseFrame, wasClean: boolean, failed: boolean): void
}

/** Receives the events of connections at the server's end. */
export interface ServerEnd {
  /** `null`: refused. `undefined`: no answer, ever. */
  answer(connection: Connection): { protocol: string } | null | undefined
  connected(connection: Connection, protocol: string): void
  received(connection: Connection, message: Message): void
  /** `connection.closed` is set. The client may not know yet. */
  closed(): void
  /** The last event of a connection. */
  ended(connection: Connection): void
}

const EMPTY: Payload = { bytes: 0, content: '' }

/** What a new connection takes over from its server. */
export interface Conditions {
  pace: Pace
  muted: boolean
  stalled: boolean
}

/** The network between one WebSocket and the server, with the state that the server has of it. */
export class Connection {
  readonly name: string
  readonly pace: Pace
  muted: boolean
  /** How it ended for the server. */
  closed: (CloseFrame & { wasClean: boolean }) | undefined
  /** Whether the server has accepted it. */
  accepted = false
  readonly #client: ClientEnd
  readonly #server: ServerEnd
  readonly #transcript: Transcript
  readonly #up: Channel
  readonly #down: Channel
  /** Whether the client has been notified of the end. */
  #over = false
  /** Whether the server has received the handshake and does not answer it. */
  #held = false
  /** Whether the TCP connection is gone at the server. */
  #gone = false
  /** Whether the server has sent its close frame. */
  #hungUp = false
  /** The handshake, and later the deadline of the closing handshake. */
  #timer: Cancel | undefined

  constructor(
    name: string,
    { pace, muted, stalled }: Conditions,
    transcript: Transcript,
    client: ClientEnd,
    server: ServerEnd,
  ) {
    this.name = name
    this.pace = { ...pace }
    this.muted = muted
    this.#transcript = transcript
    this.#client = client
    this.#server = server
    this.#up = new Channel(this.pace)
    this.#down = new Channel(this.pace)
    this.#up.stalled = stalled
    this.#timer = schedule(pace.latency, () => this.#handshake())
  }

  /** Bytes that the client has sent and that have not left. */
  get backlog(): number {
    return this.#up.backlog
  }

  /** Whether the server may use it. */
  get open(): boolean {
    return this.accepted && !this.#gone && !this.#hungUp && !this.closed
  }

  /** Resolves once the Blobs that are on their way have been read. */
  async read(): Promise<void> {
    await Promise.all([...this.#up.reading, ...this.#down.reading])
  }

  /** The client sends a message. */
  send(payload: Payload): void {
    this.#up.send(payload, (message) => this.#arriveAtServer(message))
  }

  /** The client starts the closing handshake. */
  close(frame: CloseFrame): void {
    if (this.#over) return
    if (!this.accepted) {
      this.note('gives up its handshake')
      this.#timer?.()
      this.#timer = schedule(0, () => this.#end({ code: 1006, reason: '' }, false))
      return
    }
    this.note(`closes${inWords(frame)}`)
    this.#timer = schedule(CLOSE_TIMEOUT, () => {
      this.note('gives up waiting for the closing handshake')
      this.#end({ code: 1006, reason: '' }, false)
    })
    this.#up.send(EMPTY, () => {
      if (this.muted) return this.note('→ lost: its close frame')
      if (this.#gone) return this.#reset()
      this.#closedAtServer(frame, true)
      // Where the server has hung up meanwhile, its own close frame arrives first and is the answer.
      this.#down.send(EMPTY, () => {
        if (this.muted) return this.note('← lost: the answer to its close frame')
        this.#end(frame, true)
      })
    })
  }

  /** The server sends a message. */
  say(value: unknown): void {
    const payload = saidPayload(value)
    this.#down.send(payload, (message) => {
      if (this.muted) return this.note(`← lost: ${describe(message)}`)
      this.note(`← ${describe(message)}`)
      this.#client.received(message)
    })
  }

  /** The server starts the closing handshake. */
  hangUp(code: number | undefined, reason: string): void {
    const frame = serverCloseFrame(code, reason)
    if (!this.open) return
    this.#hungUp = true
    this.#down.send(EMPTY, () => {
      if (this.muted) return this.note(`← lost: the close frame${inWords(frame)}`)
      this.note(`← close frame${inWords(frame)}`)
      // The client's close frame has the same code, and both ends close.
      this.#closedAtServer(frame, true)
      this.#end(frame, true)
    })
  }

  /** The TCP connection is gone, without a close frame. A request that is still on its way has none. */
  vanish(): void {
    if ((!this.accepted && !this.#held) || this.#over || this.#gone) return
    this.#gone = true
    this.#reset()
  }

  stall(stalled: boolean): void {
    this.#up.stalled = stalled
    this.flow()
  }

  flow(): void {
    this.#up.flow()
    this.#down.flow()
  }

  drain(bytes: number): void {
    this.#up.drain(bytes)
  }

  /** Cancels everything that is under way, without notifying either end. */
  stop(): void {
    this.#over = true
    this.#timer?.()
    this.#up.end()
    this.#down.end()
  }

  note(what: string): void {
    this.#transcript.note(this.name, what)
  }

  #handshake(): void {
    this.#timer = undefined
    if (this.muted) return this.note('connects, and the request is lost')
    const answer = this.#server.answer(this)
    if (answer === undefined) {
      this.#held = true
      return this.note('is not answered')
    }
    if (answer === null) {
      this.note('is refused')
      return this.#end({ code: 1006, reason: '' }, false)
    }
    this.accepted = true
    this.note(`is open${answer.protocol && `, with subprotocol ${answer.protocol}`}`)
    try {
      this.#server.connected(this, answer.protocol)
    } finally {
      this.#client.opened(answer.protocol)
    }
  }

  #arriveAtServer(message: Message): void {
    if (this.muted) return this.note(`→ lost: ${describe(message)}`)
    if (this.#gone) return this.#reset()
    this.note(`→ ${describe(message)}`)
    this.#server.received(this, message)
  }

  /** The server's host tells the client that there is no such connection, after what it has sent before. */
  #reset(): void {
    this.#closedAtServer({ code: 1006, reason: '' }, false)
    this.#down.send(EMPTY, () => {
      if (this.muted) return this.note('← lost: the end of its TCP connection')
      this.note('← its TCP connection is gone')
      this.#end({ code: 1006, reason: '' }, false)
    })
  }

  #closedAtServer(frame: CloseFrame, wasClean: boolean): void {
    if (!this.accepted || this.closed) return
    this.closed = { ...frame, wasClean }
    this.#server.closed()
  }

  #end(frame: CloseFrame, wasClean: boolean): void {
    this.stop()
    this.note(`is closed${inWords(frame)}`)
    this.#closedAtServer({ code: 1006, reason: '' }, false)
    this.#server.ended(this)
    this.#client.ended(frame, wasClean, !this.accepted)
  }
}

const inWords = ({ code, reason }: CloseFrame) =>
  `${code === 1005 ? '' : ` ${code}`}${reason && ` ${JSON.stringify(reason)}`}`
