/** What `send` takes: the same as `WebSocket.send`. */
// Written so that TypeScript before 5.7, where views have no type argument, understands it.
export type Data = string | ArrayBuffer | (ArrayBufferView & { readonly buffer: ArrayBuffer }) | Blob

/**
 * - `idle`: not opened yet (`autoOpen: false`)
 * - `connecting`: an attempt is under way: `url()`, handshake, `greet`
 * - `open`: messages are sent at once
 * - `waiting`: the last connection or attempt ended; the next attempt starts after a delay
 * - `suspended`: `suspend()` closed the connection; nothing is dialled until `open()`
 * - `closed`: ended for good, until `open()`
 */
export type Status = 'idle' | 'connecting' | 'open' | 'waiting' | 'suspended' | 'closed'

/**
 * Who or what ended a connection or an attempt.
 * - `peer`: the server or the network: a close frame, or a connection that broke. `code` and `reason` are the browser's
 * - `silent`: the server did not answer the heartbeat
 * - `wake`: the network went away and came back, or the machine slept, and no heartbeat is configured that could check the connection
 * - `timeout`: the attempt took longer than `attemptTimeout`
 * - `url`: the `url` or `protocols` function threw, rejected, or returned no valid URL
 * - `refused`: `greet` failed, no offered subprotocol was selected, or the `WebSocket` constructor threw
 * - `blocked`: the browser does not allow the connection: Content Security Policy, or Local Network Access
 * - `user`: `close()`, `reconnect()` or `suspend()` was called
 * - `signal`: the `signal` option was aborted
 */
export type Cause = 'peer' | 'silent' | 'wake' | 'timeout' | 'url' | 'refused' | 'blocked' | 'user' | 'signal'

/** How a connection, or an attempt at one, ended. */
export interface Closed {
  /** The close code. 1006 where no close frame was received; for `user`, the code given to `close()`, or 1000; for `signal`, 1000. */
  code: number
  /**
   * For `peer`, the reason that the server sent; for `user`, the one given to `close()`; for the other causes, the message of
   * `error` or a sentence of this library.
   */
  reason: string
  /** Whether the closing handshake was completed. False wherever this side did not wait for it. */
  wasClean: boolean
  cause: Cause
  /** What was thrown or rejected, if anything: by the url function, `greet`, the constructor, the signal. */
  error?: unknown
}

/** A failed attempt or a lost connection: the argument of a `reconnect` function. */
export interface Failure {
  /** How many attempts in a row failed before this one, from 0. */
  attempt: number
  close: Closed
}

/**
 * What `send` did: handed the message to the browser (which does not mean that the server has it), stored it until the
 * connection is open, or dropped it.
 */
export type SendResult = 'sent' | 'queued' | 'dropped'

/**
 * What finally became of one message.
 * On a `Socket`: `sent` (handed to the browser) or `dropped`. On a `Session`: `delivered` (the server has it), `lost` (the
 * server does not have it) or `unknown` (it was written to a connection that broke, and may or may not have arrived).
 */
export interface Outcome {
  result: 'sent' | 'dropped' | 'delivered' | 'lost' | 'unknown'
  /** Why, for every result but `sent` and `delivered`. */
  reason?: string
}

/** Options of `send` and `sendJson`. */
export interface SendOptions {
  /** Called exactly once with what became of this message, perhaps before `send` returns. */
  onOutcome?: ((outcome: Outcome) => void) | undefined
}

/**
 * Why a message was dropped.
 * - `overflow`: it did not fit the queue
 * - `expired`: it waited longer than `queue.ttl`
 * - `closed`: the socket was closed while it waited
 * - `discarded`: `reconnect({ queue: 'drop' })` was called while it waited
 * - `disconnected`: it was queued, then handed to the browser, which still held it when the connection ended; part of it may
 *   have arrived
 */
export type DropReason = 'overflow' | 'expired' | 'closed' | 'discarded' | 'disconnected'

/** The value of a `binary` event, by `binaryType`. */
export type BinaryData<Kind extends BinaryType = BinaryType> = {
  blob: Blob
  arraybuffer: ArrayBuffer
}[Kind]

/** Event names, and the value that a listener is called with. */
export interface Events<In = unknown, Kind extends BinaryType = BinaryType> {
  /** Emitted at every change of `status`, before the more specific event. One listener is enough for a status line. */
  status: { status: Status; previous: Status }
  /** An attempt dials `url`. `attempt` counts from 0: the number of failures in a row before it. */
  connecting: { attempt: number; url: string }
  /** Usable: handshake done, `greet` passed, queued messages not sent yet. `reconnected`: it was open before. */
  open: { protocol: string; reconnected: boolean }
  /** Every frame that is not an answer to the heartbeat, as the browser's `MessageEvent`. */
  message: MessageEvent
  /** A text frame. */
  text: string
  /** A text frame, parsed (once, and only while somebody listens) and validated by `schema`. */
  json: In
  /** A binary frame, in the shape that `binaryType` asks for. */
  binary: BinaryData<Kind>
  /** A text frame that could not be parsed or did not match the schema, while somebody listens for `json`. */
  invalid: { text: string; error: unknown }
  /** The connection or attempt ended; the next attempt starts in `delay` ms. Emitted again when `delay` changes. */
  waiting: { attempt: number; delay: number; close: Closed }
  /**
   * Ended for good. Nothing more is emitted until `open()`. One exception: if `reconnect.attempts` were used up, the socket
   * opens again when the page or the network comes back.
   */
  closed: Closed
  /** A pong came, `rtt` ms after its ping. Needs the option `heartbeat.pong`, or a `Session`. */
  pulse: { rtt: number }
  /**
   * A message was dropped. `data` is the same object that was passed to `send`. Not emitted for messages that are sent after
   * `closed` or by a `drop` listener: there `send` returns `dropped`.
   */
  drop: { data: Data; why: DropReason; reason: string }
}

/** Options of `on`. */
export interface ListenerOptions {
  /** Remove the listener after its first call. */
  once?: boolean | undefined
  /** Aborting it removes the listener. */
  signal?: AbortSignal | undefined
}

/** What a listener of `'*'` is called with: the name of each event, then its value. */
export type AnyListener<EventMap> = (name: keyof EventMap & string, value: EventMap[keyof EventMap]) => void

/** The interface of `Socket`, `Session` and the socket of a tab. Write helpers and bindings against this. */
export interface SocketLike<In = unknown, Out = unknown, Kind extends BinaryType = BinaryType> {
  /** Exists for the compiler only, which cannot infer the events and their values from `on`. */
  readonly '~events'?: Events<In, Kind>
  readonly status: Status
  readonly bufferedAmount: number
  /** How it ended, while `status` is `closed`. */
  readonly closed?: Closed | undefined
  /** Calls `listener` for every event of that name. Returns an unsubscribe function. */
  on(name: '*', listener: AnyListener<Events<In, Kind>>, options?: ListenerOptions): () => void
  on<Name extends keyof Events<In, Kind>>(
    name: Name,
    listener: (value: Events<In, Kind>[Name]) => void,
    options?: ListenerOptions,
  ): () => void
  /** Removes a listener. */
  off<Name extends keyof Events<In, Kind>>(
    name: Name,
    listener: (value: Events<In, Kind>[Name]) => void,
  ): void
  off(name: '*', listener: AnyListener<Events<In, Kind>>): void
  send(data: Data, options?: SendOptions): SendResult
  sendJson(value: Out, options?: SendOptions): SendResult
  opened(options?: { signal?: AbortSignal | undefined }): Promise<void>
  drained(limit?: number, options?: { signal?: AbortSignal | undefined }): Promise<void>
  open(): void
  check(): void
  suspend(): void
  close(code?: number, reason?: string): void
}
