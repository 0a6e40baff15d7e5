import { abnormalClosure } from './abnormal-closure.ts'
import { byteLength, snapshot } from './binary.ts'
import { Connection, type Owner } from './connection.ts'
import { callSafely, type Emitter } from './emitter.ts'
import type { Closed, Data, DropReason, Events, Failure, SendResult, Status } from './events.ts'
import { longTimeout, type Timer } from './long-timeout.ts'
import { observePage, type PageSignal } from './page.ts'
import { SendQueue } from './policy/send-queue.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import { retry } from './retry.ts'

/** After `online`, a whole office would dial in the same millisecond. In ms. */
const SPREAD = 500

/** The lifecycle: one status, one connection at most, one timer, one count of failures. */
export class Lifecycle implements Owner {
  status: Status = 'idle'
  closed: Closed | undefined
  protocol = ''
  readonly #settings: ResolvedOptions
  readonly #emitter: Emitter<Events>
  /** As given, so that `drop` can be matched, and as it was then, to be sent. */
  readonly #queue: SendQueue<{ data: Data; copy: Data }>
  #connection: Connection | undefined
  #timer: Timer | undefined
  /** Attempts in a row that came to nothing, connections that did not last among them. */
  #failures = 0
  /** 0 until the connection is open. */
  #openedAt = 0
  /** When the page last came back. */
  #wokeAt = 0
  #wasOpen = false
  /** What the current, or last, wait is for. */
  #wait: Events['waiting'] | undefined
  /** Take back what listens for this life's sake. */
  #unwatch: (() => void) | undefined
  #unheed: (() => void) | undefined

  constructor(settings: ResolvedOptions, emitter: Emitter<Events>) {
    this.#settings = settings
    this.#emitter = emitter
    this.#queue = new SendQueue(settings)
    this.#heed()
  }

  get bufferedAmount(): number {
    return this.#queue.bytes + (this.#connection?.native?.bufferedAmount ?? 0)
  }

  set binaryType(type: BinaryType) {
    this.#settings.binaryType = type
    const native = this.#connection?.native
    if (native) native.binaryType = type
  }

  open(): void {
    const { signal, wake, ping } = this.#settings
    if (this.#connection || signal?.aborted) return
    if (this.status === 'closed') this.#heed()
    if (wake && this.status !== 'waiting')
      this.#unwatch = observePage((sign) => this.#notice(sign), ping !== undefined)
    this.#dial()
  }

  /** Drops what there is, open or not, and dials anew. */
  reconnect(): void {
    const connection = this.#connection
    if (!connection) return this.open()
    this.ended({ ...abnormalClosure('user'), code: 1000 }, 0)
    connection.drop(1000)
  }

  close(close: Closed): void {
    if (this.status === 'closed') return
    const connection = this.#connection
    this.#timer?.()
    this.#unwatch?.()
    this.#unheed?.()
    this.#connection = undefined
    this.closed = close
    this.#failures = this.#openedAt = 0
    this.#wasOpen = false
    this.status = 'closed'
    this.#drop(this.#queue.take(), 'closed')
    this.#emitter.emit('closed', close)
    connection?.drop(close.code, close.reason)
  }

  send(data: Data): SendResult {
    if (this.status === 'open' && this.#connection?.send(data)) return 'sent'
    if (this.status === 'closed') return 'dropped'
    const now = Date.now()
    const item = { data, copy: snapshot(data) }
    const expired = this.#queue.expired(now)
    const gone = this.#queue.push(item, byteLength(data), now)
    this.#drop(expired, 'expired')
    this.#drop(gone ?? [item], 'overflow')
    return gone ? 'queued' : 'dropped'
  }

  opened(protocol: string): void {
    const reconnected = this.#wasOpen
    this.#wasOpen = true
    this.#openedAt = Date.now()
    this.protocol = protocol
    this.status = 'open'
    this.#emitter.emit('open', { protocol, reconnected })
    const expired = this.#queue.expired(Date.now())
    // What no WebSocket takes is reported, and must not stand in the way at every reconnect.
    this.#queue.take(
      ({ copy }) => callSafely((data) => this.#connection?.send(data) ?? false, copy) !== false,
    )
    this.#drop(expired, 'expired')
  }

  ended(close: Closed, delay?: number | null): void {
    const { stableAfter } = this.#settings
    if (this.#openedAt && Date.now() - this.#openedAt >= stableAfter) this.#failures = 0
    this.#openedAt = 0
    this.#connection = undefined
    this.status = 'waiting'
    // What was asked for is no failure.
    const failure = { attempt: delay === undefined ? this.#failures++ : this.#failures, close }
    const wait = delay === undefined ? retry(this.#settings, failure) : delay
    // The application's own rules were asked, and may have done anything.
    if (this.status !== 'waiting' || this.#connection) return
    // A page that is shown again may hear of it only now that its socket was closed meanwhile.
    const woken = Date.now() - this.#wokeAt < SPREAD
    this.#wokeAt = 0
    if (wait === null) this.close(close)
    else this.#hold(woken ? 0 : wait, failure)
  }

  #heed(): void {
    const { signal } = this.#settings
    if (!signal) return
    const aborted = () => this.close({ ...abnormalClosure('signal', signal.reason), code: 1000, reason: '' })
    signal.addEventListener('abort', aborted)
    this.#unheed = () => signal.removeEventListener('abort', aborted)
    if (signal.aborted) aborted()
  }

  #dial(): void {
    this.#timer?.()
    this.closed = undefined
    this.status = 'connecting'
    this.#connection = new Connection(this.#settings, this.#emitter, this.#failures, this)
  }

  #hold(delay: number, failure: Failure): void {
    this.#timer?.()
    this.#timer = longTimeout(delay, () => this.#dial())
    this.#wait = { ...failure, delay }
    this.status = 'waiting'
    this.#emitter.emit('waiting', this.#wait)
  }

  #drop(messages: { data: Data }[], why: DropReason): void {
    const drops = messages.map(({ data }) => ({ data, why }))
    this.#emitter.emitAll('drop', drops)
  }

  #notice(sign: PageSignal): void {
    const { status } = this
    const connection = this.#connection
    const back = sign === 'wake' || sign === 'slept'
    if (back) this.#wokeAt = Date.now()
    if (status === 'open') connection?.notice(sign)
    else if (status === 'waiting' && back) this.#dial()
    // Another one of those that are told may have closed this one.
    else if (status === 'waiting' || (status === 'connecting' && sign === 'online')) {
      // An attempt dialled into a dead network would repeat its SYN only many seconds from now.
      const failure = connection ? { attempt: this.#failures, close: abnormalClosure('wake') } : this.#wait
      this.#connection = undefined
      const longest = Math.max(this.#settings.max, this.#wait?.delay ?? 0)
      this.#hold(sign === 'online' ? Math.random() * SPREAD : longest, failure as Failure)
      connection?.drop()
    }
  }
}
