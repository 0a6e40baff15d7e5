import { byteLength, snapshot } from './binary.ts'
import { monotonicNow } from './clock.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import type { Emitter, Entry } from './emitter.ts'
import { abnormalClosure, abortReason } from './errors.ts'
import type { Closed, Data, DropReason, Events, Failure, Outcome, SendResult, Status } from './events.ts'
import { type Cancel, longTimeout } from './long-timeout.ts'
import { isHidden, isLeaving, isOffline, observePage, type PageSignal } from './page.ts'
import { attemptTimeout, backoff, longestDelay } from './policy/backoff.ts'
import { isFinal, isUnauthorized } from './policy/close-codes.ts'
import { SendQueue } from './policy/send-queue.ts'
import { Unsent } from './policy/unsent.ts'
import { callSafely } from './report.ts'
import { defaultReconnect, type ResolvedOptions } from './resolve-options.ts'

/** After `online`, a whole office would dial in the same millisecond. In ms. */
const SPREAD = 500
/** How often to dial while the browser says that there is no network: it may be wrong. In ms. */
const OFFLINE_LOOK = 60_000
/** A wake leaves a younger attempt alone, in ms. */
const YOUNG = 2_000
/** How many times longer than configured a silent peer is waited for at most: a large message on a slow network looks so. */
const MOST_PATIENCE = 8
/** How often to look whether queued messages have left the browser, in ms. */
const UNSENT_LOOK = 100
/** How long the old connection still receives after an overlapping reconnect, in ms. */
const OVERLAP = 1_000

interface QueuedMessage {
  /** As given, for `drop`. */
  data: Data
  /** As it was then, to be sent. */
  copy: Data
  onOutcome: ((outcome: Outcome) => void) | undefined
}

type EventEntry = Entry<Events>

/** One status, one connection, one timer, one count of failures: when to dial, when to wait, when to stop. */
export class Lifecycle implements ConnectionOwner {
  status: Status = 'idle'
  closed: Closed | undefined
  protocol = ''
  /** The status of the last `status` event: while the application's own rules are asked, `status` is ahead of it. */
  #emittedStatus: Status = 'idle'
  /** The URL dialled last. */
  url = ''
  /** Attempts in a row that failed, connections that did not last among them. */
  failures = 0
  readonly #options: ResolvedOptions
  readonly #emitter: Emitter<Events>
  readonly #queue: SendQueue<QueuedMessage>
  #connection: Connection | undefined
  /** The attempt of a reconnect that overlaps with the open connection. */
  #replacement: Connection | undefined
  /** The connection before that one, which still receives for a moment. */
  #retired: Connection | undefined
  #cancelRetired: Cancel | undefined
  /** Of the next attempt. */
  #cancelDial: Cancel | undefined
  /** When the next attempt starts. */
  #dialsAt = 0
  /** Of the next queued messages, where `queue.perSecond` spaces them. */
  #cancelPump: Cancel | undefined
  #pumpedAt = 0
  #cancelExpiry: Cancel | undefined
  /** Queued messages that the browser was given and may still hold. */
  #unsent: Unsent<QueuedMessage> | undefined
  #cancelUnsent: Cancel | undefined
  /** `drop` events of what was dropped by a transition, which emits them. */
  #lost: EventEntry[] = nothing
  /** Of `suspendHidden`. */
  #cancelSuspension: Cancel | undefined
  /** Attempts in a row that timed out. */
  #timeouts = 0
  /** How many times longer than configured the peer may be silent. */
  #patience = 1
  /** 0 until the connection is open. */
  #openedAt = 0
  /** When the page last came back. */
  #wokeAt = Number.NEGATIVE_INFINITY
  #wasOpen = false
  #wasOffline = false
  /** The last end said that the credentials are no good, and fresh ones are being tried. */
  #isRenewing = false
  /** Suspended by `suspendHidden`: the page opens it again. */
  #opensWhenShown = false
  /** Closed because the attempts were used up: a wake opens it again. */
  #isRevivable = false
  /** The end of a connection during a navigation, which the page is not told while it is being left. */
  #heldEnd: Closed | undefined
  /** What the present, or last, wait is for. */
  #wait: Events['waiting'] | undefined
  #stopObserving: (() => void) | undefined
  #stopListening: (() => void) | undefined

  constructor(options: ResolvedOptions, emitter: Emitter<Events>) {
    this.#options = options
    this.#emitter = emitter
    this.#queue = new SendQueue(options.queue)
    this.#listenToSignal()
  }

  get bufferedAmount(): number {
    return this.#queue.bytes + (this.#connection?.native?.bufferedAmount ?? 0)
  }

  set binaryType(type: BinaryType) {
    this.#options.binaryType = type
    for (const connection of [this.#connection, this.#replacement, this.#retired])
      if (connection?.native) connection.native.binaryType = type
  }

  open(): void {
    if (this.#options.signal?.aborted) return
    if (this.#endHeld(0) || this.status === 'open') return
    if (this.status === 'connecting') return this.#replaceOldAttempt()
    if (this.status !== 'waiting') this.#start()
    this.#dial()
  }

  /** Looks now, without waiting for a timer: the public form of a wake. */
  check(): void {
    if (this.#endHeld(0)) return
    if (this.status === 'open') this.#connection?.probe()
    else this.#wake()
  }

  /** Ends what there is, open or not, and dials again. */
  reconnect({ dropQueue, overlap }: { dropQueue: boolean; overlap: boolean }): void {
    if (dropQueue) this.#discardQueue()
    const connection = this.#connection
    if (this.#heldEnd) this.#endHeld(0)
    else if (!connection) this.open()
    else if (overlap && this.status === 'open') this.#dialReplacement()
    else this.#replace(connection)
    // Where nothing has changed. Not before: a listener may do anything.
    this.#emitLost()
  }

  #replace(connection: Connection): void {
    const replacement = this.#replacement
    this.#replacement = undefined
    const close = { ...abnormalClosure('user'), code: 1000 }
    this.#ended(connection, close, 0)
    // Last: these run listeners of the application.
    connection.drop(1000)
    replacement?.drop(1000)
  }

  suspend(opensWhenShown = false): void {
    this.#heldEnd = undefined
    this.#opensWhenShown = opensWhenShown
    this.#isRevivable = false
    if (this.status === 'idle' || this.status === 'suspended' || this.status === 'closed') return
    const connections = this.#release()
    this.#become('suspended')
    for (const connection of connections) connection.drop(1000)
  }

  /** `isRevivable`: because the attempts were used up, so that a wake opens it again. */
  close(close: Closed, isRevivable = false): void {
    this.#isRevivable = false
    this.#heldEnd = undefined
    this.#stopObserving?.()
    this.#stopObserving = undefined
    if (this.status === 'closed') return
    this.#stopListening?.()
    const connections = this.#release()
    this.closed = close
    this.failures = this.#timeouts = 0
    this.#patience = 1
    this.#wasOpen = this.#isRenewing = false
    this.#stopWatchingExpiry()
    const drops = this.#dropped(this.#queue.clear(), 'closed', 'the socket was closed')
    this.#isRevivable = isRevivable
    // Without a timer: a socket that is closed holds none.
    if (isRevivable) this.#observePage(false)
    this.#become('closed', ...drops, ['closed', close])
    for (const connection of connections) connection.drop(close.code, close.reason, true)
  }

  send(data: Data, onOutcome?: (outcome: Outcome) => void): SendResult {
    // While queued messages are spaced, what comes later goes behind them.
    if (this.status === 'open' && !this.#cancelPump && this.#connection?.send(data)) {
      this.#unsent?.add(undefined, byteLength(data))
      if (onOutcome) callSafely(onOutcome, { result: 'sent' })
      return 'sent'
    }
    if (this.status === 'closed') return this.#refuse(onOutcome, 'the socket is closed')
    const now = monotonicNow()
    const expired = this.#queue.expired(now)
    const bytes = byteLength(data)
    const message: QueuedMessage = { data, copy: data, onOutcome }
    // A listener of `drop` that sends again would otherwise go round for ever.
    const isFromDrop = this.#emitter.dispatching === 'drop'
    const displaced = this.#queue.push(message, bytes, now, !isFromDrop)
    const why = displaced ? '' : this.#whyFull(bytes)
    if (displaced) message.copy = snapshot(data)
    this.#watchExpiry()
    // Last: a listener may do anything.
    this.#dropExpired(expired)
    if (displaced) {
      this.#drop(displaced, 'overflow', 'newer messages took its place (option queue.overflow)')
      return 'queued'
    }
    if (isFromDrop) return this.#refuse(onOutcome, why)
    this.#drop([message], 'overflow', why)
    return 'dropped'
  }

  dialling(connection: Connection, url: string): void {
    this.url = url
    if (connection === this.#connection) this.#emitter.emit('connecting', { attempt: this.failures, url })
  }

  opened(connection: Connection): void {
    const replaced = connection === this.#replacement ? this.#connection : undefined
    let retired: Connection | undefined
    if (replaced) {
      this.#connection = connection
      this.#replacement = undefined
      retired = this.#retire(replaced)
      // It may have ended during a navigation: there is nothing to tell any more.
      this.#heldEnd = undefined
      // It sends what it still holds before it closes.
      this.#forgetUnsent()
    }
    const reconnected = this.#wasOpen
    this.#wasOpen = true
    this.#openedAt = monotonicNow()
    this.#timeouts = 0
    this.protocol = connection.protocol
    this.#become('open', ['open', { protocol: connection.protocol, reconnected }])
    retired?.drop(1000)
    // A listener may have ended the connection.
    if (this.#connection !== connection || this.status !== 'open') return
    this.#pumpedAt = Number.NEGATIVE_INFINITY
    this.#pump()
  }

  ended(connection: Connection, close: Closed, final: boolean): void {
    if (connection === this.#replacement) this.#replacement = undefined
    if (connection !== this.#connection) return
    // Firefox closes the sockets of a page at the beginning of a navigation. Status lines of a page that is being left need
    // not flash; if it stays, it is told then.
    if (this.status === 'open' && this.#options.wake && isLeaving()) this.#heldEnd = close
    else this.#ended(connection, close, final ? null : undefined)
  }

  /** `delay`: not for the retry policy to choose. `null`: the end is final. */
  #ended(connection: Connection, close: Closed, delay?: number | null): void {
    this.#patience = connection.silencePatience
    if (close.cause === 'silent') this.#patience = Math.min(MOST_PATIENCE, this.#patience * 2)
    this.#timeouts = close.cause === 'timeout' ? this.#timeouts + 1 : 0
    if (this.#wasStable(close)) {
      this.failures = 0
      this.#isRenewing = false
    }
    const wasProbing = close.cause === 'silent' && connection.isProbing
    this.#openedAt = 0
    this.#cancelPump?.()
    this.#cancelPump = this.#connection = undefined
    this.#lost = [...this.#lost, ...this.#unsentDrops(connection, close)]
    if (this.#replacement) return this.#adoptReplacement(close)
    // Messages are received while the status is `open` only.
    const retired = this.#takeRetired()
    this.#waitOrClose(close, delay, wasProbing)
    retired?.drop(1000)
  }

  #waitOrClose(close: Closed, delay: number | null | undefined, wasProbing: boolean): void {
    // The application's own rules are called next, and may do anything.
    this.status = 'waiting'
    const failure = { attempt: this.failures, close }
    // What was asked for is no failure.
    if (delay === undefined) this.failures++
    const wait = delay === undefined ? this.#nextDelay(failure) : delay
    if (this.status !== 'waiting' || this.#connection) return
    if (wait === null) return this.close(close, this.#isRevivable)
    this.#waitFor(delay ?? this.#adjusted(wait, close, wasProbing), failure)
  }

  /** The delay after this end, where the page or the network has a say in it. */
  #adjusted(delay: number, close: Closed, wasProbing: boolean): number {
    // A page that is shown again may hear only now that its socket was closed meanwhile.
    const isAwake = monotonicNow() - this.#wokeAt < SPREAD
    this.#wokeAt = Number.NEGATIVE_INFINITY
    if (this.#isOffline) return Math.max(delay, OFFLINE_LOOK)
    if (isAwake) return 0
    // The server is not to blame: this side was away.
    return close.cause === 'wake' || wasProbing ? spread() : delay
  }

  /** Whether the browser said that there is no network. */
  get #isOffline(): boolean {
    return this.#options.wake && (this.#wasOffline || isOffline())
  }

  /** Whether the connection lasted long enough for earlier failures to be forgotten. */
  #wasStable(close: Closed): boolean {
    const { reconnect } = this.#options
    if (!this.#openedAt) return false
    const lasted = monotonicNow() - this.#openedAt
    const limits = typeof reconnect === 'object' ? reconnect : defaultReconnect
    // Two tabs of which the server allows one would else throw each other out at full speed for ever.
    const isThrownOut = close.cause === 'peer' && close.code !== 1006 && this.failures > 0
    const extra = isThrownOut ? longestDelay(limits, this.failures) : 0
    return lasted >= limits.stableAfter + extra
  }

  /** How long to wait after a failure, in ms; `null`: it is final. The application's own rules are asked first. */
  #nextDelay(failure: Failure): number | null {
    const { reconnect, protocol } = this.#options
    if (reconnect === false) return null
    const wanted = protocol?.retryDelay(failure.close)
    if (wanted !== undefined) return wanted
    if (!protocol && this.#isFinal(failure.close)) {
      if (!this.#canRenew(failure.close)) return null
      this.#isRenewing = true
      return 0
    }
    if (typeof reconnect === 'function') {
      const wait = callSafely(reconnect, failure)
      // Anything that is no delay would hammer the server.
      if (wait === null || (typeof wait === 'number' && wait >= 0)) return wait
    }
    const limits = typeof reconnect === 'object' ? reconnect : defaultReconnect
    const wait = backoff(limits, failure.attempt, Math.random())
    this.#isRevivable = wait === null && limits.attempts > 0
    return wait
  }

  #isFinal(close: Closed): boolean {
    const { final } = this.#options
    if (typeof final === 'function') return Boolean(callSafely(final, close))
    return final ? close.cause === 'peer' && final.includes(close.code) : isFinal(close)
  }

  /** Whether another attempt may succeed with fresh credentials: once in a row, and only if something can provide them. */
  #canRenew(close: Closed): boolean {
    const { url, protocols, greet, final } = this.#options
    const isNamed = Array.isArray(final)
    const canProvide = typeof url === 'function' || typeof protocols === 'function' || Boolean(greet)
    return close.cause === 'peer' && isUnauthorized(close.code) && canProvide && !isNamed && !this.#isRenewing
  }

  #listenToSignal(): void {
    const { signal } = this.#options
    if (!signal) return
    const aborted = () => {
      const error = abortReason(signal)
      this.close({ ...abnormalClosure('signal', error), code: 1000, reason: '' })
    }
    signal.addEventListener('abort', aborted)
    this.#stopListening = () => signal.removeEventListener('abort', aborted)
    if (signal.aborted) aborted()
  }

  /** Leaves `idle`, `suspended` or `closed`. */
  #start(): void {
    if (this.status === 'closed') this.#listenToSignal()
    this.#isRevivable = this.#opensWhenShown = false
    this.#observePage(true)
    if (isHidden()) this.#onHidden()
  }

  #observePage(looksForSleep: boolean): void {
    this.#stopObserving?.()
    this.#stopObserving = undefined
    this.#wasOffline = false
    if (this.#options.wake)
      this.#stopObserving = observePage((signal) => this.#onPageSignal(signal), looksForSleep)
  }

  #dial(): void {
    this.#cancelDial?.()
    this.#cancelDial = undefined
    this.closed = undefined
    this.#connection = this.#connect()
    this.#become('connecting')
  }

  #connect(): Connection {
    return new Connection(this.#options, this.#emitter, this, {
      attemptTimeout: attemptTimeout(this.#options.attemptTimeout, this.#timeouts),
      silence: this.#patience,
    })
  }

  #dialReplacement(): void {
    const before = this.#replacement
    this.#replacement = this.#connect()
    before?.drop(1000)
  }

  /** It may still carry what was sent to it before the server knew of the new one. Returns the one retired before it. */
  #retire(connection: Connection): Connection | undefined {
    const before = this.#takeRetired()
    this.#retired = connection
    this.#cancelRetired = longTimeout(OVERLAP, () => this.#takeRetired()?.drop(1000))
    return before
  }

  /** The caller drops it, after everything else: that runs listeners of the application. */
  #takeRetired(): Connection | undefined {
    const retired = this.#retired
    this.#cancelRetired?.()
    this.#retired = this.#cancelRetired = undefined
    return retired
  }

  /** The connection ended before its replacement was open: the replacement is the present attempt. */
  #adoptReplacement(close: Closed): void {
    this.#connection = this.#replacement
    this.#replacement = undefined
    const attempt = this.failures
    this.#wait = { attempt, delay: 0, close }
    this.#become('waiting', ['waiting', this.#wait])
    if (!this.#connection || this.status !== 'waiting') return
    // Otherwise it is emitted once the URL is known.
    const isDialling = this.#connection.native !== undefined
    this.#become(
      'connecting',
      ...(isDialling ? [['connecting', { attempt, url: this.url }] as EventEntry] : []),
    )
  }

  #replaceOldAttempt(): void {
    const attempt = this.#connection
    if (!attempt?.isReplaceable || monotonicNow() - attempt.startedAt < YOUNG) return
    // A hung attempt keeps browsers from dialling the same server: it is closed before the next one dials, a microtask later.
    this.#dial()
    attempt.drop()
  }

  #waitFor(delay: number, failure: Failure): void {
    this.#cancelDial?.()
    this.#cancelDial = longTimeout(delay, () => {
      this.#cancelDial = undefined
      // Not while the page is being left. If it stays, it dials then.
      if (!this.#options.wake || !isLeaving()) this.#dial()
    })
    this.#dialsAt = monotonicNow() + delay
    this.#wait = { ...failure, delay }
    this.#become('waiting', ['waiting', this.#wait])
  }

  /** Changes the status and emits that, then the more specific events. What listeners do in reaction comes after all. */
  #become(status: Status, ...events: EventEntry[]): void {
    const previous = this.#emittedStatus
    this.status = this.#emittedStatus = status
    const change: EventEntry[] = status === previous ? [] : [['status', { status, previous }]]
    const lost = this.#lost
    this.#lost = nothing
    this.#emitter.emitAll([...change, ...lost, ...events])
  }

  /** Lets go of all connections and timers. */
  #release(): Connection[] {
    const connections = [this.#connection, this.#replacement, this.#retired]
    this.#connection = this.#replacement = this.#retired = undefined
    this.#cancelRetired?.()
    this.#cancelDial?.()
    this.#cancelPump?.()
    this.#cancelSuspension?.()
    this.#cancelDial = this.#cancelPump = this.#cancelSuspension = undefined
    this.#forgetUnsent()
    this.#openedAt = 0
    return connections.filter((connection): connection is Connection => connection !== undefined)
  }

  /** Hands queued messages to the browser: all at once, or spaced by `queue.perSecond`. */
  #pump(): void {
    // Before the next ones are handed over: the timer that drops them may be late.
    const expired = this.#queue.expired(monotonicNow())
    this.#cancelPump?.()
    this.#cancelPump = undefined
    const queue = this.#queue
    const now = monotonicNow()
    const elapsed = now - this.#pumpedAt
    const most =
      elapsed === Infinity ? (queue.spacing > 0 ? 1 : Infinity) : Math.max(1, queue.allowance(elapsed))
    this.#pumpedAt = now
    const outcomes: (() => void)[] = []
    queue.takeWhile((message) => this.#handOver(message, outcomes), most)
    if (!queue.length) this.#stopWatchingExpiry()
    if (this.status === 'open' && this.#connection) {
      this.#watchUnsent()
      if (queue.length && queue.spacing > 0) this.#cancelPump = longTimeout(queue.spacing, () => this.#pump())
    }
    // Last: they may send, or end the connection.
    this.#dropExpired(expired)
    for (const tell of outcomes) tell()
  }

  #handOver(message: QueuedMessage, outcomes: (() => void)[]): boolean {
    const { copy, onOutcome } = message
    const isSent = callSafely(() => this.#connection?.send(copy) ?? false)
    if (isSent === false) return false
    if (isSent) this.#noteUnsent(message)
    // What no WebSocket takes was reported, and must not stand in the way at every reconnect.
    const outcome: Outcome = isSent
      ? { result: 'sent' }
      : { result: 'dropped', reason: 'the browser refused it' }
    if (onOutcome) outcomes.push(() => callSafely(onOutcome, outcome))
    return true
  }

  #noteUnsent(message: QueuedMessage): void {
    this.#unsent ??= new Unsent()
    // Its outcome is `sent`, and an outcome is told once.
    this.#unsent.add({ ...message, onOutcome: undefined }, byteLength(message.copy))
  }

  /** Lets go of queued messages once they have left the browser. */
  #watchUnsent(): void {
    const connection = this.#connection
    if (!this.#unsent || !connection) return
    this.#unsent.keepLast(connection.native?.bufferedAmount ?? 0)
    this.#cancelUnsent?.()
    if (this.#unsent.isEmpty) this.#forgetUnsent()
    else this.#cancelUnsent = longTimeout(UNSENT_LOOK, () => this.#watchUnsent())
  }

  #forgetUnsent(): void {
    this.#cancelUnsent?.()
    this.#unsent = this.#cancelUnsent = undefined
  }

  /** The `drop` events of queued messages that the browser did not send. */
  #unsentDrops(connection: Connection, close: Closed): EventEntry[] {
    const unsent = this.#unsent?.keepLast(connection.native?.bufferedAmount ?? 0) ?? []
    this.#forgetUnsent()
    // What this side closes is sent first.
    if (close.cause === 'user') return []
    return this.#dropped(unsent, 'disconnected', 'the connection ended while the browser still held it')
  }

  #dropExpired(expired: QueuedMessage[]): void {
    this.#drop(expired, 'expired', `it waited longer than ${this.#options.queue.ttl} ms (option queue.ttl)`)
  }

  /** Drops messages when their time has come, not only when the next one is sent. */
  #watchExpiry(): void {
    const ms = this.#queue.expiresIn(monotonicNow())
    if (ms === Infinity || this.#cancelExpiry) return
    this.#cancelExpiry = longTimeout(ms, () => {
      this.#cancelExpiry = undefined
      const expired = this.#queue.expired(monotonicNow())
      this.#watchExpiry()
      this.#dropExpired(expired)
    })
  }

  #stopWatchingExpiry(): void {
    this.#cancelExpiry?.()
    this.#cancelExpiry = undefined
  }

  /** The events are emitted with the next transition. */
  #discardQueue(): void {
    this.#stopWatchingExpiry()
    const reason = "reconnect({ queue: 'drop' }) was called"
    this.#lost = [...this.#lost, ...this.#dropped(this.#queue.clear(), 'discarded', reason)]
  }

  #emitLost(): void {
    const lost = this.#lost
    this.#lost = nothing
    if (lost.length) this.#emitter.emitAll(lost)
  }

  #drop(messages: QueuedMessage[], why: DropReason, reason: string): void {
    if (messages.length) this.#emitter.emitAll(this.#dropped(messages, why, reason))
  }

  /** The events to emit for dropped messages. Each tells the outcome first. */
  #dropped(messages: QueuedMessage[], why: DropReason, reason: string): EventEntry[] {
    return messages.map(({ data, onOutcome }) => [
      'drop',
      { data, why, reason },
      onOutcome && (() => onOutcome({ result: 'dropped', reason })),
    ])
  }

  #refuse(onOutcome: ((outcome: Outcome) => void) | undefined, reason: string): 'dropped' {
    if (onOutcome) callSafely(onOutcome, { result: 'dropped', reason })
    return 'dropped'
  }

  #whyFull(bytes: number): string {
    const { messages, bytes: most } = this.#options.queue
    if (!messages) return 'the connection is not open, and there is no queue (option queue)'
    if (this.#queue.length >= messages)
      return `${count(messages)} messages are in the queue already (option queue.messages)`
    return `${count(bytes)} bytes do not fit the queue of ${count(most)} (option queue.bytes)`
  }

  /**
   * Ends the connection whose end was held back during a navigation; returns false where there is none. `delay`: not for the
   * retry policy to choose.
   */
  #endHeld(delay?: number): boolean {
    const close = this.#heldEnd
    this.#heldEnd = undefined
    if (!close || !this.#connection) return false
    this.#ended(this.#connection, close, delay)
    return true
  }

  #onPageSignal(signal: PageSignal): void {
    switch (signal) {
      case 'leaving':
        return
      case 'stayed':
        return this.#onStayed()
      case 'hidden':
        return this.#onHidden()
      case 'offline':
        return this.#onOffline()
      case 'online':
        return this.#onOnline()
      default:
        return this.#onBack(signal)
    }
  }

  #onStayed(): void {
    const wasHeld = this.#endHeld()
    // The timer of the next attempt may have passed meanwhile.
    if (this.status !== 'waiting' || !this.#wait) return
    if (wasHeld || !this.#isOffline) this.#dial()
    else if (!this.#cancelDial) this.#waitFor(this.#wait.delay, this.#wait)
  }

  #onHidden(): void {
    const { suspendHidden } = this.#options
    if (suspendHidden === false || this.status === 'suspended' || this.status === 'closed') return
    this.#cancelSuspension?.()
    this.#cancelSuspension = longTimeout(suspendHidden, () => this.suspend(true))
  }

  #onOffline(): void {
    this.#wasOffline = true
    const { status } = this
    if (status === 'waiting' && this.#wait)
      this.#waitFor(Math.max(OFFLINE_LOOK, this.#wait.delay), this.#wait)
  }

  #onOnline(): void {
    const wasOffline = this.#wasOffline
    this.#wasOffline = false
    if (this.status !== 'open') return this.#wake(spread())
    // Without an `offline` before it, this is no evidence.
    if (wasOffline) this.#doubt()
  }

  /** The page is shown, restored or resumed, or the machine has slept. */
  #onBack(signal: 'shown' | 'restored' | 'resumed' | 'slept' | 'jumped'): void {
    // A hidden page may be resumed too, and its machine may sleep.
    if (!isHidden()) {
      this.#cancelSuspension?.()
      this.#cancelSuspension = undefined
      if (this.#opensWhenShown) return this.open()
    }
    this.#wokeAt = monotonicNow()
    if (this.#endHeld()) return
    const connection = this.#connection
    if (this.status !== 'open') return this.#isOffline ? undefined : this.#wake()
    if (signal === 'shown') {
      if (connection?.isQuiet) connection.probe()
    } else if (signal === 'slept') this.#doubt()
    else connection?.probe()
  }

  /** The open connection cannot be trusted: ask the peer, or dial again where there is nothing to ask with. */
  #doubt(): void {
    const connection = this.#connection
    if (!connection || connection.probe() || this.#options.heartbeat) return
    connection.end(
      abnormalClosure('wake', undefined, 'The network went away and came back, or the machine slept.'),
    )
  }

  /** The page or the network is back: earlier failures say nothing any more. Dials after `delay` ms at most. */
  #wake(delay = 0): void {
    if (this.status === 'closed' && this.#isRevivable) {
      this.open()
      return
    }
    if (this.status !== 'waiting' && this.status !== 'connecting') return
    this.failures = this.#timeouts = 0
    if (this.status === 'connecting') return this.#replaceOldAttempt()
    // If the page stays, it dials then.
    if (this.#options.wake && isLeaving()) return
    if (delay === 0 || !this.#wait) this.#dial()
    else if (monotonicNow() + delay < this.#dialsAt)
      this.#waitFor(delay, { attempt: 0, close: this.#wait.close })
  }
}

const nothing: EventEntry[] = []

const spread = () => Math.random() * SPREAD

const count = (value: number) => value.toLocaleString('en-US')
