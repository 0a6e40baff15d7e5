import { parseClose, parseProtocols, parseUrl } from './arguments.ts'
import type { CloseFrame } from './close-frame.ts'
import type { ClientEnd } from './connection.ts'
import { closeEvent, messageEvent, simpleEvent } from './events.ts'
import { type Message, type Payload, sentPayload } from './payload.ts'

/** The connection as the WebSocket uses it. */
export interface Transport {
  /** Bytes that have been sent and have not left. */
  readonly backlog: number
  send(payload: Payload): void
  close(frame: CloseFrame): void
}

/** Connects a WebSocket with a server. */
export type Dial = (socket: FakeWebSocket, url: URL, protocols: string[], client: ClientEnd) => Transport

interface EventMap {
  open: Event
  message: MessageEvent
  error: Event
  close: CloseEvent
}
type Type = keyof EventMap
type Handler<Name extends Type> = ((this: WebSocket, event: EventMap[Name]) => unknown) | null

const constants = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const

/** A `WebSocket` as the WHATWG standard describes it, with Chromium's behaviour where browsers differ. */
export class FakeWebSocket extends EventTarget {
  static readonly CONNECTING = constants.CONNECTING
  static readonly OPEN = constants.OPEN
  static readonly CLOSING = constants.CLOSING
  static readonly CLOSED = constants.CLOSED

  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSING: 2
  declare readonly CLOSED: 3

  readonly #url: URL
  readonly #transport: Transport
  readonly #handlers: { [Name in Type]?: Handler<Name> } = {}
  readonly #listeners: Partial<Record<Type, (event: Event) => void>> = {}
  #readyState: 0 | 1 | 2 | 3 = constants.CONNECTING
  #protocol = ''
  #binaryType: BinaryType = 'blob'
  /** Bytes that were passed to `send` after `close()`: counted in `bufferedAmount`, and discarded. */
  #discarded = 0

  constructor(dial: Dial, url: string | URL, protocols?: string | string[]) {
    super()
    if (url === undefined)
      throw new TypeError("Failed to construct 'WebSocket': 1 argument required, but only 0 present.")
    this.#url = parseUrl(url)
    const offered = parseProtocols(protocols)
    this.#transport = dial(this, this.#url, offered, {
      opened: (protocol) => this.#opened(protocol),
      received: (message) => this.#received(message),
      ended: (frame, wasClean, failed) => this.#ended(frame, wasClean, failed),
    })
  }

  get [Symbol.toStringTag](): string {
    return 'WebSocket'
  }

  get url(): string {
    return this.#url.href
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#readyState
  }

  get bufferedAmount(): number {
    return this.#transport.backlog + this.#discarded
  }

  get protocol(): string {
    return this.#protocol
  }

  /** Always empty: the fake has no extensions. */
  get extensions(): string {
    return ''
  }

  get binaryType(): BinaryType {
    return this.#binaryType
  }
  set binaryType(type: BinaryType) {
    // WebIDL ignores an unknown value of an enumeration.
    if (type === 'blob' || type === 'arraybuffer') this.#binaryType = type
  }

  get onopen(): Handler<'open'> {
    return this.#handlers.open ?? null
  }
  set onopen(handler: Handler<'open'>) {
    this.#handle('open', handler)
  }

  get onmessage(): Handler<'message'> {
    return this.#handlers.message ?? null
  }
  set onmessage(handler: Handler<'message'>) {
    this.#handle('message', handler)
  }

  get onerror(): Handler<'error'> {
    return this.#handlers.error ?? null
  }
  set onerror(handler: Handler<'error'>) {
    this.#handle('error', handler)
  }

  get onclose(): Handler<'close'> {
    return this.#handlers.close ?? null
  }
  set onclose(handler: Handler<'close'>) {
    this.#handle('close', handler)
  }

  send(...given: [data: string | ArrayBufferLike | Blob | ArrayBufferView]): void {
    if (given.length < 1) throw new TypeError("Failed to execute 'send' on 'WebSocket': 1 argument required.")
    if (this.#readyState === constants.CONNECTING)
      throw new DOMException(
        "Failed to execute 'send' on 'WebSocket': Still in CONNECTING state.",
        'InvalidStateError',
      )
    const payload = sentPayload(given[0])
    if (this.#readyState === constants.OPEN) this.#transport.send(payload)
    else this.#discarded += payload.bytes
  }

  close(code?: number, reason?: string): void {
    const frame = parseClose(code, reason)
    if (this.#readyState >= constants.CLOSING) return
    this.#readyState = constants.CLOSING
    this.#transport.close(frame)
  }

  #opened(protocol: string): void {
    if (this.#readyState !== constants.CONNECTING) return
    this.#readyState = constants.OPEN
    this.#protocol = protocol
    this.dispatchEvent(simpleEvent('open'))
  }

  #received(message: Message): void {
    if (this.#readyState !== constants.OPEN) return
    this.dispatchEvent(messageEvent(this.#shaped(message), this.#url.origin))
  }

  #shaped(message: Message): string | ArrayBuffer | Blob {
    if (typeof message === 'string') return message
    const { buffer } = new Uint8Array(message)
    return this.#binaryType === 'blob' ? new Blob([buffer]) : buffer
  }

  #ended({ code, reason }: CloseFrame, wasClean: boolean, failed: boolean): void {
    this.#readyState = constants.CLOSED
    if (failed) this.dispatchEvent(simpleEvent('error'))
    this.dispatchEvent(closeEvent(code, reason, wasClean))
  }

  /** A handler keeps its place among the listeners when another one replaces it, and loses it when it is removed. */
  #handle<Name extends Type>(type: Name, value: Handler<Name>): void {
    // WebIDL treats everything else as null.
    const handler = typeof value === 'function' ? value : null
    const handlers: { [Key in Name]?: Handler<Key> } = this.#handlers
    handlers[type] = handler
    const registered = this.#listeners[type]
    if (handler && !registered) {
      const listener = (event: Event) =>
        handlers[type]?.call(this as unknown as WebSocket, event as EventMap[Name])
      this.#listeners[type] = listener
      this.addEventListener(type, listener)
    } else if (!handler && registered) {
      delete this.#listeners[type]
      this.removeEventListener(type, registered)
    }
  }
}

for (const [name, value] of Object.entries(constants))
  Object.defineProperty(FakeWebSocket.prototype, name, { value, enumerable: true })
