import { onAbort } from './abort.ts'
import { monotonicNow } from './clock.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import type { Emitter, PendingEvent } from './emitter.ts'
import { abnormalClosure } from './errors.ts'
import type { Closed, Data, Events, Failure, Outcome, SendResult, Status } from './events.ts'
import type { SocketLifecycle } from './internal-options.ts'
import { type Cancel, longTimeout } from './long-timeout.ts'
import { type DropEvent, dropWithoutEvent } from './message-queue.ts'
import { MessageSender } from './message-sender.ts'
import {
  isHidden,
  isLeaving,
  isOffline,
  observePage,
  type PageObserver,
  type PageSignal,
  stopObservingPage,
} from './page.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import { Retries } from './retries.ts'

/** After `online`, dial at a random time within this span: otherwise all devices of a network dial at once. In ms. */
const ONLINE_SPREAD = 500
/** If the browser reports an end within this time after the page came back, the connection ended before that. In ms. */
const JUST_WOKE = 500
/** How often to dial while the browser says that there is no network: it may be wrong. In ms. */
const OFFLINE_RETRY = 60_000
/** A wake (the page or the network comes back, or `check()` is called) does not replace an attempt that is younger than this, in ms. */
const YOUNG_ATTEMPT = 2_000
/** The largest factor for the heartbeat's timeout: a large message on a slow network looks like silence. */
const MAX_SILENCE_FACTOR = 8
/** How long the old connection still receives messages after an overlapping reconnect, at least, in ms. */
const OVERLAP = 1_000

/** Decides when to dial, when to wait and when to stop: one status, one connection, one timer for the next attempt. */
export class Lifecycle implements ConnectionOwner, SocketLifecycle, PageObserver {
  status: Status = 'idle'
  closed: Closed | undefined
  protocol = ''
  /** The status of the last `status` event. `status` itself changes before the `final` and `reconnect` functions run. */
  #emittedStatus: Status = 'idle'
  /** The URL dialled last. */
  url = ''
  readonly options: ResolvedOptions
  readonly emitter: Emitter<Events>
  readonly #sender: MessageSender
  readonly #retries: Retries
  #connection: Connection | undefined
  /** The next connection of an overlapping reconnect, until it is open. */
  #nextConnection: Connection | undefined
  /** The previous connection of an overlapping reconnect, which still receives for a moment. */
  #previousConnection: Connection | undefined
  #cancelPreviousTimer: Cancel | undefined
  /** Cancels the timer of the next attempt. */
  #cancelDial: Cancel | undefined
  /** When the next attempt starts. */
  #nextDialAt = 0
  /** `drop` events that the next transition emits. */
  #pendingDrops: DropEvent[] = noDrops
  /** Cancels the timer of `suspendHidden`. */
  #cancelSuspension: Cancel | undefined
  /** How many times longer than configured the peer may be silent. */
  #silenceFactor = 1
  /** When the present connection was opened; 0 while none is open. */
  #openedAt = 0
  /** When the page last came back. `undefined` until then, because V8 allocates extra memory for `-Infinity` in a field. */
  #wokeAt: number | undefined
  /** The socket has been open since it was last closed. */
  #hasBeenOpen = false
  /** The browser has fired `offline`, and not `online` since then. */
  #wasOffline = false
  /** Suspended by `suspendHidden`: the page opens it again. */
  #opensWhenShown = false
  /** Closed because the attempts were used up: a wake opens it again. */
  #reopensOnWake = false
  /** How the connection ended during a navigation. Emitted only if the page stays. */
  #heldClose: Closed | undefined
  /** The last `waiting` event. */
  #lastWaiting: Events['waiting'] | undefined
  /** Stops listening to the `signal` option. */
  #stopListening: (() => void) | undefined

  constructor(options: ResolvedOptions, emitter: Emitter<Events>) {
    this.options = options
    this.emitter = emitter
    this.#sender = new MessageSender(options.queue, emitter)
    this.#retries = new Retries(options)
    this.#listenToSignal()
  }

  /** How many attempts in a row failed. */
  get failures(): number {
    return this.#retries.failures
  }

  get bufferedAmount(): number {
    return this.#sender.queuedBytes + buffered(this.#connection) + buffered(this.#previousConnection)
  }

  setBinaryType(type: BinaryType): void {
    this.options.binaryType = type
    for (const connection of [this.#connection, this.#nextConnection, this.#previousConnection])
      if (connection?.native) connection.native.binaryType = type
  }

  open(): void {
    if (this.options.signal?.aborted) return
    if (this.#handleHeldClose(0) || this.status === 'open') return
    if (this.status === 'connecting') return this.#replaceOldAttempt()
    if (this.status !== 'waiting') this.#start()
    this.#dial()
  }

  /** Checks the connection now, without waiting for a timer: the public form of a wake. */
  check(): void {
    if (this.#handleHeldClose(0)) return
    if (this.status === 'open') this.#connection?.probe()
    else this.#wake()
  }

  /** Ends the present connection or attempt, and dials again. */
  reconnect({ dropQueue, overlap }: { dropQueue: boolean; overlap: boolean }): void {
    if (dropQueue) this.#pendingDrops = [...this.#pendingDrops, ...this.#sender.removeQueued('discarded')]
    const connection = this.#connection
    if (this.#heldClose) this.#handleHeldClose(0)
    else if (!connection) this.open()
    else if (overlap && this.status === 'open') this.#dialNext()
    else this.#redial(connection)
    // Emits the drops that no transition has emitted. Last, because a listener may call any method.
    this.emitter.emitAll(this.#takePendingDrops())
  }

  /** Ends this connection or attempt, and dials at once. */
  #redial(connection: Connection): void {
    const next = this.#nextConnection
    this.#nextConnection = undefined
    const close = { ...abnormalClosure('user'), code: 1000 }
    this.#connectionEnded(connection, close, 0)
    // Last: these run listeners of the application.
    connection.close(1000)
    next?.close(1000)
  }

  suspend(opensWhenShown = false): void {
    this.#heldClose = undefined
    this.#opensWhenShown = opensWhenShown
    this.#reopensOnWake = false
    // A socket that closed because its attempts were used up still observes the page.
    if (this.status === 'closed') stopObservingPage(this)
    if (this.status === 'idle' || this.status === 'suspended' || this.status === 'closed') return
    const connections = this.#takeConnections()
    this.#changeStatus('suspended')
    for (const connection of connections) connection.close(1000)
  }

  /** `reopensOnWake`: the attempts were used up, and a wake opens it again. */
  close(close: Closed, reopensOnWake = false): void {
    this.#reopensOnWake = false
    this.#heldClose = undefined
    stopObservingPage(this)
    if (!reopensOnWake) {
      this.#stopListening?.()
      this.#stopListening = undefined
    }
    if (this.status === 'closed') return
    const connections = this.#takeConnections()
    this.closed = close
    this.#retries.reset()
    this.#silenceFactor = 1
    this.#hasBeenOpen = false
    const drops = this.#sender.removeQueued('closed')
    this.#reopensOnWake = reopensOnWake
    // Without the timer that detects a sleep: a closed socket keeps no timer.
    if (reopensOnWake) this.#observePage(false)
    const ended = this.options.protocol?.ended()
    this.#changeStatus('closed', [...drops, ...(ended ? [ended] : []), ['closed', close]])
    for (const connection of connections) connection.close(close.code, close.reason, true)
  }

  send(data: Data, onOutcome?: (outcome: Outcome) => void): SendResult {
    if (this.status === 'closed') return dropWithoutEvent(onOutcome, 'the socket is closed')
    return this.#sender.send(data, onOutcome)
  }

  dialling(connection: Connection, url: string): void {
    this.url = url
    if (connection === this.#connection) this.emitter.emit('connecting', { attempt: this.failures, url })
  }

  opened(connection: Connection): void {
    let previous: Connection | undefined
    if (connection === this.#nextConnection && this.#connection) {
      previous = this.#keepPrevious(this.#connection)
      this.#connection = connection
      this.#nextConnection = undefined
      // If the end of the previous connection was held back during a navigation, it is not emitted any more.
      this.#heldClose = undefined
    }
    this.#sender.connected(connection)
    this.#retries.opened()
    const reconnected = this.#hasBeenOpen
    this.#hasBeenOpen = true
    this.#openedAt = monotonicNow()
    this.protocol = connection.protocol
    this.#changeStatus('open', [['open', { protocol: connection.protocol, reconnected }]])
    previous?.close(1000)
    // A listener may have ended the connection.
    if (this.#connection === connection && this.status === 'open') this.#sender.flush()
  }

  ended(connection: Connection, close: Closed, final: boolean): void {
    if (connection === this.#nextConnection) this.#nextConnection = undefined
    if (connection === this.#previousConnection) this.#takePrevious()
    if (connection !== this.#connection) return
    // Firefox closes the sockets of a page at the beginning of a navigation. Do not emit that while the page is being left,
    // so that a displayed status does not flicker; emit it if the page stays.
    if (this.status === 'open' && this.options.wake && isLeaving()) this.#heldClose = close
    else this.#connectionEnded(connection, close, final ? null : undefined)
  }

  /** `delay`: when to dial again, in ms; `null`: never; absent: the end counts as a failure, and `Retries` decides. */
  #connectionEnded(connection: Connection, close: Closed, delay?: number | null): void {
    this.#silenceFactor = connection.silenceFactor
    if (close.cause === 'silent') this.#silenceFactor = Math.min(MAX_SILENCE_FACTOR, this.#silenceFactor * 2)
    this.#retries.ended(close, this.#openedAt ? monotonicNow() - this.#openedAt : undefined)
    const wasProbing = close.cause === 'silent' && connection.isProbing
    this.#openedAt = 0
    this.#connection = undefined
    this.#pendingDrops = [...this.#pendingDrops, ...this.#sender.disconnected(close.cause)]
    // No connection may emit messages unless the status is `open`.
    const previous = this.#takePrevious()
    if (this.#nextConnection) this.#adoptNext(this.#nextConnection, close)
    else this.#waitOrClose(close, delay, wasProbing)
    previous?.close(1000)
  }

  #waitOrClose(close: Closed, delay: number | null | undefined, wasProbing: boolean): void {
    // The application's `final` and `reconnect` functions run next, and may call any method.
    this.status = 'waiting'
    const failure = { attempt: this.failures, close }
    const isFailure = delay === undefined
    if (isFailure) this.#retries.failures++
    const nextDelay = isFailure ? this.#retries.nextDelay(failure) : delay
    if (this.status !== 'waiting' || this.#connection) return
    if (nextDelay === null) return this.close(close, isFailure && this.#retries.attemptsAreUsedUp)
    this.#scheduleDial(isFailure ? this.#adaptDelay(nextDelay, close, wasProbing) : nextDelay, failure)
  }

  /** The delay before the next attempt, adapted to the state of the page and the network. */
  #adaptDelay(delay: number, close: Closed, wasProbing: boolean): number {
    // Browsers may report only when the page is shown again that its socket was closed meanwhile.
    const endedBeforeWake = this.#wokeAt !== undefined && monotonicNow() - this.#wokeAt < JUST_WOKE
    this.#wokeAt = undefined
    if (this.#isOffline) return Math.max(delay, OFFLINE_RETRY)
    if (endedBeforeWake) return 0
    // This side was offline or asleep: no backoff is needed to spare the server.
    return close.cause === 'wake' || wasProbing ? randomSpread() : delay
  }

  /** Whether the browser says that there is no network, or has fired `offline`. */
  get #isOffline(): boolean {
    return this.options.wake && (this.#wasOffline || isOffline())
  }

  #listenToSignal(): void {
    this.#stopListening?.()
    this.#stopListening = onAbort(this.options.signal, (error) =>
      this.close({ ...abnormalClosure('signal', error), code: 1000, reason: '' }),
    )
  }

  /** Before the first attempt after `idle`, `suspended` or `closed`. */
  #start(): void {
    if (this.status === 'closed') this.#listenToSignal()
    this.#reopensOnWake = this.#opensWhenShown = false
    this.#observePage(true)
    if (this.options.suspendHidden !== false && isHidden()) this.#startSuspensionTimer()
  }

  #observePage(detectsSleep: boolean): void {
    this.#wasOffline = false
    if (this.options.wake) observePage(this, detectsSleep)
  }

  #dial(): void {
    this.#cancelDial?.()
    this.#cancelDial = undefined
    this.closed = undefined
    this.#connection = this.#connect()
    this.#changeStatus('connecting')
  }

  #connect(): Connection {
    return new Connection(this.options, this.emitter, this, {
      attemptTimeout: this.#retries.attemptTimeout,
      silenceFactor: this.#silenceFactor,
    })
  }

  /** Dials while the present connection stays open. */
  #dialNext(): void {
    const before = this.#nextConnection
    this.#nextConnection = this.#connect()
    before?.close(1000)
  }

  /** Keeps the connection for a moment: the server may have sent messages over it. Returns the one kept before. */
  #keepPrevious(connection: Connection): Connection | undefined {
    const before = this.#takePrevious()
    this.#previousConnection = connection
    this.#closePreviousLater(Infinity)
    return before
  }

  /** Closes the previous connection after the overlap. Not while bytes are leaving: `upload` could not tell whether all have left. */
  #closePreviousLater(bufferedBefore: number): void {
    this.#cancelPreviousTimer = longTimeout(OVERLAP, () => {
      const left = buffered(this.#previousConnection)
      if (left > 0 && left < bufferedBefore) this.#closePreviousLater(left)
      else this.#takePrevious()?.close(1000)
    })
  }

  /** Returns the previous connection, for the caller to close after everything else: that runs listeners of the application. */
  #takePrevious(): Connection | undefined {
    const previous = this.#previousConnection
    this.#cancelPreviousTimer?.()
    this.#previousConnection = this.#cancelPreviousTimer = undefined
    return previous
  }

  /** The connection ended before the next one was open, which is now the present attempt. */
  #adoptNext(connection: Connection, close: Closed): void {
    this.#connection = connection
    this.#nextConnection = undefined
    const attempt = this.failures
    this.#lastWaiting = { attempt, delay: 0, close }
    const previous = this.#emittedStatus
    // Both changes at once: while `waiting`, a listener that calls `open()` would dial once more.
    this.status = this.#emittedStatus = 'connecting'
    const events: PendingEvent<Events>[] = [
      ['status', { status: 'waiting', previous }],
      ...this.#takePendingDrops(),
      ['waiting', this.#lastWaiting],
      ['status', { status: 'connecting', previous: 'waiting' }],
    ]
    // Otherwise it is emitted once the URL is known.
    if (connection.native) events.push(['connecting', { attempt, url: this.url }])
    this.emitter.emitAll(events)
  }

  #replaceOldAttempt(): void {
    const attempt = this.#connection
    if (!attempt?.isReplaceable || monotonicNow() - attempt.startedAt < YOUNG_ATTEMPT) return
    // Browsers do not dial a server while another handshake with it hangs. The new attempt dials in a microtask, after the
    // old one is closed.
    this.#dial()
    attempt.close()
  }

  #scheduleDial(delay: number, failure: Failure): void {
    this.#cancelDial?.()
    this.#cancelDial = longTimeout(delay, () => {
      this.#cancelDial = undefined
      // Do not dial while the page is being left. If it stays, `#onStayed` dials.
      if (!this.options.wake || !isLeaving()) this.#dial()
    })
    this.#nextDialAt = monotonicNow() + delay
    this.#lastWaiting = { ...failure, delay }
    this.#changeStatus('waiting', [['waiting', this.#lastWaiting]])
  }

  /** Changes the status and emits `status`, then the more specific events. Events of its listeners follow after all of them. */
  #changeStatus(status: Status, events: PendingEvent<Events>[] = []): void {
    const previous = this.#emittedStatus
    this.status = this.#emittedStatus = status
    const change: PendingEvent<Events>[] = status === previous ? [] : [['status', { status, previous }]]
    this.emitter.emitAll([...change, ...this.#takePendingDrops(), ...events])
  }

  /** Cancels the timers and forgets all connections. Returns them, for the caller to close. */
  #takeConnections(): Connection[] {
    const connections = [this.#connection, this.#nextConnection, this.#takePrevious()]
    this.#connection = this.#nextConnection = undefined
    this.#cancelDial?.()
    this.#cancelSuspension?.()
    this.#cancelDial = this.#cancelSuspension = undefined
    this.#sender.disconnected('user')
    this.#openedAt = 0
    return connections.filter((connection) => connection !== undefined)
  }

  #takePendingDrops(): DropEvent[] {
    const drops = this.#pendingDrops
    this.#pendingDrops = noDrops
    return drops
  }

  /**
   * During a navigation, the end of a connection is held back. This handles it now, and returns whether there was one.
   * `delay`: as in `#connectionEnded`.
   */
  #handleHeldClose(delay?: number): boolean {
    const close = this.#heldClose
    this.#heldClose = undefined
    if (!close || !this.#connection) return false
    this.#connectionEnded(this.#connection, close, delay)
    return true
  }

  onPageSignal(signal: PageSignal): void {
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
        return this.#onReturned(signal)
    }
  }

  #onStayed(): void {
    const wasHeldBack = this.#handleHeldClose()
    // The timer of the next attempt may have passed meanwhile.
    if (this.status !== 'waiting' || !this.#lastWaiting) return
    if (wasHeldBack || !this.#isOffline) this.#dial()
    else if (!this.#cancelDial) this.#scheduleDial(this.#lastWaiting.delay, this.#lastWaiting)
  }

  #onHidden(): void {
    if (this.status !== 'suspended' && this.status !== 'closed') this.#startSuspensionTimer()
  }

  #startSuspensionTimer(): void {
    const { suspendHidden } = this.options
    if (suspendHidden === false) return
    this.#cancelSuspension?.()
    this.#cancelSuspension = longTimeout(suspendHidden, () => this.suspend(true))
  }

  #onOffline(): void {
    this.#wasOffline = true
    if (this.status === 'waiting' && this.#lastWaiting)
      this.#scheduleDial(Math.max(OFFLINE_RETRY, this.#lastWaiting.delay), this.#lastWaiting)
  }

  #onOnline(): void {
    const wasOffline = this.#wasOffline
    this.#wasOffline = false
    if (this.status !== 'open') return this.#wake(randomSpread())
    // Without a preceding `offline`, `online` does not mean that the connection is broken.
    if (wasOffline) this.#verifyConnection()
  }

  /** The page is shown, restored or resumed, or the machine has slept. */
  #onReturned(signal: 'shown' | 'restored' | 'resumed' | 'slept' | 'jumped'): void {
    // A hidden page may be resumed too, and its machine may sleep.
    if (!isHidden()) {
      this.#cancelSuspension?.()
      this.#cancelSuspension = undefined
      if (this.#opensWhenShown) return this.open()
    }
    this.#wokeAt = monotonicNow()
    if (this.#handleHeldClose()) return
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
    if (!connection || connection.probe() || this.options.heartbeat) return
    connection.end(
      abnormalClosure('wake', undefined, 'The network went away and came back, or the machine slept.'),
    )
  }

  /** The page or the network is back: earlier failures no longer count. Dials after at most `delay` ms. */
  #wake(delay = 0): void {
    if (this.status === 'closed' && this.#reopensOnWake) {
      this.open()
      return
    }
    if (this.status !== 'waiting' && this.status !== 'connecting') return
    this.#retries.forgetFailures()
    if (this.status === 'connecting') return this.#replaceOldAttempt()
    // If the page stays, it dials then.
    if (this.options.wake && isLeaving()) return
    if (delay === 0 || !this.#lastWaiting) return this.#dial()
    const dialsIn = this.#nextDialAt - monotonicNow()
    // A timer that is overdue is held back by the browser, perhaps for a minute; a new one is not.
    if (delay < dialsIn || dialsIn < 0)
      this.#scheduleDial(delay, { attempt: 0, close: this.#lastWaiting.close })
  }
}

const noDrops: DropEvent[] = []

/** The bytes of a connection that have not left the browser. */
const buffered = (connection: Connection | undefined) => connection?.native?.bufferedAmount ?? 0

const randomSpread = () => Math.random() * ONLINE_SPREAD
