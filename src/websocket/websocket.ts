import { type Closed, type Provided, Socket, type WebSocketConstructor } from '../index.ts'
import {
  type Described,
  describe,
  type Listener,
  nativeWebSocket,
  type Transport,
  type Type,
} from './interface.ts'
import type { WebSocketOptions } from './options.ts'

/**
 * A `WebSocket` that dials again, for code that knows only `WebSocket`: the standard's interface over a `Socket`.
 *
 * Every connection, and every attempt, tells its end with `close` as a native one does. `readyState` is then
 * `CONNECTING`, or `CLOSED` if it was the last.
 *
 * @throws {TypeError} without a url, {RangeError} for an option out of range
 * @throws {DOMException} `SyntaxError` for an address or subprotocol that no `WebSocket` would take
 */
export class ReconnectingWebSocket extends (EventTarget as typeof Described) implements WebSocket {
  /** What dials, unless this is one native socket only; then it heeds the `signal`. */
  readonly #socket: Socket
  /** The present native socket, or the last one; before the first, what stands in for it. */
  #native: Transport
  /** `#native`, until its end has been told. */
  #live: WebSocket | undefined
  /** The one that told an error last. */
  #failed: WebSocket | null = null
  /** `readyState` once nothing is dialled any more and nothing lives: 2 until that has been told, then 3. */
  #last: 0 | 2 | 3 = 0
  /** Whether messages are told. Not asked for, they cost nothing. */
  #heard = false
  /** What the event-handler attributes hold, by event type. */
  readonly #handlers: Record<string, unknown> = {}

  static {
    describe(ReconnectingWebSocket, (socket) => socket.#handlers)
  }

  constructor(
    url: Provided<string | URL>,
    protocols: Provided<string | string[]> | undefined = undefined,
    options: WebSocketOptions | undefined = undefined,
  ) {
    // The standard reads a given `undefined` as a relative address; with options of ours it is a mistake.
    // biome-ignore lint/complexity/noArguments: a rest parameter would change `length`, which WebIDL fixes
    if (url === undefined && arguments.length % 3 === 0) throw new TypeError('There is no url')
    super()
    const {
      reopen = true,
      reconnect,
      WebSocket: Native = nativeWebSocket ?? globalThis.WebSocket,
    } = { ...options }
    // What is iterated is iterated once: an iterator has nothing to say the second time.
    if (typeof protocols === 'object' && protocols?.[Symbol.iterator]) protocols = [...protocols]
    /** Whether a failed attempt is told. */
    let visible = reopen
    /** The end told last: the core says it again when it waits anew. */
    let told: Closed | undefined
    const Dialled = new Proxy(Native as typeof WebSocket, {
      // One may have been made ahead of the core's first attempt.
      construct: (Native, args: [string]) => this.#live ?? this.#dialled(new Native(...args)),
    })
    // A relative address is read once, as natively: the page may be elsewhere by the next dial.
    const address = { toString: () => this.#native.url ?? `${url}` } as URL
    const socket = new Socket(typeof url === 'function' ? url : address, {
      ...options,
      protocols,
      autoOpen: false,
      WebSocket: Dialled as WebSocketConstructor,
    })
    this.#native = this.#socket = socket
    socket.on('open', () => {
      visible = true
      this.#tell('open')
    })
    socket.on('waiting', ({ close }) => {
      if (visible && close !== told) {
        // With one life only, whatever ends it once it has begun is final.
        if (!reopen) socket.close()
        this.#ended(close)
      }
      told = close
      this.#live = undefined
    })
    socket.on('closed', (close) => close.cause !== 'user' && this.#ended(close))
    socket.on('drop', (detail) => this.#tell('drop', { detail }, CustomEvent))

    // Before the core dials: what the constructor throws is for our caller.
    if (typeof url !== 'function' && typeof protocols !== 'function') new Dialled(url, protocols)
    // An aborted `signal` ends it before anybody can listen.
    if (socket.closed) this.#ended(socket.closed)
    else if (!this.#live || reconnect !== false) socket.open()
  }

  #dialled(native: WebSocket): WebSocket {
    native.addEventListener('error', () => {
      this.#failed = native
    })
    native.addEventListener('close', ({ code, reason, wasClean }) => {
      // The core tells it, until it has let go.
      if (native !== this.#live || native !== this.#bearer) return
      this.#socket.close()
      this.#ended({ code, reason, wasClean, cause: 'peer' })
    })
    // The core puts its own in the place of this one.
    native.onopen = () => this.#tell('open')
    this.#native = this.#live = native
    return native
  }

  #tell(type: string, init?: object, Kind?: new (type: string, init?: object) => Event): void {
    // Node has no `CloseEvent` before version 23.
    this.dispatchEvent(Kind ? new Kind(type, init) : Object.assign(new Event(type), init))
  }

  #ended(end: Closed): void {
    // What we ended ourselves has failed: the browser says `error` then, and so do we.
    const failed = this.#failed === this.#live || end.cause !== 'peer'
    this.#live = undefined
    if (this.#socket.closed) {
      this.#last = 3
      this.#native.close()
    }
    if (failed) this.#tell('error')
    // A listener may have closed it: then this is the last that is told.
    if (this.#last) this.#last = 3
    this.#tell('close', end, globalThis.CloseEvent)
  }

  /** What the bytes go through: the native socket, where the core has let go of it or never had it. */
  get #bearer(): Transport {
    return /idle|closed/.test(this.#socket.status) ? this.#native : this.#socket
  }

  /** Where the present or last connection goes; `''` while a `url` function is asked for the first time. */
  get url(): string {
    return this.#native.url ?? ''
  }

  get readyState(): 0 | 1 | 2 | 3 {
    const state = (this.#live?.readyState as 0) ?? this.#last
    if (this.#bearer === this.#native) return state
    // What is CLOSED for the browser is dialled again.
    return this.#socket.status === 'open' ? ((state % 3) as 0) : 0
  }

  /** Bytes given to `send` that have not left: those queued here, and those the browser still holds. */
  get bufferedAmount(): number {
    return this.#bearer.bufferedAmount
  }

  get extensions(): string {
    return this.#native.extensions ?? ''
  }

  get protocol(): string {
    return this.#native.protocol
  }

  get binaryType(): BinaryType {
    return this.#bearer.binaryType
  }

  set binaryType(type: BinaryType) {
    // Whose it is comes first: on what is no socket it throws, whatever the word.
    const bearer = this.#bearer
    const word = `${type}` as BinaryType
    if (/^(blob|arraybuffer)$/.test(word)) bearer.binaryType = word
  }

  override addEventListener<Name extends Type>(
    type: Name,
    listener: Listener<Name>,
    options?: boolean | AddEventListenerOptions,
  ): void
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void
  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    super.addEventListener(...args)
    if (`${args[0]}` !== 'message' || this.#heard) return
    this.#heard = true
    const hear = ({ data, origin }: MessageEvent) => this.#tell('message', { data, origin }, MessageEvent)
    if (this.#bearer === this.#socket) this.#socket.on('message', hear)
    else (this.#native as WebSocket).addEventListener('message', hear)
  }

  send(data: string | BufferSource | Blob): void {
    // biome-ignore lint/complexity/noArguments: as above
    if (!arguments.length) throw new TypeError('There is no data')
    const { arrayBuffer, byteLength } = Object(data)
    this.#bearer.send(byteLength >= 0 || arrayBuffer ? data : `${data}`)
  }

  /** Ends it: `close` is told once more, and `readyState` is then `CLOSED` for good. */
  close(...args: [code?: number, reason?: string]): void {
    // Even a dead one knows what may be given, and a live one shakes hands.
    this.#native.close(...args)
    this.#socket.close()
    // It tells its end itself, unless that is past.
    if ((this.#live?.readyState ?? 3) < 3 || this.#last) return
    this.#last = 2
    // A listener of `drop` may call this within the last `close`.
    const end = { code: 1006, reason: '', wasClean: false, cause: 'peer' } as const
    setTimeout(() => this.#last < 3 && this.#ended(end))
  }
}
