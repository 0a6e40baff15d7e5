import { byteLength, isData } from './binary.ts'
import { Emitter } from './emitter.ts'
import type { Closed, Data, Events, SendResult, SocketLike, Status } from './events.ts'
import { Lifecycle } from './lifecycle.ts'
import type { Options, Provided } from './options.ts'
import { isAllowedCloseCode } from './policy/close-codes.ts'
import { type ResolvedOptions, resolveOptions } from './resolve-options.ts'
import { waitUntil } from './wait-until.ts'

/**
 * One connection, kept alive over any number of native WebSockets.
 *
 * `In` and `Out` are the JSON messages from and to the server.
 *
 * @throws {TypeError} where there is no `WebSocket`, or a heartbeat has nothing to send
 * @throws {RangeError} for an option out of range
 */
export class Socket<In = unknown, Out = unknown> implements SocketLike<In, Out> {
  declare readonly '~in'?: In
  readonly #settings: ResolvedOptions
  readonly #emitter = new Emitter<Events<In>>()
  readonly #supervisor: Lifecycle

  constructor(url: Provided<string | URL>, options: Options<In> = {}) {
    this.#settings = resolveOptions(url, options as Options)
    this.#supervisor = new Lifecycle(this.#settings, this.#emitter as Emitter<Events>)
    if (options.autoOpen !== false) this.open()
  }

  /** The name of the last transition. */
  get status(): Status {
    return this.#supervisor.status
  }

  /** How it ended, while `status` is `closed`. */
  get closed(): Closed | undefined {
    return this.#supervisor.closed
  }

  /** The subprotocol that was selected at the last `open`; `''` for none. */
  get protocol(): string {
    return this.#supervisor.protocol
  }

  /** Bytes given to `send` that have not left: those queued here, and those the browser still holds. */
  get bufferedAmount(): number {
    return this.#supervisor.bufferedAmount
  }

  /** The shape of binary frames from now on, over reconnects too. */
  get binaryType(): BinaryType {
    return this.#settings.binaryType
  }

  set binaryType(type: BinaryType) {
    this.#supervisor.binaryType = type
  }

  /** Calls `listener` for every event of that name. Answers with its undo. */
  on<Name extends keyof Events<In>>(name: Name, listener: (value: Events<In>[Name]) => void): () => void {
    return this.#emitter.on(name, listener)
  }

  /**
   * Sends text or bytes, now or, within the limits of `queue`, once open. Buffers may be written to afterwards.
   * `sent` means handed to the browser: only the server's own answer can tell that it arrived.
   *
   * @throws {TypeError} for what is neither text nor bytes
   */
  send(data: Data): SendResult {
    if (!isData(data)) throw new TypeError('send takes a string, Blob, ArrayBuffer or view: try sendJson')
    return this.#supervisor.send(data)
  }

  /**
   * Sends a value as JSON text.
   *
   * @throws {TypeError} for a value that has no JSON: undefined, a function, a cycle, a bigint
   */
  sendJson(value: Out): SendResult {
    const text = this.#settings.stringify(value)
    if (typeof text !== 'string') throw new TypeError(`There is no JSON for ${typeof value}`)
    return this.send(text)
  }

  /** Resolves when open, at once if it is. Rejects when closed for good, with the `Closed` as the error's `cause`. */
  opened({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    return waitUntil(this, () => this.status === 'open', signal)
  }

  /**
   * Resolves when `bufferedAmount` is at most `limit` bytes: the moment to send more. Bytes that a broken connection
   * took with it count as gone. Rejects as `opened` does.
   */
  drained(limit = 0, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    return waitUntil(this, () => !(this.bufferedAmount > limit), signal)
  }

  /** Dials: for the first time, again after `closed`, or at once while `waiting`. */
  open(): void {
    this.#supervisor.open()
  }

  /** Drops what there is, open or not, and dials anew: after a change of user, for instance. */
  reconnect(): void {
    this.#supervisor.reconnect()
  }

  /**
   * Ends it: one `closed`, and silence until `open()` is called. What was queued is given up, with a `drop` each.
   *
   * @param code 1000 or 3000–4999
   * @param reason at most 123 bytes of UTF-8
   * @throws {DOMException} `InvalidAccessError` or `SyntaxError`, as `WebSocket.close` does; nothing has happened then
   */
  close(code = 1000, reason = ''): void {
    if (!isAllowedCloseCode(code))
      throw new DOMException(`The close code must be 1000 or 3000 to 4999, not ${code}`, 'InvalidAccessError')
    if (byteLength(`${reason}`) > 123)
      throw new DOMException('The close reason is over 123 bytes', 'SyntaxError')
    this.#supervisor.close({ code, reason, wasClean: false, cause: 'user' })
  }
}
