import { byteLength, snapshot } from './binary.ts'
import { Connection, lost, type Owner } from './connection.ts'
import { type Emitter, safely } from './emitter.ts'
import { read } from './json.ts'
import { Queue } from './policy/queue.ts'
import { retry } from './retry.ts'
import type { Settings } from './settings.ts'
import { after, type Timer } from './timer.ts'
import type { Closed, Data, DropReason, Events, Failure, SendResult, Status } from './types.ts'
import { type Sign, watch } from './wake.ts'

/** After `online`, a whole office would dial in the same millisecond. In ms. */
const SPREAD = 500

/** The lifecycle: one status, one connection at most, one timer, one count of failures. */
export class Supervisor implements Owner {
  status: Status = 'idle'
  closed: Closed | undefined
  protocol = ''
  readonly #settings: Settings
  readonly #emitter: Emitter<Events>
  /** As given, so that `drop` can be matched, and as it was then, to be sent. */
  readonly #queue: Queue<{ data: Data; copy: Data }>
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
  #failure: Failure = { attempt: 0, close: lost('wake') }
  #delay = 0
  /** Aborted at the end, with all that listens for this life's sake. */
  #life = new AbortController()

  constructor(settings: Settings, emitter: Emitter<Events>) {
    this.#settings = settings
    this.#emitter = emitter
    this.#queue = new Queue(settings)
    this.#heed(settings.signal)
  }

  get bufferedAmount(): number {
    return this.#queue.bytes + (this.#connection?.bufferedAmount ?? 0)
  }

  set binaryType(type: BinaryType) {
    this.#settings.binaryType = type
    if (this.#connection) this.#connection.binaryType = type
  }

  open(): void {
    const { signal, wake } = this.#settings
    if (this.#connection) return
    if (this.status === 'closed') this.#heed(signal)
    if (signal?.aborted) return
    if (wake && this.status !== 'waiting') watch((sign) => this.#notice(sign), this.#life.signal)
    this.#dial()
  }

  /** Drops what there is, open or not, and dials anew. */
  reconnect(): void {
    const connection = this.#connection
    if (!connection) return this.open()
    this.ended({ ...lost('user'), code: 1000 }, 0)
    connection.drop(1000)
  }

  close(close: Closed): void {
    if (this.status === 'closed') return
    const connection = this.#connection
    this.#timer?.()
    this.#life.abort()
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
    if (this.#connection?.send(data)) return 'sent'
    if (this.status === 'closed') return 'dropped'
    const now = Date.now()
    const item = { data, copy: snapshot(data) }
    const expired = this.#queue.expired(now)
    const gone = this.#queue.push(item, byteLength(data), now)
    this.#drop(expired, 'expired')
    this.#drop(gone ?? [item], 'overflow')
    return gone ? 'queued' : 'dropped'
  }

  dialling(url: string): void {
    this.#emitter.emit('connecting', { attempt: this.#failures, url })
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
    const sent = ({ copy }: { copy: Data }) => safely(() => this.#connection?.send(copy) ?? false) !== false
    while (this.#queue.first && sent(this.#queue.first)) this.#queue.take(1)
    this.#drop(expired, 'expired')
  }

  received(event: MessageEvent): void {
    const emitter = this.#emitter
    const connection = this.#connection
    const { data } = event
    emitter.emit('message', event)
    // A listener may have closed or reconnected; what is left of this frame is of the old line then.
    if (connection !== this.#connection) return
    if (typeof data !== 'string') return emitter.emit('binary', data)
    emitter.emit('text', data)
    if (connection !== this.#connection || !emitter.has('json')) return
    let message: unknown
    try {
      message = read(data, this.#settings.parse, this.#settings.schema)
    } catch (error) {
      return emitter.emit('invalid', { text: data, error })
    }
    emitter.emit('json', message)
  }

  pulsed(rtt: number): void {
    this.#emitter.emit('pulse', { rtt })
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
    else this.#wait(woken ? 0 : wait, failure)
  }

  #heed(signal: AbortSignal | undefined): void {
    const aborted = () => this.close({ ...lost('signal', signal?.reason), code: 1000, reason: '' })
    this.#life = new AbortController()
    signal?.addEventListener('abort', aborted, { signal: this.#life.signal })
    if (signal?.aborted) aborted()
  }

  #dial(): void {
    this.#timer?.()
    this.closed = undefined
    this.status = 'connecting'
    this.#connection = new Connection(this.#settings, this.#failures, this)
  }

  #wait(delay: number, failure: Failure): void {
    this.#timer?.()
    this.#failure = failure
    this.#delay = delay
    this.#timer = after(delay, () => this.#dial())
    this.status = 'waiting'
    this.#emitter.emit('waiting', { ...failure, delay })
  }

  #drop(messages: { data: Data }[], why: DropReason): void {
    const drops = messages.map(({ data }) => ({ data, why }))
    this.#emitter.emitAll('drop', drops)
  }

  #notice(sign: Sign): void {
    if (sign === 'wake') this.#wokeAt = Date.now()
    if (this.status === 'open') this.#connection?.notice(sign)
    else if (this.status === 'waiting' && sign === 'wake') this.#dial()
    else if (this.status === 'waiting' || (this.#connection && sign === 'online')) {
      // An attempt dialled into a dead network would repeat its SYN only many seconds from now.
      const connection = this.#connection
      if (connection) this.#failure = { attempt: this.#failures, close: lost('wake') }
      this.#connection = undefined
      const hold = Math.max(this.#settings.max, this.#delay)
      this.#wait(sign === 'online' ? Math.random() * SPREAD : hold, this.#failure)
      connection?.drop()
    }
  }
}
