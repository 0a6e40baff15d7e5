import type { WaitOptions } from './conversation.ts'
import type { Expected } from './match.ts'
import type { Message } from './payload.ts'

/** A slow network. What is left out keeps its value. */
export interface SlowOptions {
  /** How long a frame or a handshake travels, in ms. */
  latency?: number | undefined
  /** The bandwidth in bytes per second, in each direction; `Infinity` is no limit. */
  bytesPerSecond?: number | undefined
}

/** How a connection ended, as the server sees it: 1005 is a close frame without a code, 1006 no close frame. */
export interface ClientClose {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** One client as the server sees it: one connection. */
export interface FakeClient {
  /** The URL that was dialled, with its query. */
  readonly url: string
  /** The subprotocols that the client offered. */
  readonly protocols: readonly string[]
  /** The one that was selected, or `''`. */
  readonly protocol: string
  /** The other end: the `WebSocket` in the code under test. */
  readonly socket: WebSocket
  /** What it has sent, in order: text as strings, binary as `Uint8Array`. */
  readonly received: Message[]
  /** How the connection ended, or `undefined` while it is open. */
  readonly closed: ClientClose | undefined

  /**
   * Sends a message: a string as text; an `ArrayBuffer`, a view or a `Blob` as binary; every other value as JSON.
   * Throws when the connection has ended.
   */
  say(message: unknown): void

  /**
   * Waits for a message from this client and returns it: the first one that matches and that `heard` has not returned
   * before. Rejects with the conversation when none comes in time. Under fake timers it advances the clock as far as
   * needed.
   */
  heard(expected?: Expected, options?: WaitOptions): Promise<Message>

  /** Waits for the end of this connection. Rejects with the conversation when it stays open. */
  ended(options?: WaitOptions): Promise<ClientClose>

  /**
   * Closes the connection with a close frame. Without a code the client sees 1005.
   *
   * @param code 1000 to 1003, 1007 to 1014 or 3000 to 4999; else throws a `RangeError`
   * @param reason at most 123 bytes
   */
  hangUp(code?: number, reason?: string): void

  /** The TCP connection is gone without a close frame, as when the server crashes. The client sees 1006. */
  vanish(): void

  /** From now on nothing arrives in either direction, and neither end is notified: a dead network. */
  mute(): void

  /** What is sent from now on arrives again. What was lost stays lost. */
  unmute(): void

  /** Slows the connection: the latency in ms, or latency and bandwidth. Throws a `RangeError` for impossible values. */
  slow(slow: number | SlowOptions): void

  /** Holds what the client sends in its `bufferedAmount`, until `drain` or `flow`. */
  stall(): void

  /** Lets this many bytes leave at once. */
  drain(bytes: number): void

  /** Ends `stall`. */
  flow(): void
}
