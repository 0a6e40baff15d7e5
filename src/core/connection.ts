import { isBlob, isData } from './binary.ts'
import { monotonicNow } from './clock.ts'
import { deliver } from './deliver.ts'
import type { Emitter } from './emitter.ts'
import { abnormalClosure, isRefused } from './errors.ts'
import type { Cause, Closed, Data, Events } from './events.ts'
import { startGreeting } from './greet.ts'
import { isLocalPage, localNetworkPermission, openedWithoutPermission } from './local-network.ts'
import { type Cancel, longTimeout } from './long-timeout.ts'
import {
  CLOSED,
  CONNECTING,
  listen,
  type NativeListeners,
  OPEN,
  setBinaryType,
  unlisten,
} from './native-socket.ts'
import type { Provided } from './options.ts'
import { isHidden, observeCspViolation } from './page.ts'
import { Heartbeat } from './policy/heartbeat.ts'
import type { FrameHandler, Link } from './protocol.ts'
import { callSafely, report } from './report.ts'
import { checkUrl, type ResolvedOptions } from './resolve-options.ts'
import { shown } from './validate.ts'

/** Receives the events of a connection: none after `ended`, and none after `close`. */
export interface ConnectionOwner {
  /** The URL is known; the native socket is constructed next. */
  dialling(connection: Connection, url: string): void
  opened(connection: Connection): void
  /** `final`: another attempt cannot help. */
  ended(connection: Connection, close: Closed, final: boolean): void
}

/** Time limits of a connection, which depend on how the connections before it ended. */
export interface TimeLimits {
  /** How long the attempt may take, in ms. */
  attemptTimeout: number
  /** How many times longer than configured the peer may be silent. */
  silenceFactor: number
}

/** The state of a handshake. It is dropped once the connection is open, to save memory. */
interface Handshake {
  /** The URL that was dialled. It may be relative. */
  readonly url: string
  /** The `url` of the native socket: absolute. */
  readonly nativeUrl: string
  /** The subprotocols that are offered to the server. */
  readonly offered: string[]
  /** The permission that this attempt needs to reach a private address. */
  permission: PermissionStatus | undefined
  stopObserving: () => void
}

/** How long to wait for `close` after an `error` that left the socket closed, or connecting, in ms. */
const CLOSE_AFTER_ERROR = 50
const CLOSE_AFTER_EARLY_ERROR = 1_000
/** Names of errors that constructors throw: the standard's for mixed content, Firefox's for Content Security Policy. */
const BLOCKED = new Set(['SecurityError', 'NS_ERROR_CONTENT_BLOCKED'])
/** How long an attempt waits for the answer to a permission prompt that may not be shown, in ms. */
const PROMPT_TIMEOUT = 120_000

/** One attempt, and the connection that it opens: URL → handshake → `greet` → messages and heartbeat → one end. */
export class Connection {
  native: WebSocket | undefined
  /** The subprotocol that the server selected. */
  protocol = ''
  /** A probe is waiting for its answer, or was not answered. */
  isProbing = false
  readonly startedAt = monotonicNow()
  readonly #options: ResolvedOptions
  readonly #emitter: Emitter<Events>
  readonly #attemptTimeout: number
  readonly #initialSilenceFactor: number
  /** `undefined` once the connection is over. */
  #owner: ConnectionOwner | undefined
  /** Created when `signal` is needed. */
  #abortController: AbortController | undefined
  /** The listeners on the native socket. */
  #listeners: NativeListeners | undefined
  #handshake: Handshake | undefined
  /** The property `error` of the native `error` event. */
  #error: unknown
  /** Cancels the attempt's timeout, later the timer of the next heartbeat check. */
  #cancelTimer: Cancel | undefined
  /** Whether the heartbeat's timer may have been set in the callback of another timer. False after one that was set in a socket event. */
  #isChained = false
  /** Receives the frames: that of `greet` until the connection is open, that of a session as long as the connection lasts. */
  #handler: FrameHandler | undefined
  /** Exists while the connection is open and has a heartbeat. */
  #heartbeat: Heartbeat | undefined
  #pingedAt = 0

  constructor(
    options: ResolvedOptions,
    emitter: Emitter<Events>,
    owner: ConnectionOwner,
    { attemptTimeout, silenceFactor }: TimeLimits,
  ) {
    this.#options = options
    this.#emitter = emitter
    this.#owner = owner
    this.#attemptTimeout = attemptTimeout
    this.#initialSilenceFactor = silenceFactor
    this.#startAttemptTimer()
    void this.#dial()
  }

  /** Whether it has ended, or was closed by `close`. */
  get isOver(): boolean {
    return !this.#owner
  }

  /** How many times longer than configured the peer may be silent now. */
  get silenceFactor(): number {
    return this.#heartbeat?.silenceFactor ?? this.#initialSilenceFactor
  }

  /** Whether a new attempt may replace this one. False while the browser may show a permission prompt: ending the attempt would close it. */
  get isReplaceable(): boolean {
    return !this.#mayBePrompting
  }

  /** Sends if the connection is open. Returns false otherwise: a socket that is closing discards silently. */
  send(data: Data): boolean {
    const { native } = this
    if (native?.readyState !== OPEN || !this.#owner) return false
    native.send(data)
    const heartbeat = this.#heartbeat
    if (heartbeat) {
      heartbeat.sentAt = monotonicNow()
      heartbeat.sentBytes += approximateBytes(data)
    }
    return true
  }

  /** Whether nothing was received for the heartbeat's `interval`. False without a heartbeat. */
  get isQuiet(): boolean {
    return this.#heartbeat?.isQuiet(monotonicNow()) ?? false
  }

  /** Sends a ping now. Returns false if no ping is configured, or the connection is not open yet. */
  probe(): boolean {
    if (!this.#heartbeat || this.#options.heartbeat?.silence) return false
    this.isProbing = true
    this.#checkHeartbeat(true)
    return true
  }

  /** Closes it without notifying the owner. `final`: the socket is closed for good. */
  close(code?: number, reason?: string, final = false): void {
    this.#release(code, reason, final)
    this.#abortController?.abort()
  }

  /** Ends the connection and notifies the owner. `code` and `reason` are sent in the close frame. */
  end(close: Closed, final = false, code?: number, reason?: string): void {
    const owner = this.#owner
    if (!owner) return
    this.#release(code, reason)
    owner.ended(this, close, final)
    // Last: this runs listeners of the application, which may do anything.
    this.#abortController?.abort()
  }

  #release(code?: number, reason?: string, final = false): void {
    const { native } = this
    if (this.#owner) this.#handler?.closing?.(final)
    this.#owner = undefined
    this.#cancelTimer?.()
    this.#handshake?.stopObserving()
    if (!native) return
    if (this.#listeners) unlisten(native, this.#listeners)
    // The native `close` event is not awaited: if the peer is silent, Chromium fires it after 60 s.
    // A wrapped `WebSocket` may throw: the connection is over nevertheless.
    callSafely(() => native.close(code, reason))
  }

  /** Whether the next attempt will dial the same URL: if this one was blocked, the next one would be, too. */
  get #hasFixedUrl(): boolean {
    return typeof this.#options.url !== 'function'
  }

  /** Aborted once the connection is over. */
  get signal(): AbortSignal {
    if (!this.#abortController) {
      this.#abortController = new AbortController()
      if (this.isOver) this.#abortController.abort()
    }
    return this.#abortController.signal
  }

  #startAttemptTimer(): void {
    const ms = this.#attemptTimeout
    this.#cancelTimer?.()
    this.#cancelTimer = longTimeout(ms, () => {
      if (this.#mayBePrompting) return this.#startAttemptTimer()
      this.end(abnormalClosure('timeout', undefined, `The attempt took longer than ${Math.round(ms)} ms`))
    })
  }

  async #dial(): Promise<void> {
    const { url, protocols, protocol } = this.#options
    let cause: Cause = 'url'
    // The functions called below may close the socket, and the owner does not have this object yet.
    await null
    try {
      if (this.isOver) return
      const needsWait = typeof url === 'function' || typeof protocols === 'function' || protocol
      const [target, names] = needsWait ? await this.#prepare() : [url, protocols]
      if (this.isOver) return
      if (typeof url === 'function') checkUrl(target)
      this.#owner?.dialling(this, `${target}`)
      if (this.isOver) return
      cause = 'refused'
      const offered: string[] = protocol ? [protocol.subprotocol] : [names ?? []].flat()
      this.#connect(`${target}`, offered)
    } catch (error) {
      if (cause === 'refused' && BLOCKED.has((error as Error | undefined)?.name ?? ''))
        return this.end(blockedByConstructor(error), this.#hasFixedUrl)
      // An invalid URL stays invalid, unless a function returns another one next time.
      const isFixed = this.#hasFixedUrl && typeof protocols !== 'function' && !protocol
      this.end(abnormalClosure(cause, error), isFixed || isRefused(error))
    }
  }

  /** Calls the application's functions and the protocol's `prepare` concurrently. */
  #prepare() {
    const { url, protocols, protocol } = this.#options
    return Promise.all([
      this.#resolve(url),
      this.#resolve(protocols),
      protocol?.prepare({ signal: this.signal }),
    ])
  }

  /** Async, so that one function that throws does not leave the other one's rejection unhandled. */
  async #resolve<Value>(provided: Provided<Value>): Promise<Value> {
    if (typeof provided !== 'function') return provided
    // TypeScript cannot exclude that `Value` is a function, too.
    return (provided as (context: { signal: AbortSignal }) => Value)({ signal: this.signal })
  }

  #connect(url: string, offered: string[]): void {
    const { WebSocket = globalThis.WebSocket, binaryType } = this.#options
    if (!WebSocket)
      throw new TypeError('holdfast: there is no global WebSocket here. Pass one as the option WebSocket.')
    const native = new WebSocket(url, offered) as WebSocket
    this.native = native
    setBinaryType(native, binaryType)
    this.#listeners = {
      open: () => this.#handshakeDone(),
      message: (event) => this.#receive(event),
      close: (event) => this.#nativeClosed(event),
      error: (event) => this.#nativeFailed(event),
    }
    listen(native, this.#listeners)
    this.#observeHandshake(url, native.url, offered)
  }

  /** Observes what may block this attempt: Content Security Policy, and the permission to reach a private address. */
  #observeHandshake(url: string, nativeUrl: string, offered: string[]): void {
    const stop = observeCspViolation(nativeUrl, () => this.end(blockedByCsp(url), this.#hasFixedUrl))
    const handshake: Handshake = { url, nativeUrl, offered, permission: undefined, stopObserving: stop }
    this.#handshake = handshake
    void localNetworkPermission(nativeUrl)?.then((permission) => {
      if (!permission || this.isOver || this.#handshake !== handshake) return
      handshake.permission = permission
      // The user has answered, and the handshake goes on: the timeout starts again.
      const changed = () => this.#startAttemptTimer()
      permission.addEventListener?.('change', changed)
      handshake.stopObserving = () => {
        stop()
        permission.removeEventListener?.('change', changed)
      }
    })
  }

  /** Whether the browser may be waiting for the user to allow this attempt. */
  get #mayBePrompting(): boolean {
    if (this.#handshake?.permission?.state !== 'prompt') return false
    // On a private address, the browser asks only if it considers the page's own address public, which a page cannot find out.
    if (!isLocalPage()) return true
    // So the attempt waits for a limited time, and not at all if `attemptTimeout` is below 10 s.
    return this.#attemptTimeout >= 10_000 && monotonicNow() - this.startedAt < PROMPT_TIMEOUT
  }

  /**
   * For a connection that Content Security Policy blocks, Chromium fires `error` in CLOSED and WebKit in CONNECTING, and neither
   * ever fires `close`. After any other `error`, `close` follows.
   */
  #nativeFailed(event: Event | undefined): void {
    // In browsers the event has no `error`; in other implementations it has one.
    this.#error = (event as ErrorEvent | undefined)?.error
    const state = this.native?.readyState
    if (this.isOver || (state !== CLOSED && (state !== CONNECTING || !this.#handshake))) return
    const cancelTimer = this.#cancelTimer
    const cancel = longTimeout(state === CLOSED ? CLOSE_AFTER_ERROR : CLOSE_AFTER_EARLY_ERROR, () => {
      if (!this.#handshake) this.end(abnormalClosure('peer'))
      else this.end(blockedByCsp(this.#handshake.url), this.#hasFixedUrl)
    })
    this.#cancelTimer = () => {
      cancel()
      cancelTimer?.()
    }
  }

  #nativeClosed(event: CloseEvent): void {
    const { code, reason, wasClean } = event
    const close: Closed = { code, reason, wasClean, cause: 'peer', error: this.#error }
    const handshake = this.#handshake
    // Chromium reports 1006 without a reason when the server selected no subprotocol.
    if (code === 1006 && !reason && handshake?.offered.length)
      close.reason = `The handshake failed: the server is down or refuses. Perhaps the server selected none of the subprotocols ${handshake.offered.join(', ')}.`
    // Queried again, because the attempt may end before the first query resolves.
    const permission = handshake ? localNetworkPermission(handshake.nativeUrl) : undefined
    if (!permission) return this.end(close)
    void permission.then((status) => {
      if (status?.state === 'denied') this.end(blockedByPermission(status), true)
      else this.end(close)
    })
  }

  /** After the handshake: checks the subprotocol, then starts the protocol or `greet`, or opens the connection. */
  #handshakeDone(): void {
    const { native } = this
    if (this.isOver || !native || !this.#listeners) return
    const { greet, protocol } = this.#options
    const offered = this.#handshake?.offered ?? []
    // `open` fires once, and a listener takes more than 100 bytes in Chromium.
    unlisten(native, { open: this.#listeners.open })
    this.#listeners.open = undefined
    // RFC 6455 §4.1 lets a server select none. Chromium fails the connection then, Firefox and WebKit open it. React Native
    // does not report the selected one.
    const { protocol: selected } = native as { protocol?: string }
    if (offered.length && typeof selected === 'string' && !offered.includes(selected)) {
      const error = new Error(`The server selected none of the subprotocols ${offered.join(', ')}`)
      return this.end(abnormalClosure('refused', error))
    }
    this.protocol = selected ?? ''
    if (protocol) this.#handler = protocol.start(this.#link())
    else if (greet)
      this.#handler = startGreeting(greet, this.#link(), (error) =>
        this.end(abnormalClosure('refused', error), isRefused(error)),
      )
    else this.#open()
  }

  #link(): Link {
    return {
      protocol: this.protocol,
      signal: this.signal,
      send: (data) => {
        this.send(data)
      },
      open: (handler, early) => this.#open(handler, early),
      end: (close, code, reason) => this.end(close, false, code, reason),
    }
  }

  #open(handler?: FrameHandler, early: MessageEvent[] = []): void {
    const owner = this.#owner
    if (!owner) return
    this.#handler = handler
    if (this.#handshake?.permission?.state === 'prompt') openedWithoutPermission(this.#handshake.nativeUrl)
    this.#cancelTimer?.()
    this.#handshake?.stopObserving()
    this.#cancelTimer = this.#handshake = undefined
    const { heartbeat } = this.#options
    if (heartbeat) {
      this.#heartbeat = new Heartbeat(heartbeat, monotonicNow(), this.#initialSilenceFactor)
      this.#checkHeartbeat()
    }
    owner.opened(this)
    for (const frame of early) if (!this.isOver) deliver(frame, this.#emitter, this.#options, this)
  }

  #receive(event: MessageEvent): void {
    if (this.isOver) return
    if (this.#heartbeat) this.#frameReceived(monotonicNow())
    let result: ReturnType<FrameHandler['receive']> = event
    if (this.#handler) result = this.#handler.receive(event)
    else if (this.#isPong(event)) result = 'pong'
    if (this.isOver || result === undefined) return
    if (result === 'pong') this.#receivedPong()
    else deliver(result, this.#emitter, this.#options, this)
  }

  #frameReceived(now: number): void {
    this.isProbing = false
    this.#heartbeat?.received(now)
    // In a hidden tab of Chromium, a chain of timers, each set in the callback of the previous one, fires once a minute from its
    // fifth timer on. A timer that is set in a socket event begins a new chain. This is done in visible pages, too: a timer's
    // place in the chain is fixed when it is set, and the page may be hidden before it fires.
    if (this.#isChained) this.#checkHeartbeat(false, false)
  }

  #isPong(event: MessageEvent): boolean {
    const pong = this.#options.heartbeat?.pong
    if (pong === undefined) return false
    if (typeof pong === 'string') return event.data === pong
    try {
      const result: unknown = pong(event)
      // A promise is truthy, so every message would count as a pong.
      if (isPromise(result)) throw new TypeError('the function must return a boolean, not a promise')
      return Boolean(result)
    } catch (error) {
      report(new Error(`holdfast: heartbeat.pong: ${textOf(error)}`, { cause: error }))
      return false
    }
  }

  #receivedPong(): void {
    if (this.#pingedAt) this.#emitter.emit('pulse', { rtt: monotonicNow() - this.#pingedAt })
    this.#pingedAt = 0
  }

  /** `isChained`: false only for a call from a socket event. `check()` and `greet` may run in the callback of a timer. */
  #checkHeartbeat(probe = false, isChained = true): void {
    const heartbeat = this.#heartbeat
    const { native } = this
    if (!heartbeat || !native || this.isOver) return
    const now = monotonicNow()
    const verdict = heartbeat.check(now, native.bufferedAmount, probe)
    if (verdict === 'silent') {
      const reason = 'The server did not answer in time. A large message on a slow network looks the same.'
      return this.end(abnormalClosure('silent', undefined, reason))
    }
    if (verdict === 'ping') this.#ping(native, now)
    if (this.isOver) return
    this.#isChained = isChained
    this.#cancelTimer?.()
    this.#cancelTimer = longTimeout(heartbeat.nextCheck(now, isHidden()), () => this.#checkHeartbeat())
  }

  #ping(native: WebSocket, now: number): void {
    // In other states some implementations throw. No ping is sent then, and without an answer the heartbeat ends the connection.
    if (native.readyState !== OPEN) return
    const ping = this.#options.heartbeat?.ping
    try {
      const data: unknown = typeof ping === 'function' ? ping() : ping
      if (this.isOver) return
      if (!isData(data))
        throw new TypeError(
          `the function must return a message, not ${isPromise(data) ? 'a promise' : shown(data)}`,
        )
      this.#pingedAt = now
      // A browser throws for a buffer that can be resized, and React Native for a Blob.
      native.send(data)
    } catch (error) {
      // No ping was sent, so the silence of the peer proves nothing.
      this.isProbing = false
      this.#pingedAt = 0
      this.#heartbeat?.notSent(now)
      report(new Error(`holdfast: heartbeat.ping: ${textOf(error)}. No ping was sent.`, { cause: error }))
    }
  }
}

/** Anything may be thrown, also what cannot be converted to text. */
function textOf(error: unknown): string {
  try {
    return `${(error as Error | undefined)?.message ?? error}`
  } catch {
    return shown(error)
  }
}

/** Whether this is a promise. Its rejection is ignored: the caller reports that the function must not be `async`. */
function isPromise(value: unknown): boolean {
  if (typeof (value as PromiseLike<unknown> | undefined)?.then !== 'function') return false
  Promise.resolve(value).catch(() => {})
  return true
}

/** The bytes of a message. For text its `length`, because counting the UTF-8 bytes takes time. */
function approximateBytes(data: Data): number {
  if (typeof data === 'string') return data.length
  return isBlob(data) ? data.size : data.byteLength
}

/** The browser does not allow the connection. */
const blocked = (reason: string, error?: unknown) => abnormalClosure('blocked', error, reason)

const blockedByCsp = (url: string) =>
  blocked(
    `The browser blocked the connection to ${url}. Its Content Security Policy must allow it: connect-src.`,
  )

/** The constructor threw. */
const blockedByConstructor = (error: unknown) =>
  blocked(
    (error as Error).message ||
      'The browser does not allow this page to connect there. See its Content Security Policy (connect-src), and whether an https: page dials ws:.',
    error,
  )

const blockedByPermission = ({ name }: PermissionStatus) =>
  blocked(
    `The user or a policy denied this page access to devices on the local network (permission ${name}).`,
  )
