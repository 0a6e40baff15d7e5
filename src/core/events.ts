/** What `WebSocket.send` takes. */
// Spelt so that it is understood by TypeScript before 5.7, where views have no type argument.
export type Data = string | ArrayBuffer | (ArrayBufferView & { readonly buffer: ArrayBuffer }) | Blob

/** The name of the last transition. */
export type Status = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed'

/**
 * Who ended a connection.
 * - `peer`: a real close frame or error of the line; `code` and `reason` are the browser's own
 * - `silent`: the heartbeat had no answer
 * - `wake`: not trusted any more after a sleep, or after the network went away and came back
 * - `timeout`: the attempt took longer than `attemptTimeout`
 * - `url`: the `url` or `protocols` function failed
 * - `refused`: `greet` failed, no offered subprotocol was selected, or the `WebSocket` constructor threw
 * - `user`: `close()` or `reconnect()` was called
 * - `signal`: the `signal` option was aborted
 */
export type Cause = 'peer' | 'silent' | 'wake' | 'timeout' | 'url' | 'refused' | 'user' | 'signal'

/** How a connection, or an attempt at one, ended. */
export interface Closed {
  /** The close code. 1006 where no close frame was exchanged; what `close()` was given for `user`. */
  code: number
  /** The peer's own words for `peer`; ours for the other causes. */
  reason: string
  /** Whether the closing handshake was seen to finish. False wherever we did not wait for it. */
  wasClean: boolean
  cause: Cause
  /** What was thrown or rejected, where something was: by the url function, `greet`, the constructor, the signal. */
  error?: unknown
}

/** An attempt that failed or a connection that ended, as the retry policy sees it. */
export interface Failure {
  /** How many attempts in a row have failed before this one, from 0. */
  attempt: number
  close: Closed
}

/**
 * What became of a message: handed to the browser (not: received by the peer), held until the connection is
 * open, or given up.
 */
export type SendResult = 'sent' | 'queued' | 'dropped'

/** Why a message was given up. */
export type DropReason = 'overflow' | 'expired' | 'closed'

/** Event names and what their listeners are given. */
export interface Events<In = unknown> {
  /** An attempt starts. `attempt` counts from 0 and is the number of failures in a row before it. */
  connecting: { attempt: number; url: string }
  /** Usable: handshake done, `greet` passed, the queue not sent yet. */
  open: { protocol: string; reconnected: boolean }
  /** Every frame that is not a pong, as it comes. */
  message: MessageEvent
  /** A text frame. */
  text: string
  /** A text frame, parsed (once, and only while somebody listens) and validated by `schema`. */
  json: In
  /** A binary frame, in the shape that `binaryType` asks for. */
  binary: ArrayBuffer | Blob
  /** A text frame that could not be parsed or failed the schema, while somebody listens for `json`. */
  invalid: { text: string; error: unknown }
  /** The connection or the attempt ended; the next one starts in `delay` ms. Told anew when the page changes that. */
  waiting: { attempt: number; delay: number; close: Closed }
  /** Final: nothing more is heard until `open()` is called. */
  closed: Closed
  /** A pong came, `rtt` ms after its ping. */
  pulse: { rtt: number }
  /**
   * A message was given up. `data` is what `send` was given: the same object. What is sent once it is closed is not told
   * here, as nothing is: `send` answers.
   */
  drop: { data: Data; why: DropReason }
}

/** What everything that carries messages has in common: write helpers and bindings against this. */
export interface SocketLike<In = unknown, Out = unknown> {
  /** Only there for the compiler, which cannot infer `In` from `on`. */
  readonly '~in'?: In
  readonly status: Status
  readonly bufferedAmount: number
  /** How it ended, while it is closed. */
  readonly closed?: Closed | undefined
  on<Name extends keyof Events<In>>(name: Name, listener: (value: Events<In>[Name]) => void): () => void
  send(data: Data): SendResult
  sendJson(value: Out): SendResult
  opened(options?: { signal?: AbortSignal | undefined }): Promise<void>
  drained(limit?: number, options?: { signal?: AbortSignal | undefined }): Promise<void>
  open(): void
  close(code?: number, reason?: string): void
}
