import type { Closed, Data, Failure } from './events.ts'

/** A value, or a function that is asked anew for every attempt. `signal` aborts when the attempt is over. */
export type Provided<Value> = Value | ((context: { signal: AbortSignal }) => Value | PromiseLike<Value>)

/** Exponential backoff with full jitter: the wait is `random() × min(max, base × factor ** attempt)` ms. */
export interface ReconnectOptions {
  /** The longest first wait, in ms. @default 2_000 */
  base?: number | undefined
  /** How much longer each further wait may be. @default 3 */
  factor?: number | undefined
  /** The longest wait of all, in ms. @default 10_000 */
  max?: number | undefined
  /** How many attempts in a row may fail after the first before it is given up. @default Infinity */
  attempts?: number | undefined
  /** How long a connection must last before earlier failures are forgotten, in ms. @default 5_000 */
  stableAfter?: number | undefined
}

/** A question and its answer, as ordinary messages: script can neither send nor see the protocol's own pings. */
export interface PingOptions {
  /** What to send. The server must know it. */
  ping: Data
  silence?: undefined
  /** The answer: an exact text, or a function that knows it. It is swallowed. Without it any frame will do. */
  pong?: string | ((message: MessageEvent) => boolean) | undefined
  /** How long either direction may be quiet before a ping is sent, in ms. @default 25_000 */
  interval?: number | undefined
  /** How long to wait for any frame after a ping, in ms. @default 10_000 */
  timeout?: number | undefined
}

/** For a server that speaks on its own: nothing is sent, and a silence of this many ms ends the connection. */
export interface SilenceOptions {
  silence: number
  ping?: undefined
}

/** What is kept while there is no open connection. */
export interface QueueOptions {
  /** How many messages at most. @default 1_000 */
  messages?: number | undefined
  /** How many bytes at most, as they will be on the wire. @default 1_048_576 */
  bytes?: number | undefined
  /** Which one is dropped when there is no room: the one being sent, or those waiting longest. @default 'newest' */
  overflow?: 'newest' | 'oldest' | undefined
  /** How long a message is worth sending, in ms. @default Infinity */
  ttl?: number | undefined
}

/** What `greet` may do with a connection that is not open to anybody else yet. */
export interface Greeting {
  /** Sends ahead of everything. */
  send(data: Data): void
  /** The next frame's data; frames that nobody asks for are delivered as messages after `open`. */
  next(): Promise<unknown>
  /** Aborts when the attempt is over. */
  signal: AbortSignal
}

/** The part of https://github.com/standard-schema/standard-schema that is used here. */
export interface Schema<Output> {
  readonly '~standard': {
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
  }
}
type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly unknown[] }

/** A `WebSocket` constructor: the browser's, or one that behaves as it does, such as that of `ws`. */
export type WebSocketConstructor = new (
  url: string,
  protocols?: string[],
) => {
  readonly readyState: number
  readonly bufferedAmount: number
  readonly protocol: string
  onopen: ((event: never) => unknown) | null
  onmessage: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
  onclose: ((event: never) => unknown) | null
  send(data: never): void
  close(code?: number, reason?: string): void
}

/** How a `Socket` behaves. Everything is optional; an explicit `undefined` means the default. */
export interface Options<In = unknown> {
  /** Subprotocols to offer, most wanted first. One of them must be selected, or the attempt has failed. */
  protocols?: Provided<string | string[]> | undefined
  /**
   * When to dial again: limits of the backoff, a function that answers in ms (`null`: never again), or `false`.
   * @default full jitter up to 2 s, 6 s, then 10 s
   */
  reconnect?: ReconnectOptions | ((failure: Failure) => number | null) | false | undefined
  /** Which endings are final: close codes of the peer, or a function. @default 1003, 1007, 1008, 1010, 4400–4499 */
  final?: readonly number[] | ((close: Closed) => boolean) | undefined
  /**
   * How long an attempt may take, in ms, `url()`, handshake and `greet` together. Grows ×1.5 with each failure in a
   * row, up to 60 s, because Firefox holds attempts back inside CONNECTING. `false`: for ever. @default 10_000
   */
  attemptTimeout?: number | false | undefined
  /** How to notice a peer that went silent. Off by default: a ping is a message that the server must know. */
  heartbeat?: PingOptions | SilenceOptions | false | undefined
  /** Runs after the handshake, before `open` and before anything queued is sent: a login, for instance. */
  greet?: ((greeting: Greeting) => unknown) | false | undefined
  /** What is kept while not open; `false`: nothing. */
  queue?: QueueOptions | false | undefined
  /** Whether to listen to the page: online and offline, visible, restored from bfcache, resumed, slept. @default true */
  wake?: boolean | undefined
  /** The shape of binary frames. @default 'blob' */
  binaryType?: BinaryType | undefined
  /** Validates `json` messages, synchronously; the type of the messages is inferred from it. */
  schema?: Schema<In> | undefined
  /** Reads a text frame. @default JSON.parse */
  parse?: ((text: string) => unknown) | undefined
  /** Writes what `sendJson` is given. @default JSON.stringify */
  stringify?: ((value: unknown) => string) | undefined
  /** Aborting it closes the socket. */
  signal?: AbortSignal | undefined
  /** Whether to dial at once; `false` starts `idle`, until `open()`. @default true */
  autoOpen?: boolean | undefined
  /** The constructor to dial with. @default the global one, looked up at each attempt */
  WebSocket?: WebSocketConstructor | undefined
}
