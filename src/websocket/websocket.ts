import { type Closed, type Provided, Socket, type WebSocketConstructor } from '../index.ts'
import {
  Base,
  defineInterface,
  type EventType,
  type InterfaceMembers,
  type Listener,
  requireEvents,
} from './interface.ts'
import { nativeWebSocket, RECONNECTING, unwrapProtocols } from './native.ts'
import { checkOptions, readOptions, type WebSocketOptions } from './options.ts'

/** What sends and receives for this object: a native socket, or the `Socket` that reconnects. */
type Transport = WebSocket | Socket

/**
 * A `WebSocket` that dials again, for code that knows only `WebSocket`: the standard's interface over a `Socket`.
 *
 * Every connection, and every attempt, ends with a `close` event, as a native one does. `readyState` is then `CONNECTING`,
 * or `CLOSED` if it was the last.
 *
 * @throws {TypeError} without a url, or where the platform has no `WebSocket`, `EventTarget` or `Event`
 * @throws {TypeError | RangeError} for unknown options, and values that can never work
 * @throws {DOMException} `SyntaxError` for a URL or subprotocol that no `WebSocket` would take
 */
export class ReconnectingWebSocket extends (Base as typeof InterfaceMembers) implements WebSocket {
  static readonly [RECONNECTING] = true

  /** Dials. With `reconnect: false` the native socket is used directly, and this one only observes the `signal`. */
  readonly #socket: Socket
  /** The present native socket, or the last one. `undefined` until a `url` function has returned for the first time. */
  #native: WebSocket | undefined
  /** The present native socket, until its `close` event has been dispatched. */
  #live: WebSocket | undefined
  /** The native socket that fired `error` last. */
  #failed: WebSocket | undefined
  /** Whether the final `close` event is still to come, or has been dispatched. */
  #lastClose: 'none' | 'closing' | 'dispatched' = 'none'
  /** Whether `message` events are forwarded: from the first listener on. */
  #wantsMessages = false
  /** The values of the event-handler attributes, by event type. */
  readonly #handlers: Record<string, unknown> = {}

  static {
    defineInterface(ReconnectingWebSocket, (socket) => socket.#handlers)
  }

  constructor(
    url: Provided<string | URL>,
    protocols: Provided<string | string[]> | undefined = undefined,
    options: WebSocketOptions | undefined = undefined,
  ) {
    // biome-ignore lint/complexity/noArguments: a rest parameter would change `length`, which WebIDL fixes
    const given = arguments.length
    // WebIDL converts an explicit `undefined` to the relative URL "undefined". With options, it is a mistake.
    if (url === undefined && (given === 0 || given === 3))
      throw new TypeError('holdfast: url: is missing. Pass it as the first argument.')
    requireEvents()
    super()
    const own = readOptions(options)
    checkOptions(own)
    const target = typeof url === 'function' ? url : `${url}`
    const { reopen = true, WebSocket: Native = nativeWebSocket(), ...rest } = own
    const offered = readSubprotocols(protocols, Native)
    const ObservedWebSocket = this.#constructorFor(Native)
    // A relative URL is resolved once, as the native constructor does: the page may be elsewhere at the next attempt.
    const resolvedOnce = { toString: () => this.#native?.url ?? target } as URL
    const socket = new Socket(typeof target === 'function' ? target : resolvedOnce, {
      ...rest,
      protocols: offered,
      autoOpen: false,
      WebSocket: ObservedWebSocket,
    })
    this.#socket = socket
    this.#observe(socket, reopen)
    // Constructed before the core dials, so that an error of the native constructor reaches our caller.
    if (typeof target !== 'function' && typeof offered !== 'function') new ObservedWebSocket(target, offered)
    if (socket.closed) {
      // The `signal` was aborted already: no listener can have been added yet.
      this.#ended(socket.closed)
    } else if (rest.reconnect !== false || !this.#live) socket.open()
    else this.#live.onopen = () => this.#dispatch('open')
  }

  /** A constructor for the core, whose native sockets are observed by this object before the core adds its listeners. */
  #constructorFor(Native: WebSocketConstructor): WebSocketConstructor {
    return new Proxy(Native, {
      // The constructor may have created one before the core's first attempt.
      construct: (Class, args: [string]) => this.#live ?? this.#adopt(new Class(...args) as WebSocket),
    })
  }

  #adopt(native: WebSocket): WebSocket {
    if (typeof native.addEventListener !== 'function') {
      native.close()
      throw new TypeError(
        'holdfast: the objects of this WebSocket class have no addEventListener. Use Socket, which needs none.',
      )
    }
    native.addEventListener('error', () => {
      this.#failed = native
    })
    native.addEventListener('close', ({ code, reason, wasClean }) => {
      // The core handles this end, unless it no longer uses this socket.
      if (native !== this.#live || native !== this.#transport) return
      this.#socket.close()
      this.#ended({ code, reason, wasClean, cause: 'peer' })
    })
    this.#native = this.#live = native
    return native
  }

  #observe(socket: Socket, reopen: boolean): void {
    /** Whether a failed attempt dispatches events. */
    let dispatchesFailures = reopen
    /** The last end that was handled: the core emits `waiting` again when the delay changes. */
    let handled: Closed | undefined
    /** The native socket of the first attempt was constructed by our own constructor. */
    let isFirstAttempt = true
    socket.on('connecting', () => {
      // A wake replaces an attempt that is under way, without a `waiting` in between.
      if (this.#live && !isFirstAttempt) {
        const close = { code: 1006, reason: '', wasClean: false, cause: 'timeout' } as const
        if (dispatchesFailures) this.#ended(close)
        this.#live = undefined
      }
      isFirstAttempt = false
    })
    socket.on('open', () => {
      dispatchesFailures = true
      this.#dispatch('open')
    })
    socket.on('waiting', ({ close }) => {
      if (dispatchesFailures && close !== handled) {
        // After it has been open, the next end is the last.
        if (!reopen) socket.close()
        this.#ended(close)
      }
      handled = close
      this.#live = undefined
    })
    socket.on('status', ({ status, previous }) => {
      // `suspendHidden`: the connection is closed, and opened again when the page is shown.
      // If it was waiting, `close` was dispatched before that.
      if (status !== 'suspended' || previous === 'waiting') return
      if (dispatchesFailures) {
        if (!reopen) socket.close()
        this.#ended({ code: 1000, reason: '', wasClean: false, cause: 'user' })
      }
      this.#live = undefined
    })
    socket.on('closed', (close) => {
      if (close.cause !== 'user') this.#ended(close)
      // A wake must not reopen it after used-up attempts: a `WebSocket` that is CLOSED stays CLOSED.
      socket.close()
    })
    socket.on('drop', (detail) => this.#dispatch('drop', { detail }, globalThis.CustomEvent))
  }

  #dispatch(type: string, init?: object, Kind?: new (type: string, init?: object) => Event): void {
    // Node has no `CloseEvent` before version 23.
    this.dispatchEvent(Kind ? new Kind(type, init) : Object.assign(new Event(type), init))
  }

  #ended(close: Closed): void {
    // A connection that this side ended for an error dispatches `error` first, as a browser does for a failed connection.
    const hasFailed =
      (this.#failed !== undefined && this.#failed === this.#live) ||
      // `suspendHidden` ends a connection that works.
      (close.cause !== 'peer' && close.cause !== 'user')
    this.#live = undefined
    if (this.#socket.closed) {
      this.#lastClose = 'dispatched'
      this.#native?.close()
    }
    if (hasFailed) this.#dispatch('error')
    // A listener of `error` may have closed it: then this is the last `close`.
    if (this.#lastClose === 'closing') this.#lastClose = 'dispatched'
    this.#dispatch('close', close, globalThis.CloseEvent)
  }

  /** The native socket where the core does not use it (any more); otherwise the `Socket`. */
  get #transport(): Transport {
    const { status } = this.#socket
    return this.#native && (status === 'idle' || status === 'closed') ? this.#native : this.#socket
  }

  /** The URL of the present or last connection; `''` while a `url` function is called for the first time. */
  get url(): string {
    return this.#native?.url ?? ''
  }

  get readyState(): 0 | 1 | 2 | 3 {
    const { CONNECTING, OPEN, CLOSING, CLOSED } = ReconnectingWebSocket
    if (this.#transport === this.#native || this.#socket.closed) {
      const ended = ({ none: CONNECTING, closing: CLOSING, dispatched: CLOSED } as const)[this.#lastClose]
      return (this.#live?.readyState as 0 | 1 | 2 | 3 | undefined) ?? ended
    }
    if (this.#socket.status !== 'open') return CONNECTING
    // A native socket that is CLOSED, and not yet noticed by the core, is dialled again.
    const state = this.#live?.readyState
    return state === OPEN || state === CLOSING ? state : CONNECTING
  }

  /** Bytes passed to `send` that were not written to the network yet: those queued here, and those in the browser's buffer. */
  get bufferedAmount(): number {
    return this.#transport.bufferedAmount
  }

  get extensions(): string {
    return this.#native?.extensions ?? ''
  }

  get protocol(): string {
    return this.#native?.protocol ?? ''
  }

  get binaryType(): BinaryType {
    return this.#transport.binaryType
  }

  set binaryType(type: BinaryType) {
    // Read first: this throws for a wrong `this`, whatever the value.
    const transport = this.#transport
    const value = `${type}`
    if (value === 'blob' || value === 'arraybuffer') transport.binaryType = value
  }

  override addEventListener<Type extends EventType>(
    type: Type,
    listener: Listener<Type>,
    options?: boolean | AddEventListenerOptions,
  ): void
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void
  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    super.addEventListener(...args)
    if (`${args[0]}` !== 'message' || this.#wantsMessages) return
    this.#wantsMessages = true
    const forward = ({ data, origin }: MessageEvent) =>
      this.#dispatch('message', { data, origin }, MessageEvent)
    const transport = this.#transport
    if (transport instanceof Socket) transport.on('message', forward)
    else transport.addEventListener('message', forward)
  }

  send(data: string | BufferSource | Blob): void {
    // biome-ignore lint/complexity/noArguments: as in the constructor
    if (!arguments.length) throw new TypeError('holdfast: send: there is no data')
    const { arrayBuffer, byteLength } = Object(data)
    const isBinary = byteLength >= 0 || arrayBuffer
    const transport = this.#transport
    const message = (isBinary ? data : `${data}`) as string
    if (transport instanceof Socket) transport.send(message)
    else transport.send(message)
  }

  /** Closes for good: one last `close` event, after which `readyState` stays `CLOSED`. */
  close(...args: [code?: number, reason?: string]): void {
    // Checks the arguments; closes the native socket with its handshake, unless it is closed already.
    if (this.#native) this.#native.close(...args)
    else this.#socket.close(...args)
    this.#socket.close()
    // A live native socket fires its own `close` event.
    const isEnded = !this.#live || this.#live.readyState === ReconnectingWebSocket.CLOSED
    if (!isEnded || this.#lastClose !== 'none') return
    this.#lastClose = 'closing'
    // A listener of `drop` may call this during the last `close`.
    setTimeout(() => {
      if (this.#lastClose === 'closing')
        this.#ended({ code: 1006, reason: '', wasClean: false, cause: 'peer' })
    })
  }
}

/** Converts subprotocols as WebIDL does. An iterable is read only once, because an iterator is empty the second time. */
function readSubprotocols(given: unknown, Native: WebSocketConstructor): Provided<string[]> | undefined {
  if (typeof given === 'function' || given === undefined) return given as undefined
  const protocols = unwrapProtocols(given, Native)
  const isList = typeof protocols === 'object' && protocols !== null && Symbol.iterator in protocols
  return isList ? Array.from(protocols as Iterable<unknown>, (name) => `${name}`) : [`${protocols}`]
}
