import type { Provided } from '../index.ts'
import { describe } from './interface.ts'
import { type Lives, lives, type Protocols, type State } from './lives.ts'
import type { WebSocketOptions } from './options.ts'

type Type = keyof WebSocketEventMap
type Handler<Name extends Type> = ((this: WebSocket, event: WebSocketEventMap[Name]) => unknown) | null

/**
 * A `WebSocket` that dials again, for code that knows only `WebSocket`: the standard's interface over a `Socket`.
 *
 * Every connection, and every attempt, tells its end with `close` as a native one does. `readyState` is then
 * `CONNECTING`, or `CLOSED` if it was the last.
 *
 * @throws {TypeError} without a url
 * @throws {RangeError} for an option out of range
 * @throws {DOMException} `SyntaxError` for an address or subprotocol that no `WebSocket` would take
 */
export class ReconnectingWebSocket extends EventTarget implements WebSocket {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSING: 2
  declare static readonly CLOSED: 3
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSING: 2
  declare readonly CLOSED: 3
  declare onopen: Handler<'open'>
  declare onmessage: Handler<'message'>
  declare onerror: Handler<'error'>
  declare onclose: Handler<'close'>

  readonly #lives: Lives

  /** What the event-handler attributes hold, by event type. */
  readonly #handlers: Record<string, unknown> = {}

  static {
    // One listener for all: added a second time it stays where it is, as the standard wants it of an attribute.
    function call(this: ReconnectingWebSocket, event: Event) {
      const handler = this.#handlers[event.type]
      if (typeof handler === 'function') handler.call(this, event)
    }
    for (const type of ['open', 'message', 'error', 'close']) {
      const name = `on${type}`
      const attribute: ThisType<ReconnectingWebSocket> = {
        get [name]() {
          return this.#handlers[type] ?? null
        },
        set [name](value: unknown) {
          const handler = Object(value) === value ? value : null
          this.#handlers[type] = handler
          this[handler ? 'addEventListener' : 'removeEventListener'](type, call)
        },
      }
      Object.defineProperties(ReconnectingWebSocket.prototype, Object.getOwnPropertyDescriptors(attribute))
    }
    describe(ReconnectingWebSocket)
  }

  constructor(
    url: Provided<string | URL>,
    protocols: Provided<Protocols> | undefined = undefined,
    options: WebSocketOptions | undefined = undefined,
  ) {
    // The standard reads a given `undefined` as a relative address; with options of ours it is a mistake.
    // biome-ignore lint/complexity/noArguments: a rest parameter would change `length`, which WebIDL fixes
    if (url === undefined && arguments.length % 3 === 0) throw new TypeError('An argument is missing')
    super()
    this.#lives = lives(url, protocols, { ...options }, (event) => this.dispatchEvent(event))
  }

  /** Where the present or last connection goes; `''` while a `url` function is asked for the first time. */
  get url(): string {
    return this.#lives.native?.url ?? ''
  }

  get readyState(): State {
    return this.#lives.state
  }

  /** Bytes given to `send` that have not left: those queued here, and those the browser still holds. */
  get bufferedAmount(): number {
    return this.#lives.bearer.bufferedAmount
  }

  get extensions(): string {
    return this.#lives.native?.extensions ?? ''
  }

  get protocol(): string {
    return this.#lives.native?.protocol ?? ''
  }

  get binaryType(): BinaryType {
    return this.#lives.bearer.binaryType
  }

  set binaryType(type: BinaryType) {
    // Whose it is comes first: on what is no socket it throws, whatever the word.
    const { bearer } = this.#lives
    const word = `${type}` as BinaryType
    if (/^(blob|arraybuffer)$/.test(word)) bearer.binaryType = word
  }

  override addEventListener<Name extends Type>(
    type: Name,
    listener: (this: WebSocket, event: WebSocketEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void
  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    super.addEventListener(...args)
    if (`${args[0]}` === 'message') this.#lives.hear()
  }

  send(data: string | BufferSource | Blob): void {
    // biome-ignore lint/complexity/noArguments: as above
    if (!arguments.length) throw new TypeError('An argument is missing')
    this.#lives.send(data)
  }

  /** Ends it: `close` is told once more, and `readyState` is then `CLOSED` for good. */
  close(...args: [code?: number, reason?: string]): void {
    this.#lives.close(...args)
  }
}
