import { byteLength, requireData } from './binary.ts'
import { Emitter } from './emitter.ts'
import { domException } from './errors.ts'
import { EVENTS } from './event-names.ts'
import type {
  AnyListener,
  Closed,
  Data,
  Events,
  ListenerOptions,
  SendOptions,
  SendResult,
  SocketLike,
  Status,
} from './events.ts'
import { type InternalOptions, LIFECYCLE, type SocketLifecycle } from './internal-options.ts'
import { Lifecycle } from './lifecycle.ts'
import type { Options, Provided } from './options.ts'
import { isAllowedCloseCode } from './policy/close-codes.ts'
import { type ReconnectCallOptions, readReconnectOptions } from './reconnect-options.ts'
import { resolveOptions } from './resolve-options.ts'
import { readOnOutcome } from './send-options.ts'
import { abortSignal, resolveGroup, shown } from './validate.ts'
import { waitUntil } from './wait-until.ts'

/**
 * A connection to a WebSocket server. When it breaks, it is opened again with a new native `WebSocket`.
 *
 * `In` and `Out` are the JSON messages from and to the server; `Kind` is the `binaryType`.
 *
 * Methods need their object: call `socket.send(data)`, or pass `(data) => socket.send(data)`.
 *
 * @throws {TypeError | RangeError} for unknown options and values that can never work; the message names the option by its path
 * @throws {DOMException} `SyntaxError` for a URL that no `WebSocket` accepts
 */
export class Socket<In = unknown, Out = unknown, Kind extends BinaryType = BinaryType>
  implements SocketLike<In, Out, Kind>
{
  declare readonly '~events'?: Events<In, Kind>
  /** A function, so that it works where a framework has wrapped the socket in a Proxy. */
  private readonly lifecycle: () => SocketLifecycle

  constructor(url: Provided<string | URL>, options: Options<In, Out, Kind> = {}) {
    const resolved = resolveOptions(url, options as Options)
    const { protocol } = resolved
    const emitter = new Emitter<Events>(protocol ? [...EVENTS, ...protocol.events] : EVENTS)
    const createLifecycle = (options as InternalOptions)[LIFECYCLE]
    const lifecycle = createLifecycle?.(resolved, emitter) ?? new Lifecycle(resolved, emitter)
    this.lifecycle = () => lifecycle
    protocol?.attach({
      emitter,
      isOpen: () => lifecycle.status === 'open',
      isClosed: () => lifecycle.status === 'closed',
    })
    if (resolved.autoOpen && !createLifecycle) this.open()
  }

  /** Vue wraps an object in a Proxy only if this tag says that it is a plain object or a collection. */
  get [Symbol.toStringTag](): string {
    return 'Socket'
  }

  get status(): Status {
    return this.lifecycle().status
  }

  /** How it ended, while `status` is `closed`. */
  get closed(): Closed | undefined {
    return this.lifecycle().closed
  }

  /** The URL dialled last; `''` before the first. */
  get url(): string {
    return this.lifecycle().url
  }

  /** How many attempts in a row have failed. */
  get attempt(): number {
    return this.lifecycle().failures
  }

  /** The subprotocol that the server selected at the last `open`; `''` for none. */
  get protocol(): string {
    return this.lifecycle().protocol
  }

  /** Bytes passed to `send` that were not written to the network yet: those queued here, and those in the browser's buffer. */
  get bufferedAmount(): number {
    return this.lifecycle().bufferedAmount
  }

  /** The shape of binary frames from now on, over reconnects too. */
  get binaryType(): Kind {
    return this.lifecycle().options.binaryType as Kind
  }

  set binaryType(type: Kind) {
    if (type !== 'blob' && type !== 'arraybuffer')
      throw new TypeError(`holdfast: binaryType: must be 'blob' or 'arraybuffer', not ${shown(type)}`)
    this.lifecycle().setBinaryType(type)
  }

  /**
   * Calls `listener` for every event of that name; `'*'`: for every event, with its name and value. Returns an unsubscribe
   * function. A listener that throws is reported, and does not affect the others.
   *
   * @throws {TypeError} for an event that does not exist, or a listener that is not a function
   */
  on(name: '*', listener: AnyListener<Events<In, Kind>>, options?: ListenerOptions): () => void
  on<Name extends keyof Events<In, Kind>>(
    name: Name,
    listener: (value: Events<In, Kind>[Name]) => void,
    options?: ListenerOptions,
  ): () => void
  on(
    name: keyof Events | '*',
    listener: ((value: never) => void) | AnyListener<Events<In, Kind>>,
    options?: ListenerOptions,
  ): () => void {
    return this.lifecycle().emitter.on(name, listener as (value: never) => void, options)
  }

  /** Removes a listener. @throws {TypeError} as `on` does */
  off<Name extends keyof Events<In, Kind>>(
    name: Name,
    listener: (value: Events<In, Kind>[Name]) => void,
  ): void
  off(name: '*', listener: AnyListener<Events<In, Kind>>): void
  off(name: keyof Events | '*', listener: (...values: never) => void): void {
    this.lifecycle().emitter.off(name, listener)
  }

  /**
   * Sends text or bytes, at once if open, otherwise, within the limits of `queue`, once open. Buffers may be written to
   * afterwards. `sent` means handed to the browser: only an answer of the server proves that it arrived.
   *
   * @throws {TypeError} for anything that is neither text nor bytes
   */
  send(data: Data, options?: SendOptions): SendResult {
    requireData(data)
    return this.lifecycle().send(data, readOnOutcome(options))
  }

  /**
   * Sends a value as JSON text.
   *
   * @throws {TypeError} for a value that JSON cannot represent: undefined, a function, a cycle, a bigint
   */
  sendJson(value: Out, options?: SendOptions): SendResult {
    const text = this.lifecycle().options.stringify(value)
    if (typeof text !== 'string')
      throw new TypeError(`holdfast: sendJson: there is no JSON for ${shown(value)}`)
    return this.send(text, options)
  }

  /**
   * Resolves when open, at once if it is. Rejects when closed for good, with the `Closed` as the error's `cause`, and with the
   * reason of `signal` when it aborts.
   */
  async opened(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    const signal = readSignal('opened', options)
    return waitUntil(this, () => this.status === 'open', signal)
  }

  /**
   * Resolves when `bufferedAmount` is at most `limit` bytes: the moment to send more. Bytes that were lost with a
   * broken connection no longer count. Rejects as `opened` does, and with a `TypeError` for a `limit` that is no number of bytes.
   */
  async drained(limit = 0, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    const signal = readSignal('drained', options)
    if (typeof limit !== 'number' || !(limit >= 0))
      throw new TypeError(`holdfast: drained: the limit must be a number of bytes, not ${shown(limit)}`)
    return waitUntil(this, () => !(this.bufferedAmount > limit), signal)
  }

  /** Dials: for the first time, after `closed` or `suspended`, or at once while `waiting`. */
  open(): void {
    this.lifecycle().open()
  }

  /**
   * Checks the connection now. While open, sends a ping, if the heartbeat has one; while waiting, dials; an attempt that is
   * older than 2 s is replaced.
   * For a "try now" button, and where there is no page to observe: React Native's `AppState`, a SharedWorker.
   */
  check(): void {
    this.lifecycle().check()
  }

  /**
   * Closes the connection and keeps the queue, the listeners and `messages()` loops. Nothing is dialled until `open()`. Emits `status` only.
   */
  suspend(): void {
    this.lifecycle().suspend()
  }

  /**
   * Closes the present connection, or ends the present attempt, and dials again.
   *
   * @throws {TypeError} for unknown options and values
   */
  reconnect(options: ReconnectCallOptions = {}): void {
    this.lifecycle().reconnect(readReconnectOptions(options))
  }

  /**
   * Closes for good: emits `closed` once, and nothing more until `open()`. Queued messages are dropped, with a `drop` each.
   *
   * @param code 1000 or 3000–4999
   * @param reason at most 123 bytes of UTF-8
   * @throws {DOMException} `InvalidAccessError` or `SyntaxError`, as `WebSocket.close` does; the socket is unchanged then
   */
  close(code = 1000, reason = ''): void {
    if (!isAllowedCloseCode(code))
      throw domException(
        `holdfast: close: the code must be 1000 or 3000 to 4999, not ${shown(code)}`,
        'InvalidAccessError',
      )
    const text = `${reason}`
    const bytes = byteLength(text)
    if (bytes > 123)
      throw domException(
        `holdfast: close: the reason must be at most 123 bytes of UTF-8, not ${bytes}`,
        'SyntaxError',
      )
    this.lifecycle().close({ code, reason: text, wasClean: false, cause: 'user' })
  }
}

/** The `signal` among the options of the method `name`. */
function readSignal(name: string, options: { signal?: AbortSignal | undefined }): AbortSignal | undefined {
  if (typeof options !== 'object' || options === null || 'aborted' in options)
    throw new TypeError(`holdfast: ${name}: takes an object. Use ${name}({ signal }).`)
  return resolveGroup(`${name}.`, options, { signal: abortSignal }).signal
}
