import type { Closed, Data, Failure } from './events.ts'

/** A value, or a function that is called for every attempt. `signal` aborts when that attempt has ended. */
export type Provided<Value> = Value | ((context: { signal: AbortSignal }) => Value | PromiseLike<Value>)

/** Exponential backoff with full jitter: the delay is `random() × min(max, base × factor ** attempt)` ms. */
export interface ReconnectOptions {
  /** The longest first delay, in ms. @default 2_000 */
  base?: number | undefined
  /** How much longer each further delay may be. @default 3 */
  factor?: number | undefined
  /** The longest delay, in ms. @default 10_000 */
  max?: number | undefined
  /**
   * How many attempts in a row may fail after the first; then the socket is `closed`. A wake (the page is shown again, the
   * network is back) starts over. @default Infinity
   */
  attempts?: number | undefined
  /** How long a connection must last before earlier failures are forgotten, in ms. @default 5_000 */
  stableAfter?: number | undefined
}

/** A ping and its answer, as ordinary messages: script can neither send nor see the protocol's own ping frames. */
export interface PingOptions {
  /**
   * What to send, or a function that is called for each ping. The server must understand it. A server that answers every
   * message needs `pong` as well, or the application receives each answer as a message. If the function throws or returns no
   * message, the error is reported, and the next ping is due after another `interval`.
   */
  ping: Data | (() => Data)
  silence?: undefined
  /**
   * The answer: an exact text, or a function that recognizes it. It is emitted as `pulse`, not as a message. Every frame shows
   * that the peer is alive; without this option the answers are emitted as messages, and there is no `pulse`.
   */
  pong?: string | ((message: MessageEvent) => boolean) | undefined
  /** How long either direction may be quiet before a ping is sent, in ms. @default 25_000 */
  interval?: number | undefined
  /**
   * How long to wait for any frame after a ping, in ms. Doubles with each connection in a row that ended `silent`, up to
   * 8 times, because a large message on a slow network looks like silence. @default 10_000
   */
  timeout?: number | undefined
}

/** For a server that sends on its own: no ping is sent, and the connection ends after this many ms without a frame. */
export interface SilenceOptions {
  silence: number
  ping?: undefined
}

/** What is stored while there is no open connection. */
export interface QueueOptions {
  /** How many messages at most. @default 1_000 */
  messages?: number | undefined
  /** How many bytes at most, as they will be on the wire. @default 1_048_576 */
  bytes?: number | undefined
  /** Which message is dropped when there is no room: the one being sent, or the oldest ones. @default 'newest' */
  overflow?: 'newest' | 'oldest' | undefined
  /** How long a message may wait before it is dropped, in ms. @default Infinity */
  ttl?: number | undefined
  /**
   * How many stored messages are sent per second once open. For servers that limit the rate, and for those that treat the
   * bytes of one `recv` as one message. What is sent meanwhile is queued behind them. @default Infinity
   */
  perSecond?: number | undefined
}

/** What `greet` may do with a connection that is not open yet. */
export interface Greeting {
  /** Sends before everything else. */
  send(data: Data): void
  /** The data of the next frame. Frames that `greet` does not read are emitted as messages after `open`. */
  next(): Promise<unknown>
  /** Aborts when the attempt has ended. */
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

/** Carries a type and nothing else. Made by `typeOf`. */
export interface TypeToken<Type> {
  readonly '~type'?: (value: Type) => void
}

/** `new Socket(url, { schema, sends: typeOf<ToServer>() })`: gives the type of `sendJson`; that of `json` comes from `schema`. */
export function typeOf<Type>(): TypeToken<Type> {
  return {}
}

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
export interface Options<In = unknown, Out = unknown, Kind extends BinaryType = BinaryType> {
  /** Subprotocols to offer, most wanted first. The server must select one of them, or the attempt has failed. */
  protocols?: Provided<string | string[]> | undefined
  /**
   * When to dial again: the limits of the backoff, a function that returns a delay in ms (`null`: never again), or `false`.
   * @default full jitter up to 2 s, 6 s, then 10 s
   */
  reconnect?: ReconnectOptions | ((failure: Failure) => number | null) | false | undefined
  /**
   * Which ends are final: a list of close codes, or a function, which may call `isFinal` for the default. With a function as
   * `url` or `protocols`, or with `greet`, 4401 and 1008 get one more attempt at once, with fresh credentials, unless a list
   * names them. @default 1003, 1007, 1008, 1010, 4400–4499 except 4408, 4425 and 4429
   */
  final?: readonly number[] | ((close: Closed) => boolean) | undefined
  /**
   * How long an attempt may take, in ms: `url()`, handshake and `greet` together. Grows ×1.5 with each attempt in a row that
   * timed out, up to 60 s. `false`: no limit. @default 10_000
   */
  attemptTimeout?: number | false | undefined
  /** How to notice a peer that is gone. Off by default: a ping is a message, which the server must understand. */
  heartbeat?: PingOptions | SilenceOptions | false | undefined
  /**
   * Runs after the handshake, before `open` and before queued messages are sent: a login, for instance. Throw `Refused` to
   * end the socket for good; after any other error it is retried.
   */
  greet?: ((greeting: Greeting) => unknown) | false | undefined
  /** What is stored while not open; `false`: nothing. */
  queue?: QueueOptions | false | undefined
  /** Whether to observe the page: online and offline, shown, restored from bfcache, resumed, slept, left. @default true */
  wake?: boolean | undefined
  /**
   * Calls `suspend()` once the page has been hidden for this many ms, and `open()` when it is shown again. @default false
   */
  suspendHidden?: number | false | undefined
  /** The shape of binary frames. @default 'blob' */
  binaryType?: Kind | undefined
  /** Validates `json` messages, synchronously. Their type is inferred from it. */
  schema?: Schema<In> | undefined
  /** The type of what `sendJson` takes, where that of `json` is inferred: `sends: typeOf<ToServer>()`. */
  sends?: TypeToken<Out> | undefined
  /** Parses a text frame. @default JSON.parse */
  parse?: ((text: string) => unknown) | undefined
  /** Serializes what `sendJson` is given. @default JSON.stringify */
  stringify?: ((value: unknown) => string) | undefined
  /** Aborting it closes the socket. */
  signal?: AbortSignal | undefined
  /** Whether to dial at once; `false`: `idle`, until `open()`. @default true */
  autoOpen?: boolean | undefined
  /** The constructor to dial with. @default the global one, looked up at each attempt */
  WebSocket?: WebSocketConstructor | undefined
}
