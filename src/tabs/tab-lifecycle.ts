import { byteLength, snapshot } from '../core/binary.ts'
import { deliver } from '../core/deliver.ts'
import type { Emitter, PendingEvent } from '../core/emitter.ts'
import { abnormalClosure } from '../core/errors.ts'
import type { SocketLifecycle } from '../core/internal-options.ts'
import { dropWithoutEvent, type Message, MessageQueue, settle } from '../core/message-queue.ts'
import { observePage, type PageObserver, stopObservingPage } from '../core/page.ts'
import { callSafely } from '../core/report.ts'
import type { ResolvedOptions } from '../core/resolve-options.ts'
import type { Closed, Data, Events, Outcome, SendResult, Status } from '../index.ts'
import {
  type FromTab,
  type FromWorker,
  type Joined,
  locks,
  type SentOutcome,
  type State,
} from './protocol.ts'

/** How often to check whether the worker has answered or pinged, in ms. */
const CHECK = 250
/** Without Web Locks, the worker counts as dead after this many checks without a ping. */
const MISSED_PINGS = 12
/** The longest wait for an answer, and between attempts, in units of `CHECK`. */
const LONGEST = 120

/** The connection to one worker, until it has died or this tab has left it. */
interface Link {
  port: MessagePort
  isJoined: boolean
  isOver: boolean
  /** Aborts when it is over. */
  over: AbortController
}

/**
 * The lifecycle of a tab's socket: mirrors the state of the worker's socket, connects again when the worker has died, and
 * settles the outcome of each message of this tab.
 */
export class TabLifecycle implements SocketLifecycle {
  status: Status = 'idle'
  closed: Closed | undefined
  protocol = ''
  url = ''
  /** How many attempts in a row to reach the worker failed. */
  failures = 0
  readonly #start: () => SharedWorker
  readonly options: ResolvedOptions
  readonly #onSnapshot: ((value: unknown) => void) | undefined
  readonly emitter: Emitter<Events>
  #link: Link | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  /** The page is observed from `open` to `close` or `suspend`. */
  #stopObserving: (() => void) | undefined
  #wasJoined = false
  #wasOpen = false
  /** Messages wait here, not in the worker, until the shared socket is open: they outlive the worker. */
  readonly #queue: MessageQueue
  /** Messages that were posted to the worker, until it posts their outcome. */
  readonly #sent = new Map<number, Message>()
  #sentBytes = 0
  #lastId = 0
  /** The `bufferedAmount` of the worker's socket. */
  #workerBuffered = 0

  constructor(
    start: () => SharedWorker,
    options: ResolvedOptions,
    emitter: Emitter<Events>,
    onSnapshot?: (value: unknown) => void,
  ) {
    this.#start = start
    this.options = options
    this.emitter = emitter
    this.#onSnapshot = onSnapshot
    this.#queue = new MessageQueue(options.queue, emitter)
  }

  get bufferedAmount(): number {
    return this.#queue.bytes + this.#sentBytes + this.#workerBuffered
  }

  /** The worker's socket decides on the shape of binary frames. */
  setBinaryType(): void {}

  /** @throws what the `SharedWorker` constructor throws */
  open(): void {
    this.#stopObserving ??= this.#observePage()
    if (!this.#link) this.#attach(this.#start(), true)
    else if (this.status !== 'open') this.#post(['open'])
  }

  check(): void {
    if (this.#link) this.#post(['check'])
    else if (this.status === 'waiting') this.#attachAgain()
  }

  /** Reconnects the shared socket. */
  reconnect(options: { dropQueue: boolean; overlap: boolean }): void {
    if (options.dropQueue) this.emitter.emitAll(this.#queue.removeAll('discarded'))
    this.#post(['reconnect', options])
  }

  /** Leaves the shared socket until `open()`. The other tabs keep it. */
  suspend(): void {
    if (this.status === 'idle' || this.status === 'closed') return
    this.#leave()
    this.#setState(['suspended', undefined])
  }

  /** Leaves the shared socket. The other tabs keep it. */
  close(close: Closed): void {
    this.#leave()
    if (this.status !== 'closed') this.#setState(['closed', close])
  }

  send(data: Data, onOutcome?: (outcome: Outcome) => void): SendResult {
    if (this.status === 'closed') return dropWithoutEvent(onOutcome, 'the socket is closed')
    if (this.status !== 'open') return this.#queue.push(data, onOutcome)
    this.#postMessage({ data, copy: snapshot(data), bytes: byteLength(data), onOutcome })
    return 'sent'
  }

  #post(message: FromTab, transfer: Transferable[] = []): void {
    this.#link?.port.postMessage(message, transfer)
  }

  #leave(): void {
    this.#stopObserving?.()
    this.#stopObserving = undefined
    this.#wasOpen = false
    this.#release()
  }

  #attach(worker: SharedWorker, open: boolean): void {
    this.#release()
    const { port } = worker
    const over = new AbortController()
    const { signal } = over
    const link: Link = { port, over, isJoined: false, isOver: false }
    this.#link = link
    let checks = 0
    // The first worker may take long to load; later the script is cached.
    const limit = Math.min(2 ** this.failures * (this.#wasJoined ? 1 : 8), LONGEST)
    port.addEventListener(
      'message',
      ({ data }) => {
        checks = 0
        if (Array.isArray(data)) this.#received(data as FromWorker, link)
      },
      { signal },
    )
    port.start()
    const failed = () => {
      // Firefox also fires this event for errors that the worker's code throws later.
      if (!link.isJoined) this.#failed(new Error('The script of the shared worker failed'))
    }
    worker.addEventListener('error', failed, { signal })
    this.#timer = setInterval(() => {
      if (++checks < (link.isJoined ? MISSED_PINGS : limit)) return
      if (link.isJoined) return this.#lost('The shared worker does not answer any more')
      // In Firefox a worker that is ending still accepts ports, and never answers. Try again with a new worker.
      this.failures++
      this.#attachAgain()
    }, CHECK)
    this.#post(['join', { open, pings: !locks() }])
    if (this.status !== 'connecting' && (open || this.status !== 'closed'))
      this.#setState(['connecting', { attempt: this.failures, url: '' }])
  }

  /** Joins again. A socket that was closed for good stays closed, unless another tab opens it. */
  #attachAgain(): void {
    let worker: SharedWorker
    try {
      worker = this.#start()
    } catch (error) {
      return this.#failed(error)
    }
    this.#attach(worker, this.status !== 'closed')
  }

  #failed(error: unknown): void {
    this.failures++
    this.#lost((error as Error).message, error)
  }

  /** The worker is gone. The messages that it had are not sent again, because it may have sent them. */
  #lost(reason: string, error?: unknown): void {
    this.#release()
    const attempt = this.failures
    const delay = attempt && Math.min(2 ** attempt, LONGEST) * CHECK
    // Timers of hidden pages are slow.
    if (delay) this.#timer = setTimeout(() => this.#attachAgain(), delay)
    if (this.status !== 'closed')
      this.#setState(['waiting', { attempt, delay, close: abnormalClosure('peer', error, reason) }])
    if (!delay && !this.#link && this.#stopObserving) this.#attachAgain()
  }

  #release(): void {
    clearInterval(this.#timer)
    const link = this.#link
    if (!link) return
    // Posted even if the worker has not answered yet: it may only be slow to start.
    this.#post(['leave'])
    this.#link = undefined
    link.isOver = true
    link.over.abort()
    link.port.close()
    this.#workerBuffered = this.#sentBytes = 0
    const sent = [...this.#sent.values()]
    this.#sent.clear()
    const reason = 'the connection to the worker ended before the outcome of the message was known'
    for (const message of sent) settle(message, { result: 'unknown', reason })
  }

  #received(message: FromWorker, link: Link): void {
    switch (message[0]) {
      case 'frames':
        for (const data of message[1]) {
          if (link.isOver) return
          deliver(new MessageEvent('message', { data }), this.emitter, this.options, link)
        }
        if (message[2] && !link.isOver) this.#post(['ack'])
        return
      case 'joined':
        return this.#joined(message[1], link)
      case 'lock':
        return this.#awaitLock(message[1], link)
      case 'state':
        return this.#setState(message[1])
      case 'pulse':
        return this.emitter.emit('pulse', message[1])
      case 'outcomes':
        this.#workerBuffered = message[2]
        for (const [id, outcome] of message[1]) this.#settle(id, outcome)
    }
  }

  #joined({ state, missed, snapshot, lock }: Joined, link: Link): void {
    link.isJoined = this.#wasJoined = true
    this.failures = 0
    if (lock) this.#awaitLock(lock, link)
    if (missed) {
      const reason = `This tab was too slow or frozen, and missed ${missed} messages`
      this.#setState(['waiting', { attempt: 0, delay: 0, close: abnormalClosure('peer', undefined, reason) }])
    }
    if (snapshot && !link.isOver) callSafely(() => this.#onSnapshot?.(snapshot.value))
    if (!link.isOver) this.#setState(state)
  }

  /** Waits for the lock that the worker holds as long as it lives, instead of counting its pings. */
  #awaitLock(name: string, link: Link): void {
    const manager = locks()
    if (!manager) return
    clearInterval(this.#timer)
    const released = () => {
      if (!link.isOver) this.#lost('The shared worker ended')
    }
    // Rejects when it is aborted.
    manager.request(name, { mode: 'shared', signal: link.over.signal }, released).catch(() => {})
  }

  #postMessage(message: Message): void {
    const id = ++this.#lastId
    const { copy, bytes } = message
    this.#sent.set(id, message)
    this.#sentBytes += bytes
    // The snapshot belongs to this object, so its buffer can be transferred instead of copied.
    this.#post(['send', id, copy], copy instanceof ArrayBuffer ? [copy] : [])
  }

  #settle(id: number, { why, ...outcome }: SentOutcome): void {
    const message = this.#sent.get(id)
    if (!message) return
    this.#sent.delete(id)
    this.#sentBytes -= message.bytes
    settle(message, outcome)
    if (why) this.emitter.emit('drop', { data: message.data, why, reason: outcome.reason ?? why })
  }

  /** Changes the state to that of the worker's socket, or to one of this tab alone, and emits the events of the change. */
  #setState([status, value]: State): void {
    const previous = this.status
    this.status = status
    this.closed = status === 'closed' ? value : undefined
    const events: PendingEvent<Events>[] = status === previous ? [] : [['status', { status, previous }]]
    switch (status) {
      case 'connecting':
        this.url = value.url
        events.push([status, value])
        break
      case 'open':
        this.protocol = value.protocol
        events.push([status, { ...value, reconnected: this.#wasOpen }])
        this.#wasOpen = true
        break
      case 'waiting':
        events.push([status, value])
        break
      case 'closed':
        // One by one: the queue may hold more messages than a call takes arguments.
        for (const drop of this.#queue.removeAll('closed')) events.push(drop)
        events.push([status, value])
    }
    this.emitter.emitAll(events)
    if (this.status === 'open') this.#sendQueue()
  }

  #sendQueue(): void {
    this.emitter.emitAll(this.#queue.removeExpired())
    this.#queue.takeWhile((message) => {
      const isOpen = this.status === 'open'
      if (isOpen) this.#postMessage(message)
      return isOpen
    })
  }

  /** Passes events of the page on to the worker, which has no document, and in Chromium no `online` event. */
  #observePage(): () => void {
    const observer: PageObserver = {
      onPageSignal: (signal) => {
        if (signal === 'restored') this.#lost('The page was in the back/forward cache')
        else if (signal === 'online' || signal === 'shown' || signal === 'resumed') this.check()
      },
    }
    observePage(observer, false)
    // A message from the worker, or a lock that is granted, would evict the page from the back/forward cache. The port stays
    // usable: a listener of the application may send a last message.
    const leave = () => {
      this.#post(['leave'])
      this.#link?.over.abort()
      clearInterval(this.#timer)
    }
    addEventListener('pagehide', leave)
    return () => {
      stopObservingPage(observer)
      removeEventListener('pagehide', leave)
    }
  }
}
