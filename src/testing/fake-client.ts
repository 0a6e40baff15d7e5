import type { Pace } from './channel.ts'
import type { Connection } from './connection.ts'
import type { Conversation, WaitOptions } from './conversation.ts'
import type { FakeWebSocket } from './fake-websocket.ts'
import type { Expected } from './match.ts'
import type { Message } from './payload.ts'

/** A slow network. What is left out keeps its value. */
export interface SlowOptions {
  /** How long a frame or a handshake travels, in ms. */
  latency?: number | undefined
  /** The bandwidth in bytes per second, in each direction; `Infinity` is no limit. */
  bytesPerSecond?: number | undefined
}

export function changePace(pace: Pace, slow: number | SlowOptions): void {
  const { latency, bytesPerSecond } = typeof slow === 'number' ? { latency: slow } : (slow as SlowOptions)
  if (latency !== undefined && !(latency >= 0 && latency < Number.POSITIVE_INFINITY))
    throw new RangeError(`holdfast/testing: latency: ${latency}. Use a number of ms, or hang() or mute().`)
  if (bytesPerSecond !== undefined && !(bytesPerSecond > 0))
    throw new RangeError(`holdfast/testing: bytesPerSecond: ${bytesPerSecond}. Use more than 0, or stall().`)
  pace.latency = latency ?? pace.latency
  pace.bytesPerSecond = bytesPerSecond ?? pace.bytesPerSecond
}

/** How a connection ended, as the server sees it: 1005 is a close frame without a code, 1006 no close frame. */
export interface ClientClose {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** One client as the server sees it: one connection. */
export class FakeClient {
  /** The URL that was dialled, with its query. */
  readonly url: string
  /** The subprotocols that the client offered. */
  readonly protocols: readonly string[]
  /** The one that was selected, or `''`. */
  readonly protocol: string
  /** The other end: the `WebSocket` in the code under test. */
  readonly socket: WebSocket
  /** What it has sent, in order: text as strings, binary as `Uint8Array`. */
  readonly received: Message[] = []
  readonly #connection: Connection
  readonly #conversation: Conversation

  constructor(
    connection: Connection,
    conversation: Conversation,
    dialled: { url: URL; protocols: readonly string[]; protocol: string; socket: FakeWebSocket },
  ) {
    this.#connection = connection
    this.#conversation = conversation
    this.url = dialled.url.href
    this.protocols = dialled.protocols
    this.protocol = dialled.protocol
    this.socket = dialled.socket as unknown as WebSocket
  }

  /** How the connection ended, or `undefined` while it is open. */
  get closed(): ClientClose | undefined {
    return this.#connection.closed
  }

  /**
   * Sends a message: a string as text; an `ArrayBuffer`, a view or a `Blob` as binary; every other value as JSON.
   * Throws when the connection has ended.
   */
  say(message: unknown): void {
    if (!this.#connection.open)
      throw new Error(
        this.#conversation.told(`say() to ${this.#connection.name}, whose connection has ended`),
      )
    this.#connection.say(message)
  }

  /**
   * Waits for a message from this client and returns it: the first one that matches and that `heard` has not returned
   * before. Rejects with the conversation when none comes in time. Under fake timers it advances the clock as far as
   * needed.
   */
  heard(expected?: Expected, options?: WaitOptions): Promise<Message> {
    return this.#conversation.heard(this, expected, options)
  }

  /** Waits for the end of this connection. Rejects with the conversation when it stays open. */
  ended(options?: WaitOptions): Promise<ClientClose> {
    return this.#conversation.wait(
      () => this.closed,
      options,
      () => `did not see the end of ${this.#connection.name}`,
    )
  }

  /**
   * Closes the connection with a close frame. Without a code the client sees 1005.
   *
   * @param code 1000 to 1003, 1007 to 1014 or 3000 to 4999; else throws a `RangeError`
   * @param reason at most 123 bytes
   */
  hangUp(code?: number, reason = ''): void {
    this.#connection.hangUp(code, reason)
  }

  /** The TCP connection is gone without a close frame, as when the server crashes. The client sees 1006. */
  vanish(): void {
    this.#connection.vanish()
  }

  /** From now on nothing arrives in either direction, and neither end is notified: a dead network. */
  mute(): void {
    this.#connection.muted = true
    this.#connection.note('mute()')
  }

  /** What is sent from now on arrives again. What was lost stays lost. */
  unmute(): void {
    this.#connection.muted = false
    this.#connection.note('unmute()')
  }

  /** Slows the connection: the latency in ms, or latency and bandwidth. */
  slow(slow: number | SlowOptions): void {
    changePace(this.#connection.pace, slow)
    this.#connection.flow()
  }

  /** Holds what the client sends in its `bufferedAmount`, until `drain` or `flow`. */
  stall(): void {
    this.#connection.stall(true)
  }

  /** Lets this many bytes leave at once. */
  drain(bytes: number): void {
    this.#connection.drain(bytes)
  }

  /** Ends `stall`. */
  flow(): void {
    this.#connection.stall(false)
    this.#connection.drain(Number.POSITIVE_INFINITY)
  }
}
