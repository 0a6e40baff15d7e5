import { byteLength, isData, snapshot } from '../core/binary.ts'
import { callSafely, Emitter } from '../core/emitter.ts'
import { isAllowedCloseCode } from '../core/policy/close-codes.ts'
import { SendQueue } from '../core/policy/send-queue.ts'
import { read } from '../core/read-json.ts'
import { waitUntil } from '../core/wait-until.ts'
import type {
  Closed,
  Data,
  DropReason,
  Events,
  ListenerOptions,
  Outcome,
  SendOptions,
  SendResult,
  SocketLike,
  Status,
} from '../index.ts'
import { type FromTab, type FromWorker, type Joined, locks, type State } from './protocol.ts'
import type { ResolvedTabOptions } from './tab-options.ts'

/** How often to look whether the worker answered or pinged, in ms. */
const LOOK = 1_000
/** How many pings in a row may be missing, where there are no Web Locks. */
const PINGS = 3
/** The longest wait for an answer or before another attempt, in looks. */
const LONGEST = 30

interface Message {
  /** What `send` was given, for `drop`. */
  data: Data
  /** What it was then. */
  copy: Data
  bytes: number
  onOutcome: ((outcome: Outcome) => void) | undefined
}

/** A page's end of the shared socket: mirrors the worker's socket, and connects again when the worker has died. */
export class TabSocket<In, Out> implements SocketLike<In, Out> {
  declare readonly '~in'?: In
  readonly #start: () => SharedWorker
  readonly #options: ResolvedTabOptions
  readonly #emitter = new Emitter<Events<In>>()
  #status: Status = 'idle'
  #closed: Closed | undefined
  #wasOpen = false
  /** Attempts in a row to reach the worker that came to nothing. */
  #failures = 0
  /** The page's events are listened to from `open` to `close` or `suspend`. */
  #page: AbortController | undefined
  /** The port, while there is one. */
  #port: MessagePort | undefined
  #joined = false
  /** Aborts with the port: its listeners, and the request for the worker's lock. */
  #over = new AbortController()
  #timer: ReturnType<typeof setInterval> | undefined
  /** Messages that wait for the shared socket to open. They are not posted: they would die with the worker. */
  readonly #queue: SendQueue<Message>
  /** Messages that were posted, until the worker tells what became of them. */
  readonly #posted = new Map<number, Message>()
  #postedBytes = 0
  #lastId = 0
  /** What the worker's own socket still holds. */
  #workerBuffered = 0

  constructor(start: () => SharedWorker, options: ResolvedTabOptions) {
    this.#start = start
    this.#options = options
    this.#queue = new SendQueue(options.queue)
  }

  get status(): Status {
    return this.#status
  }

  get closed(): Closed | undefined {
    return this.#closed
  }

  get bufferedAmount(): number {
    return this.#queue.bytes + this.#postedBytes + this.#workerBuffered
  }

  on<Name extends keyof Events<In>>(
    name: Name,
    listener: (value: Events<In>[Name]) => void,
    options?: ListenerOptions,
  ): () => void
  on(
    name: '*',
    listener: (name: keyof Events<In>, value: Events<In>[keyof Events<In>]) => void,
    options?: ListenerOptions,
  ): () => void
  on(
    name: keyof Events<In> | '*',
    listener: (...values: never[]) => void,
    options?: ListenerOptions,
  ): () => void {
    return this.#emitter.on(name as keyof Events<In>, listener as (value: unknown) => void, options)
  }

  off(name: keyof Events<In> | '*', listener: (...values: never[]) => void): void {
    this.#emitter.off(name as keyof Events<In>, listener as (value: unknown) => void)
  }

  send(data: Data, { onOutcome }: SendOptions = {}): SendResult {
    if (!isData(data))
      throw new TypeError(
        'holdfast: send takes a string, Blob, ArrayBuffer or view. Use sendJson for other values.',
      )
    const message = { data, copy: snapshot(data), bytes: byteLength(data), onOutcome }
    if (this.#status === 'open') {
      this.#postMessage(message)
      return 'sent'
    }
    if (this.#status === 'closed') {
      onOutcome?.({ result: 'dropped', reason: 'The socket is closed' })
      return 'dropped'
    }
    const now = Date.now()
    const expired = this.#queue.expired(now)
    const displaced = this.#queue.push(message, message.bytes, now)
    this.#drop(expired, 'expired')
    this.#drop(displaced ?? [message], 'overflow')
    return displaced ? 'queued' : 'dropped'
  }

  sendJson(value: Out, options?: SendOptions): SendResult {
    const text = this.#options.stringify(value)
    if (typeof text !== 'string') throw new TypeError(`holdfast: there is no JSON for ${typeof value}`)
    return this.send(text, options)
  }

  opened({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    return waitUntil(this, () => this.#status === 'open', signal)
  }

  drained(limit = 0, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    return waitUntil(this, () => !(this.bufferedAmount > limit), signal)
  }

  /**
   * Joins the shared socket, and opens it if it is closed.
   *
   * @throws what the `SharedWorker` constructor throws
   */
  open(): void {
    if (!this.#page) this.#observePage()
    if (!this.#port) this.#attach(this.#start(), true)
    else if (this.#status !== 'open') this.#port.postMessage(['open'] satisfies FromTab)
  }

  /** Asks the worker's socket to look at its connection now, or the worker to be reached now. */
  check(): void {
    if (this.#port) this.#post(['check'])
    else if (this.#status === 'waiting') this.#tryAgain()
  }

  /** Leaves the shared socket until `open()`. The other tabs keep it. */
  suspend(): void {
    if (this.#status === 'closed') return
    this.#leave()
    this.#become(['suspended', undefined])
  }

  /** Leaves the shared socket. The other tabs keep it, and it stays open as long as there are any. */
  close(code = 1000, reason = ''): void {
    if (!isAllowedCloseCode(code))
      throw new DOMException(`The close code must be 1000 or 3000 to 4999, not ${code}`, 'InvalidAccessError')
    if (byteLength(`${reason}`) > 123)
      throw new DOMException('The close reason is over 123 bytes', 'SyntaxError')
    this.#leave()
    if (this.#status !== 'closed')
      this.#become(['closed', { code, reason: `${reason}`, wasClean: true, cause: 'user' }])
  }

  #leave(): void {
    this.#page?.abort()
    this.#page = undefined
    this.#wasOpen = false
    this.#post(['leave'])
    this.#release()
  }

  #post(message: FromTab): void {
    this.#port?.postMessage(message)
  }

  #attach(worker: SharedWorker, open: boolean): void {
    const { port } = worker
    const over = new AbortController()
    const { signal } = over
    this.#release()
    this.#port = port
    this.#over = over
    port.addEventListener('message', ({ data }) => this.#received(data, signal), { signal })
    port.start()
    // Firefox reports here also what the worker's code throws later.
    worker.addEventListener('error', () => this.#joined || this.#failed('The script of the worker failed'), {
      signal,
    })
    let looks = 0
    this.#timer = setInterval(() => {
      const patience = this.#joined ? PINGS : Math.min(2 ** this.#failures, LONGEST)
      if (++looks < patience) return
      if (this.#joined) return this.#lost('The shared worker does not answer any more')
      // It may have been about to end when we came. If it is only slow to start, it meets a port that has left.
      this.#failures++
      this.#tryAgain()
    }, LOOK)
    port.addEventListener('message', () => (looks = 0), { signal })
    port.postMessage(['join', { open, pings: !locks() }] satisfies FromTab)
    if (this.#status !== 'connecting' && (open || this.#status !== 'closed'))
      this.#become(['connecting', { attempt: this.#failures, url: '' }])
  }

  /** A socket that was closed for good stays so: it only follows what the other tabs do with it. */
  #tryAgain(): void {
    try {
      this.#attach(this.#start(), this.#status !== 'closed')
    } catch (error) {
      this.#failed('The SharedWorker could not be constructed', error)
    }
  }

  #failed(reason: string, error?: unknown): void {
    this.#failures++
    this.#lost(reason, error)
  }

  /** There is no worker any more, or we left it. What was posted to it is not posted again: it may have been sent. */
  #lost(reason: string, error?: unknown): void {
    this.#release()
    const attempt = this.#failures
    const delay = attempt && Math.min(2 ** attempt, LONGEST) * LOOK
    if (this.#status !== 'closed') {
      const close: Closed = { code: 1006, reason, wasClean: false, cause: 'peer' }
      if (error !== undefined) close.error = error
      this.#become(['waiting', { attempt, delay, close }])
      if (this.#status !== 'waiting' || this.#port) return
    }
    // Timers of hidden pages are slow.
    if (delay) this.#timer = setTimeout(() => this.#tryAgain(), delay)
    else this.#tryAgain()
  }

  #release(): void {
    clearInterval(this.#timer)
    this.#over.abort()
    this.#port?.close()
    this.#port = undefined
    this.#joined = false
    this.#workerBuffered = this.#postedBytes = 0
    const posted = [...this.#posted.values()]
    this.#posted.clear()
    const reason = 'The tab left the worker, or the worker ended, before it told what became of the message'
    for (const { onOutcome } of posted) callSafely(() => onOutcome?.({ result: 'unknown', reason }))
  }

  #received(message: FromWorker, signal: AbortSignal): void {
    if (!Array.isArray(message)) return
    switch (message[0]) {
      case 'frames': {
        for (const frame of message[1]) {
          this.#deliver(frame)
          if (signal.aborted) return
        }
        if (message[2]) this.#post(['ack'])
        break
      }
      case 'joined':
        return this.#join(message[1], signal)
      case 'lock':
        return this.#guard(message[1], signal)
      case 'state':
        return this.#become(message[1])
      case 'pulse':
        return this.#emitter.emit('pulse', message[1])
      case 'outcomes':
        this.#workerBuffered = message[2]
        for (const [id, outcome] of message[1]) this.#settle(id, outcome)
    }
  }

  #join({ state, missed, snapshot, lock }: Joined, signal: AbortSignal): void {
    if (missed) {
      const reason = `This tab was too slow or frozen, and missed ${missed} messages`
      const close: Closed = { code: 1006, reason, wasClean: false, cause: 'peer' }
      this.#become(['waiting', { attempt: 0, delay: 0, close }])
    }
    if (signal.aborted) return
    this.#joined = true
    this.#failures = 0
    if (lock) this.#guard(lock, signal)
    if (snapshot) callSafely(() => this.#options.onSnapshot?.(snapshot.value))
    if (!signal.aborted) this.#become(state)
  }

  /** The worker holds that lock as long as it lives. Where it has one, its pings need not be counted. */
  #guard(name: string, signal: AbortSignal): void {
    clearInterval(this.#timer)
    const released = () => {
      if (!signal.aborted) this.#lost('The shared worker ended')
    }
    // Rejects when it is aborted.
    locks()
      ?.request(name, { mode: 'shared', signal }, released)
      .catch(() => {})
  }

  #deliver(data: Data): void {
    const emitter = this.#emitter
    const { signal } = this.#over
    emitter.emit('message', new MessageEvent('message', { data }))
    if (signal.aborted) return
    if (typeof data !== 'string') return emitter.emit('binary', data as Blob)
    emitter.emit('text', data)
    if (signal.aborted || !emitter.has('json')) return
    let value: In
    try {
      value = read(data, this.#options) as In
    } catch (error) {
      return emitter.emit('invalid', { text: data, error })
    }
    emitter.emit('json', value)
  }

  #postMessage(message: Message): void {
    const id = ++this.#lastId
    const { copy, bytes } = message
    this.#posted.set(id, message)
    this.#postedBytes += bytes
    // The copy is ours: it is moved to the worker, not copied again.
    const moved = copy instanceof ArrayBuffer ? [copy] : []
    this.#port?.postMessage(['send', id, copy] satisfies FromTab, moved)
  }

  #settle(id: number, outcome: Outcome): void {
    const message = this.#posted.get(id)
    if (!message) return
    this.#posted.delete(id)
    this.#postedBytes -= message.bytes
    callSafely(() => message.onOutcome?.(outcome))
  }

  #drop(messages: Message[], why: DropReason): void {
    this.#emitter.emitAll(
      'drop',
      messages.map(({ data }) => ({ data, why, reason: why })),
    )
  }

  #become([status, value]: State): void {
    const previous = this.#status
    this.#status = status
    this.#closed = status === 'closed' ? value : undefined
    switch (status) {
      case 'open':
        this.#emitter.emit('open', { ...value, reconnected: this.#wasOpen })
        this.#wasOpen = true
        break
      case 'closed':
        this.#drop(this.#queue.take(), 'closed')
        this.#emitter.emit('closed', value)
        break
      case 'connecting':
      case 'waiting':
        this.#emitter.emit(status, value as never)
    }
    if (status !== previous) this.#emitter.emit('status', { status, previous })
    if (status !== 'open') return
    this.#drop(this.#queue.expired(Date.now()), 'expired')
    this.#queue.take((message) => {
      const open = this.#status === 'open'
      if (open) this.#postMessage(message)
      return open
    })
  }

  /** What the page notices reaches the worker, which has no document, and in Chromium no `online` event. */
  #observePage(): void {
    const page = new AbortController()
    const { signal } = page
    let left = false
    this.#page = page
    const check = () => this.check()
    addEventListener('online', check, { signal })
    document.addEventListener('resume', check, { signal })
    document.addEventListener('visibilitychange', () => document.hidden || check(), { signal })
    addEventListener(
      'pagehide',
      () => {
        left = true
        // A message from the worker, or a lock that is granted, would evict the page from the back/forward cache.
        this.#post(['leave'])
        this.#over.abort()
        clearInterval(this.#timer)
      },
      { signal },
    )
    addEventListener(
      'pageshow',
      () => {
        if (left) this.#lost('The page was in the back/forward cache')
        left = false
      },
      { signal },
    )
  }
}
