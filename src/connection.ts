import { isBlob } from './binary.ts'
import { type Emitter, safely } from './emitter.ts'
import { deliver } from './frames.ts'
import { gate } from './greet.ts'
import { lost } from './lost.ts'
import { patience } from './policy/backoff.ts'
import { Pulse } from './policy/pulse.ts'
import type { Settings } from './settings.ts'
import { after, type Timer } from './timer.ts'
import type { Cause, Closed, Data, Events } from './types.ts'
import type { Sign } from './wake.ts'

/** Whom a connection tells. After `ended`, and after `drop`, nobody is told anything more. */
export interface Owner {
  opened(protocol: string): void
  /** `delay`: not the retry policy's choice; `null` is never. */
  ended(close: Closed, delay?: null): void
}

/** One attempt and what comes of it: url → handshake → `greet` → messages and heartbeat → one end. */
export class Connection {
  native: WebSocket | undefined
  readonly #settings: Settings
  readonly #emitter: Emitter<Events>
  readonly #attempt: number
  /** None once it is over. */
  #owner: Owner | undefined
  /** There once a function of the application was given its signal. */
  #abort: AbortController | undefined
  /** The attempt's deadline, then the next look at the pulse. */
  #timer: Timer | undefined
  /** There once the connection is open and has a heartbeat. */
  #pulse: Pulse | undefined
  #pinged = 0
  #offline = false

  constructor(settings: Settings, emitter: Emitter<Events>, attempt: number, owner: Owner) {
    this.#settings = settings
    this.#emitter = emitter
    this.#attempt = attempt
    this.#owner = owner
    this.#timer = after(patience(settings.attemptTimeout, attempt), () => this.#end(lost('timeout')))
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
      pulse.said = Date.now()
      pulse.given += typeof data === 'string' ? data.length : isBlob(data) ? data.size : data.byteLength
    }
    return true
  }

  /** The page noticed something. Asks the peer; or, with nothing to ask with, ends what cannot be trusted. */
  notice(sign: Sign): void {
    const back = this.#offline && sign === 'online'
    // A page that is shown meanwhile is no less offline.
    this.#offline ||= sign === 'offline'
    if (this.#settings.ping !== undefined) this.#look(true)
    else if (back || sign === 'slept') this.#end(lost('wake'))
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
      this.#end(lost(cause, thrown), hopeless ? null : undefined)
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
        const { frames, greeting } = gate(native, this.#signal)
        early = frames
        await greet(greeting)
      }
    } catch (thrown) {
      return this.#end(lost('refused', thrown))
    }
    const owner = this.#owner
    if (!owner) return
    this.#timer?.()
    // These would keep the whole attempt in memory.
    this.#timer = undefined
    if (interval) {
      this.#pulse = new Pulse(this.#settings, Date.now())
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
    this.#pulse?.hear(Date.now())
    // `data` is dear in Chromium: nobody looks at it without need.
    const answers =
      pong !== undefined && (typeof pong === 'function' ? safely(pong, event) : event.data === pong)
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
    const verdict = pulse.look(now, native.bufferedAmount, probe)
    if (verdict === 'silent') return this.#end(lost(verdict))
    if (verdict) {
      this.#pinged = now
      native.send(this.#settings.ping as string)
    }
    this.#timer?.()
    this.#timer = after(pulse.next(now), () => this.#look())
  }
}
