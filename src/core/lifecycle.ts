import { onAbort } from './abort.ts'
import { byteLength, snapshot } from './binary.ts'
import { monotonicNow } from './clock.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import type { Emitter, Entry } from './emitter.ts'
import { abnormalClosure } from './errors.ts'
import type { Closed, Data, DropReason, Events, Failure, Outcome, SendResult, Status } from './events.ts'
import type { SocketLifecycle } from './internal-options.ts'
import { type Cancel, longTimeout } from './long-timeout.ts'
import { isHidden, isLeaving, isOffline, observePage, type PageSignal } from './page.ts'
import { attemptTimeout, backoff, longestDelay } from './policy/backoff.ts'
import { isFinal, isUnauthorized } from './policy/close-codes.ts'
import { SendQueue } from './policy/send-queue.ts'
import { Unsent } from './policy/unsent.ts'
import { callSafely } from './report.ts'
import { defaultReconnect, type ResolvedOptions } from './resolve-options.ts'

/** After `online`, dial at a random time within this span: otherwise all devices of a network dial at once. In ms. */
const SPREAD = 500
/** How often to dial while the browser says that there is no network: it may be wrong. In ms. */
const OFFLINE_RETRY = 60_000
/** A wake does not replace an attempt that is younger than this, in ms. */
const YOUNG = 2_000
/** The largest factor for the heartbeat's timeout: a large message on a slow network looks like silence. */
const MAX_PATIENCE = 8
/** How often to check whether queued messages have left the browser, in ms. */
const UNSENT_CHECK = 100
/** How long the old connection still receives messages after an overlapping reconnect, in ms. */
const OVERLAP = 1_000

interface QueuedMessage {
  /** The object that was passed to `send`, for the `drop` event. */
  data: Data
  /** A snapshot, which is sent: the caller may change a buffer after `send`. */
  copy: Data
  onOutcome: ((outcome: Outcome) => void) | undefined
}

type EventEntry = Entry<Events>

/** Decides when to dial, when to wait and when to stop: one status, one connection, one timer, one count of failures. */
export class Lifecycle implements ConnectionOwner, SocketLifecycle {
  status: Status = 'idle'
  closed: Closed | undefined
  protocol = ''
  /** The status of the last `status` event. `status` itself changes before the `final` and `reconnect` functions run. */
  #emittedStatus: Status = 'idle'
  /** The URL dialled last. */
  url = ''
  /** How many attempts in a row failed. A connection that ended before `stableAfter` counts as failed. */
  failures = 0
  readonly #options: ResolvedOptions
  readonly #emitter: Emitter<Events>
  readonly #queue: SendQueue<QueuedMessage>
  #connection: Connection | undefined
  /** The next connection of an overlapping reconnect, until it is open. */
  #replacement: Connection | undefined
  /** The previous connection of an overlapping reconnect, which still receives for a moment. */
  #retired: Connection | undefined
  #cancelRetired: Cancel | undefined
  /** Cancels the timer of the next attempt. */
  #cancelDial: Cancel | undefined
  /** When the next attempt starts. */
  #dialsAt = 0
  /** Cancels the timer of the next queued messages, where `queue.perSecond` limits their rate. */
  #cancelPump: Cancel | undefined
  #pumpedAt = 0
  #cancelExpiry: Cancel | undefined
  /** Queued messages that were handed to the browser and may still be in its buffer. */
  #unsent: Unsent<QueuedMessage> | undefined
  #cancelUnsent: Cancel | undefined
  /** `drop` events that the next transition emits. */
  #lost: EventEntry[] = nothing
  /** Cancels the timer of `suspendHidden`. */
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
  /** The server rejected the credentials, and the present attempt uses fresh ones. */
  #isRenewing = false
  /** Suspended by `suspendHidden`: the page opens it again. */
  #opensWhenShown = false
  /** Closed because the attempts were used up: a wake opens it again. */
  #isRevivable = false
  /** How the connection ended during a navigation. Emitted only if the page stays. */
  #heldEnd: Closed | undefined
  /** The last `waiting` event. */
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

  setBinaryType(type: BinaryType): void {
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

  /** Checks the connection now, without waiting for a timer: the public form of a wake. */
  check(): void {
    if (this.#endHeld(0)) return
    if (this.status === 'open') this.#connection?.probe()
    else this.#wake()
  }

  /** Ends the present connection or attempt, and dials again. */
  reconnect({ dropQueue, overlap }: { dropQueue: boolean; overlap: boolean }): void {
    if (dropQueue) this.#discardQueue()
    const connection = this.#connection
    if (this.#heldEnd) this.#endHeld(0)
    else if (!connection) this.open()
    else if (overlap && this.status === 'open') this.#dialReplacement()
    else this.#replace(connection)
    // Emits what no transition has emitted. Last, because a listener may call any method.
    this.#emitLost()
  }

  #replace(connection: Connection): void {
    const replacement = this.#replacement
    this.#replacement = undefined
    const close = { ...abnormalClosure('user'), code: 1000 }
    this.#connectionEnded(connection, close, 0)
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
    const drops = this.#dropEvents(this.#queue.clear(), 'closed', 'the socket was closed')
    this.#isRevivable = isRevivable
    // Without the timer that detects a sleep: a closed socket keeps no timer.
    if (isRevivable) this.#observePage(false)
    this.#become('closed', ...drops, ['closed', close])
    for (const connection of connections) connection.drop(close.code, close.reason, true)
  }

  send(data: Data, onOutcome?: (outcome: Outcome) => void): SendResult {
    // While `queue.perSecond` holds queued messages back, later ones are queued behind them.
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
    // Otherwise a `drop` listener that sends again would never end.
    const isFromDrop = this.#emitter.dispatching === 'drop'
    const displaced = this.#queue.push(message, bytes, now, !isFromDrop)
    const why = displaced ? '' : this.#whyFull(bytes)
    if (displaced) message.copy = snapshot(data)
    this.#watchExpiry()
    // Last, because a listener may call any method.
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
      // If its end was held back during a navigation, it is not emitted any more.
      this.#heldEnd = undefined
      // The replaced connection still sends its buffer before it closes.
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
    // Firefox closes the sockets of a page at the beginning of a navigation. Do not emit that while the page is being left,
    // so that its status line does not flash; emit it if the page stays.
    if (this.status === 'open' && this.#options.wake && isLeaving()) this.#heldEnd = close
    else this.#connectionEnded(connection, close, final ? null : undefined)
  }

  /** `delay`, in ms, replaces that of the retry policy; `null`: the end is final. */
  #connectionEnded(connection: Connection, close: Closed, delay?: number | null): void {
    this.#patience = connection.silencePatience
    if (close.cause === 'silent') this.#patience = Math.min(MAX_PATIENCE, this.#patience * 2)
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
    // No connection may emit messages unless the status is `open`.
    const retired = this.#takeRetired()
    this.#waitOrClose(close, delay, wasProbing)
    retired?.drop(1000)
  }

  #waitOrClose(close: Closed, delay: number | null | undefined, wasProbing: boolean): void {
    // The application's `final` and `reconnect` functions run next, and may call any method.
    this.status = 'waiting'
    const failure = { attempt: this.failures, close }
    // An end that the application asked for does not count as a failure.
    if (delay === undefined) this.failures++
    const wait = delay === undefined ? this.#nextDelay(failure) : delay
    if (this.status !== 'waiting' || this.#connection) return
    if (wait === null) return this.close(close, this.#isRevivable)
    this.#waitFor(delay ?? this.#adjusted(wait, close, wasProbing), failure)
  }

  /** The delay after this end, adapted to the state of the page and the network. */
  #adjusted(delay: number, close: Closed, wasProbing: boolean): number {
    // Browsers may report only when the page is shown again that its socket was closed meanwhile.
    const isAwake = monotonicNow() - this.#wokeAt < SPREAD
    this.#wokeAt = Number.NEGATIVE_INFINITY
    if (this.#isOffline) return Math.max(delay, OFFLINE_RETRY)
    if (isAwake) return 0
    // This side was offline or asleep: no backoff is needed to spare the server.
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
    // If the server allows one connection per user, two tabs replace each other: this slows them down.
    const wasClosedAgain = close.cause === 'peer' && close.code !== 1006 && this.failures > 0
    const extra = wasClosedAgain ? longestDelay(limits, this.failures) : 0
    return lasted >= limits.stableAfter + extra
  }

  /** How long to wait after a failure, in ms; `null`: it is final. The application's functions decide first. */
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
      // Ignore a value that is not a delay: it would make the attempts follow each other without a pause.
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
    this.#stopListening = onAbort(this.#options.signal, (error) =>
      this.close({ ...abnormalClosure('signal', error), code: 1000, reason: '' }),
    )
  }

  /** Leaves `idle`, `suspended` or `closed`. */
  #start(): void {
    if (this.status === 'closed') this.#listenToSignal()
    this.#isRevivable = this.#opensWhenShown = false
    this.#observePage(true)
    if (isHidden()) this.#onHidden()
  }

  #observePage(detectsSleep: boolean): void {
    this.#stopObserving?.()
    this.#stopObserving = undefined
    this.#wasOffline = false
    if (this.#options.wake)
      this.#stopObserving = observePage((signal) => this.#onPageSignal(signal), detectsSleep)
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

  /** Keeps the old connection for a moment: the server may have sent messages over it. Returns the one retired before it. */
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
    const connection = this.#replacement
    this.#connection = connection
    this.#replacement = undefined
    const attempt = this.failures
    this.#wait = { attempt, delay: 0, close }
    const events: EventEntry[] = [['waiting', this.#wait]]
    const previous = this.#emittedStatus
    // Both changes at once: while `waiting`, a listener that calls `open()` would dial once more.
    this.status = this.#emittedStatus = 'connecting'
    events.unshift(['status', { status: 'waiting', previous }], ...this.#takeLost())
    events.push(['status', { status: 'connecting', previous: 'waiting' }])
    // Otherwise it is emitted once the URL is known.
    if (connection?.native) events.push(['connecting', { attempt, url: this.url }])
    this.#emitter.emitAll(events)
  }

  #replaceOldAttempt(): void {
    const attempt = this.#connection
    if (!attempt?.isReplaceable || monotonicNow() - attempt.startedAt < YOUNG) return
    // Browsers do not dial a server while another handshake with it hangs. The new attempt dials in a microtask, after the
    // old one is closed.
    this.#dial()
    attempt.drop()
  }

  #waitFor(delay: number, failure: Failure): void {
    this.#cancelDial?.()
    this.#cancelDial = longTimeout(delay, () => {
      this.#cancelDial = undefined
      // Do not dial while the page is being left. If it stays, `#onStayed` dials.
      if (!this.#options.wake || !isLeaving()) this.#dial()
    })
    this.#dialsAt = monotonicNow() + delay
    this.#wait = { ...failure, delay }
    this.#become('waiting', ['waiting', this.#wait])
  }

  /** Changes the status and emits `status`, then the more specific events. Events of its listeners follow after all of them. */
  #become(status: Status, ...events: EventEntry[]): void {
    const previous = this.#emittedStatus
    this.status = this.#emittedStatus = status
    const change: EventEntry[] = status === previous ? [] : [['status', { status, previous }]]
    this.#emitter.emitAll([...change, ...this.#takeLost(), ...events])
  }

  /** Cancels the timers and forgets all connections. Returns them, for the caller to close. */
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

  /** Hands queued messages to the browser: all at once, or at the rate of `queue.perSecond`. */
  #pump(): void {
    // Before the next ones are handed over: the timer that drops them may be late.
    const expired = this.#queue.expired(monotonicNow())
    this.#cancelPump?.()
    this.#cancelPump = undefined
    const queue = this.#queue
    const now = monotonicNow()
    const most = this.#allowance(now)
    this.#pumpedAt = now
    const outcomes: (() => void)[] = []
    queue.takeWhile((message) => this.#handOver(message, outcomes), most)
    if (!queue.length) this.#stopWatchingExpiry()
    if (this.status === 'open' && this.#connection) {
      this.#watchUnsent()
      if (queue.length && queue.spacing > 0) this.#cancelPump = longTimeout(queue.spacing, () => this.#pump())
    }
    // Last: these callbacks may send, or end the connection.
    this.#dropExpired(expired)
    for (const callOnOutcome of outcomes) callOnOutcome()
  }

  /** How many queued messages may be sent now: with a rate limit, one right after `open`, and at least one per timer. */
  #allowance(now: number): number {
    if (this.#queue.spacing === 0) return Infinity
    const isFirst = this.#pumpedAt === Number.NEGATIVE_INFINITY
    return isFirst ? 1 : Math.max(1, this.#queue.allowance(now - this.#pumpedAt))
  }

  #handOver(message: QueuedMessage, outcomes: (() => void)[]): boolean {
    const { copy, onOutcome } = message
    const isSent = callSafely(() => this.#connection?.send(copy) ?? false)
    if (isSent === false) return false
    if (isSent) this.#noteUnsent(message)
    // If `send` threw, the error was reported. The message is removed, so that it does not block the queue for ever.
    const outcome: Outcome = isSent
      ? { result: 'sent' }
      : { result: 'dropped', reason: 'the browser refused it' }
    if (onOutcome) outcomes.push(() => callSafely(onOutcome, outcome))
    return true
  }

  #noteUnsent(message: QueuedMessage): void {
    this.#unsent ??= new Unsent()
    // `onOutcome` is called with `sent`, and is called once per message.
    this.#unsent.add({ ...message, onOutcome: undefined }, byteLength(message.copy))
  }

  /** Forgets queued messages once they have left the browser. */
  #watchUnsent(): void {
    const connection = this.#connection
    if (!this.#unsent || !connection) return
    this.#unsent.keepLast(connection.native?.bufferedAmount ?? 0)
    this.#cancelUnsent?.()
    if (this.#unsent.isEmpty) this.#forgetUnsent()
    else this.#cancelUnsent = longTimeout(UNSENT_CHECK, () => this.#watchUnsent())
  }

  #forgetUnsent(): void {
    this.#cancelUnsent?.()
    this.#unsent = this.#cancelUnsent = undefined
  }

  /** The `drop` events of queued messages that the browser did not send. */
  #unsentDrops(connection: Connection, close: Closed): EventEntry[] {
    const unsent = this.#unsent?.keepLast(connection.native?.bufferedAmount ?? 0) ?? []
    this.#forgetUnsent()
    // When this side closes, the browser sends its buffer before the close frame.
    if (close.cause === 'user') return []
    return this.#dropEvents(unsent, 'disconnected', 'the connection ended while the browser still held it')
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
    this.#lost = [...this.#lost, ...this.#dropEvents(this.#queue.clear(), 'discarded', reason)]
  }

  #takeLost(): EventEntry[] {
    const lost = this.#lost
    this.#lost = nothing
    return lost
  }

  #emitLost(): void {
    const lost = this.#takeLost()
    if (lost.length) this.#emitter.emitAll(lost)
  }

  #drop(messages: QueuedMessage[], why: DropReason, reason: string): void {
    if (messages.length) this.#emitter.emitAll(this.#dropEvents(messages, why, reason))
  }

  /** The `drop` events of these messages. Before each, `onOutcome` of the message is called. */
  #dropEvents(messages: QueuedMessage[], why: DropReason, reason: string): EventEntry[] {
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
      return `the queue is full: it holds ${count(messages)} (option queue.messages)`
    return `${count(bytes)} bytes do not fit the queue of ${count(most)} (option queue.bytes)`
  }

  /**
   * Handles the end that was held back during a navigation; returns false if there is none. `delay`, in ms, replaces that of
   * the retry policy.
   */
  #endHeld(delay?: number): boolean {
    const close = this.#heldEnd
    this.#heldEnd = undefined
    if (!close || !this.#connection) return false
    this.#connectionEnded(this.#connection, close, delay)
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
      this.#waitFor(Math.max(OFFLINE_RETRY, this.#wait.delay), this.#wait)
  }

  #onOnline(): void {
    const wasOffline = this.#wasOffline
    this.#wasOffline = false
    if (this.status !== 'open') return this.#wake(spread())
    // Without a preceding `offline`, `online` does not mean that the connection is broken.
    if (wasOffline) this.#verifyConnection()
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
    } else if (signal === 'slept') this.#verifyConnection()
    else connection?.probe()
  }

  /** The open connection may be dead: sends a ping, or dials again if no heartbeat is configured. */
  #verifyConnection(): void {
    const connection = this.#connection
    if (!connection || connection.probe() || this.#options.heartbeat) return
    connection.end(
      abnormalClosure('wake', undefined, 'The network went away and came back, or the machine slept.'),
    )
  }

  /** The page or the network is back: earlier failures no longer count. Dials after at most `delay` ms. */
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
