import { isBlob } from './binary.ts'
import { safely } from './emitter.ts'
import { gate } from './greet.ts'
import { patience } from './policy/backoff.ts'
import { Pulse } from './policy/pulse.ts'
import type { Settings } from './settings.ts'
import { after, type Timer } from './timer.ts'
import type { Cause, Closed, Data } from './types.ts'
import type { Sign } from './wake.ts'

/** Whom a connection tells. After `ended`, and after `drop`, it tells nothing more. */
export interface Owner {
  dialling(url: string): void
  opened(protocol: string): void
  received(event: MessageEvent): void
  pulsed(rtt: number): void
  /** `delay`: not the retry policy's choice; `null` is never. */
  ended(close: Closed, delay?: null): void
}

/** What ended without a close frame. */
export function lost(cause: Cause, error?: unknown): Closed {
  return { code: 1006, reason: (error as Error)?.message ?? '', wasClean: false, cause, error }
}

/** One attempt and what comes of it: url → handshake → `greet` → messages and heartbeat → one end. */
export class Connection {
  readonly #settings: Settings
  /** None once it is over. */
  #owner: Owner | undefined
  readonly #abort = new AbortController()
  /** The attempt's deadline, then the next look at the pulse. */
  #timer: Timer | undefined
  #native: WebSocket | undefined
  /** There once the connection is open. */
  #pulse: Pulse | undefined
  #pinged = 0
  #offline = false

  constructor(settings: Settings, attempt: number, owner: Owner) {
    this.#settings = settings
    this.#owner = owner
    this.#timer = after(patience(settings.attemptTimeout, attempt), () => this.#end(lost('timeout')))
    void this.#dial()
  }

  get bufferedAmount(): number {
    return this.#native?.bufferedAmount ?? 0
  }

  set binaryType(type: BinaryType) {
    if (this.#native) this.#native.binaryType = type
  }

  /** Whether the browser took it: while CLOSING it would swallow it without a word. */
  send(data: Data): boolean {
    if (!this.#pulse || this.#native?.readyState !== 1) return false
    this.#native.send(data)
    this.#pulse.said = Date.now()
    this.#pulse.given += typeof data === 'string' ? data.length : isBlob(data) ? data.size : data.byteLength
    return true
  }

  /** The page noticed something. Asks the peer; or, with nothing to ask with, ends what cannot be trusted. */
  notice(sign: Sign): void {
    const back = this.#offline && sign === 'online'
    this.#offline = sign === 'offline'
    if (back && !this.#pulse?.asks) this.#end(lost('wake'))
    else this.#look(true)
  }

  /** Ends it without telling the owner. */
  drop(code?: number, reason?: string): void {
    this.#cut(code, reason)
    this.#abort.abort()
  }

  #end(close: Closed, delay?: null): void {
    const owner = this.#owner
    this.#cut()
    owner?.ended(close, delay)
    // Last: it runs listeners of the application, which may do anything.
    this.#abort.abort()
  }

  #cut(code?: number, reason?: string): void {
    const native = this.#native
    this.#owner = undefined
    this.#timer?.()
    if (!native) return
    native.onopen = native.onmessage = native.onclose = null
    // An 'error' that nobody listens for would end a Node process.
    native.onerror = () => {}
    // The peer may never answer, and Chromium waits 60 s for it: we do not.
    native.close(code, reason)
  }

  async #dial(): Promise<void> {
    const { url, protocols, greet, WebSocket = globalThis.WebSocket } = this.#settings
    const { signal } = this.#abort
    const given = async (value: unknown) => (typeof value === 'function' ? value({ signal }) : value)
    let cause: Cause = 'url'
    let error: unknown
    // The functions asked below may close us, and the owner does not have us yet.
    await null
    try {
      if (!this.#owner) return
      const [place, names] = await Promise.all([given(url), given(protocols)])
      if (!this.#owner) return
      if (!place) throw new TypeError('There is no url')
      const target = String(place)
      this.#owner.dialling(target)
      if (!this.#owner) return
      cause = 'refused'
      const offered: string[] = [names ?? []].flat()
      const native = new WebSocket(target, offered) as WebSocket
      this.#native = native
      native.binaryType = this.#settings.binaryType
      // Browsers say nothing here; other implementations say why.
      native.onerror = (event) => {
        error = (event as ErrorEvent).error
      }
      native.onclose = ({ code, reason, wasClean }) =>
        this.#end({ code, reason, wasClean, cause: 'peer', error })
      const { frames, greeting } = gate(native, signal)
      await new Promise((resolve) => {
        native.onopen = resolve
      })
      // RFC 6455 §4.1 lets a server select none. Chromium fails the connection then, Firefox and WebKit open it.
      if (offered[0] && !offered.includes(native.protocol))
        throw new Error(`None of ${offered.join(', ')} was selected`)
      if (greet) await greet(greeting)
      if (!this.#owner) return
      this.#open(native, this.#owner)
      for (const frame of frames) native.onmessage?.(frame)
    } catch (thrown) {
      // An address that no WebSocket takes will not get better, unless it is asked for anew.
      const hopeless = !this.#native && typeof url !== 'function' && typeof protocols !== 'function'
      this.#end(lost(cause, thrown), hopeless ? null : undefined)
    }
  }

  #open(native: WebSocket, owner: Owner): void {
    const { interval, wake, pong } = this.#settings
    const pulse = new Pulse(this.#settings, Date.now())
    this.#pulse = pulse
    const isPong = typeof pong === 'function' && ((event: MessageEvent) => safely(() => pong(event)))
    // Nothing in here captures the event: that would cost every message an object.
    native.onmessage = (event) => {
      pulse.hear(Date.now())
      if (pong === undefined || !(isPong ? isPong(event) : event.data === pong)) return owner.received(event)
      if (this.#pinged) owner.pulsed(Math.max(0, Date.now() - this.#pinged))
      this.#pinged = 0
    }
    this.#timer?.()
    if (interval || wake) this.#look()
    owner.opened(native.protocol)
  }

  #look(probe?: boolean): void {
    const pulse = this.#pulse
    if (!pulse) return
    const now = Date.now()
    const verdict = pulse.look(now, this.bufferedAmount, probe)
    if (verdict === 'silent' || verdict === 'wake') return this.#end(lost(verdict))
    if (verdict) {
      this.#pinged = now
      this.#native?.send(this.#settings.ping as string)
    }
    this.#timer?.()
    this.#timer = after(pulse.next(now), () => this.#look())
  }
}
