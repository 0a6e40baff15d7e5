import { abnormalClosure } from './abnormal-closure.ts'
import { isBlob } from './binary.ts'
import { deliver } from './deliver.ts'
import { callSafely, type Emitter } from './emitter.ts'
import type { Cause, Closed, Data, Events } from './events.ts'
import { openGate } from './greet.ts'
import { longTimeout, type Timer } from './long-timeout.ts'
import type { PageSignal } from './page.ts'
import { patience } from './policy/backoff.ts'
import { Heartbeat } from './policy/heartbeat.ts'
import type { ResolvedOptions } from './resolve-options.ts'

/** Whom a connection tells. After `ended`, and after `drop`, nobody is told anything more. */
export interface Owner {
  opened(protocol: string): void
  /** `delay`: not the retry policy's choice; `null` is never. */
  ended(close: Closed, delay?: null): void
}

/** One attempt and what comes of it: url → handshake → `greet` → messages and heartbeat → one end. */
export class Connection {
  native: WebSocket | undefined
  readonly #settings: ResolvedOptions
  readonly #emitter: Emitter<Events>
  readonly #attempt: number
  /** None once it is over. */
  #owner: Owner | undefined
  /** There once a function of the application was given its signal. */
  #abort: AbortController | undefined
  /** The attempt's deadline, then the next look at the pulse. */
  #timer: Timer | undefined
  /** There once the connection is open and has a heartbeat. */
  #pulse: Heartbeat | undefined
  #pinged = 0
  #offline = false

  constructor(settings: ResolvedOptions, emitter: Emitter<Events>, attempt: number, owner: Owner) {
    this.#settings = settings
    this.#emitter = emitter
    this.#attempt = attempt
    this.#owner = owner
    this.#timer = longTimeout(patience(settings.attemptTimeout, attempt), () =>
      this.#end(abnormalClosure('timeout')),
    )
    void this.#dial()
  }

  /** Whether it has ended, or was dropped. */
  get over(): boolean {
    return !this.#owner
  }

  /** Whether the browser took it, once open: while CLOSING it would swallow it without a word. */
  send(data: Data): boolean {
    const { native } = this
    const pulse = this.#pulse
    if (native?.readyState !== 1) return false
    native.send(data)
    if (pulse) {
      pulse.sentAt = Date.now()
      pulse.sentBytes += typeof data === 'string' ? data.length : isBlob(data) ? data.size : data.byteLength
    }
    return true
  }

  /** The page noticed something. Asks the peer; or, with nothing to ask with, ends what cannot be trusted. */
  notice(sign: PageSignal): void {
    const back = this.#offline && sign === 'online'
    // A page that is shown meanwhile is no less offline.
    this.#offline ||= sign === 'offline'
    if (this.#settings.ping !== undefined) this.#look(true)
    else if (back || sign === 'slept') this.#end(abnormalClosure('wake'))
  }

  /** Ends it without telling the owner. */
  drop(code?: number, reason?: string): void {
    this.#cut(code, reason)
    this.#abort?.abort()
  }

  #end(close: Closed, delay?: null): void {
    const owner = this.#owner
    this.#cut()
    owner?.ended(close, delay)
    // Last: it runs listeners of the application, which may do anything.
    this.#abort?.abort()
  }

  #cut(code?: number, reason?: string): void {
    const { native } = this
    this.#owner = undefined
    this.#timer?.()
    if (!native) return
    // Not `onerror`: an 'error' that nobody listens for would end a Node process.
    native.onopen = native.onmessage = native.onclose = null
    // The peer may never answer, and Chromium waits 60 s for it: we do not.
    native.close(code, reason)
  }

  get #signal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
  }

  async #dial(): Promise<void> {
    const { url, protocols, WebSocket = globalThis.WebSocket } = this.#settings
    // Async, so that one that throws does not leave the other's rejection to nobody.
    const given = async (value: unknown) =>
      typeof value === 'function' ? value({ signal: this.#signal }) : value
    let cause: Cause = 'url'
    // The functions asked below may close us, and the owner does not have us yet.
    await null
    try {
      if (!this.#owner) return
      const [place, names] = await Promise.all([given(url), given(protocols)])
      if (!this.#owner) return
      if (!place) throw new TypeError('There is no url')
      const target = String(place)
      this.#emitter.emit('connecting', { attempt: this.#attempt, url: target })
      if (!this.#owner) return
      cause = 'refused'
      const offered: string[] = [names ?? []].flat()
      const native = new WebSocket(target, offered) as WebSocket
      let error: unknown
      this.native = native
      native.binaryType = this.#settings.binaryType
      // Browsers say nothing here; other implementations say why.
      native.onerror = (event) => {
        error = (event as ErrorEvent).error
      }
      native.onclose = ({ code, reason, wasClean }) =>
        this.#end({ code, reason, wasClean, cause: 'peer', error })
      native.onopen = () => this.#meet(native, offered)
    } catch (thrown) {
      // An address that no WebSocket takes will not get better, unless it is asked for anew.
      const hopeless = typeof url !== 'function' && typeof protocols !== 'function'
      this.#end(abnormalClosure(cause, thrown), hopeless ? null : undefined)
    }
  }

  /** After the handshake: is it the right peer, and is there something to be said first? */
  async #meet(native: WebSocket, offered: string[]): Promise<void> {
    const { greet, interval } = this.#settings
    const { protocol } = native
    let early: MessageEvent[] = []
    try {
      // RFC 6455 §4.1 lets a server select none. Chromium fails the connection then, Firefox and WebKit open it.
      if (offered[0] && !offered.includes(protocol))
        throw new Error(`None of ${offered.join(', ')} was selected`)
      if (greet) {
        const { frames, greeting } = openGate(native, this.#signal)
        early = frames
        await greet(greeting)
      }
    } catch (thrown) {
      return this.#end(abnormalClosure('refused', thrown))
    }
    const owner = this.#owner
    if (!owner) return
    this.#timer?.()
    // These would keep the whole attempt in memory.
    this.#timer = undefined
    if (interval) {
      this.#pulse = new Heartbeat(this.#settings, Date.now())
      this.#look()
    }
    native.onopen = null
    native.onmessage = (event) => this.#hear(event)
    owner.opened(protocol)
    for (const frame of early) native.onmessage?.(frame)
  }

  #hear(event: MessageEvent): void {
    const { pong } = this.#settings
    const emitter = this.#emitter
    this.#pulse?.received(Date.now())
    // `data` is dear in Chromium: nobody looks at it without need.
    const answers =
      pong !== undefined && (typeof pong === 'function' ? callSafely(pong, event) : event.data === pong)
    if (!this.#owner) return
    if (!answers) return deliver(event, emitter, this.#settings, this)
    // The clock may have been set back.
    if (this.#pinged) emitter.emit('pulse', { rtt: Math.max(0, Date.now() - this.#pinged) })
    this.#pinged = 0
  }

  #look(probe?: boolean): void {
    const native = this.native as WebSocket
    const pulse = this.#pulse
    if (!pulse) return
    const now = Date.now()
    const verdict = pulse.check(now, native.bufferedAmount, probe)
    if (verdict === 'silent') return this.#end(abnormalClosure(verdict))
    if (verdict) {
      this.#pinged = now
      native.send(this.#settings.ping as string)
    }
    this.#timer?.()
    this.#timer = longTimeout(pulse.next(now), () => this.#look())
  }
}
