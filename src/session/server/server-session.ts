import { Inbox } from '../protocol/inbox.ts'
import { Outbox } from '../protocol/outbox.ts'
import { decode } from './client-frames.ts'
import { HandlerQueue } from './handler-queue.ts'
import type { Lane, SessionHost } from './session-host.ts'
import { type Item, item } from './socket.ts'
import type { Journal, Recorder } from './store.ts'

/** The server's half of one session: what both ends count, over one connection at a time. */
export class ServerSession<Request> implements Recorder {
  /** Names it to `Sessions.send`: not the client's secret, but its SHA-256. */
  readonly id: string
  readonly principal: string
  readonly outbox = new Outbox<Item>()
  readonly inbox: Inbox
  /** The request of the present, or last, connection. */
  request: Request
  n = 0
  connection: Lane | undefined
  journal: Journal | undefined
  over = false
  /** When it last carried a message, on the house's clock. */
  used = 0
  /** How many handled messages of the client are recorded, where that is needed. */
  #recorded = 0
  readonly #house: SessionHost<ServerSession<Request>>
  readonly #turns: HandlerQueue<string | Uint8Array>

  constructor(house: SessionHost<ServerSession<Request>>, id: string, principal: string, request: Request) {
    this.#house = house
    this.id = id
    this.principal = principal
    this.request = request
    this.inbox = new Inbox(house.settings.credit)
    this.#turns = new HandlerQueue(
      (data, number) => house.received(this, data, `${id}:${number}`),
      () => this.#note(),
    )
  }

  /** Whether its client is connected now. */
  get connected(): boolean {
    return this.connection !== undefined
  }

  /** Bytes that the client has not acknowledged. */
  get bufferedAmount(): number {
    return this.outbox.bytes + (this.journal?.waiting.bytes ?? 0)
  }

  /** What may be acknowledged. */
  get done(): number {
    return this.journal ? this.#recorded : this.#turns.done
  }

  /**
   * Sends once, in order, whether the client is there or not. `queued`: it waits for the client, for its window or for the
   * store. `dropped`: the session is over, by this very message if it was one too many. Bytes must not be changed afterwards.
   */
  send(data: string | Uint8Array | ArrayBuffer): 'sent' | 'queued' | 'dropped' {
    return this.push(item(data))
  }

  sendJson(value: unknown): 'sent' | 'queued' | 'dropped' {
    return this.send(JSON.stringify(value))
  }

  /** Ends it: the client is told, and nothing of it is kept. */
  finish(): void {
    this.#house.end(this, 'finished')
  }

  push(one: Item): 'sent' | 'queued' | 'dropped' {
    const { credit, limits } = this.#house.settings
    if (this.over) return 'dropped'
    const { messages, bytes } = this.journal?.waiting ?? { messages: 0, bytes: 0 }
    const { outbox } = this
    const held = outbox.held.length + messages
    if (
      held >= credit[0] + limits.messages ||
      (held && outbox.bytes + bytes + one.bytes > credit[1] + limits.bytes)
    ) {
      this.#house.end(this, 'overflow')
      return 'dropped'
    }
    if (this.journal) {
      this.journal.append(one)
      return 'queued'
    }
    this.used = this.#house.clock
    outbox.push(one)
    this.pump()
    return outbox.written < outbox.acked + outbox.held.length ? 'queued' : 'sent'
  }

  /** Writes what the window has room for. */
  pump(): void {
    const { outbox, connection } = this
    const { settings, counters } = this.#house
    for (let next = connection && outbox.next(settings.credit); next; next = outbox.next(settings.credit)) {
      connection?.write(next.data, next.binary)
      counters.sent++
    }
  }

  /** A frame of the connection that has the session. */
  frame(data: string | Uint8Array, bytes: number): void {
    const { connection, inbox, outbox } = this
    const frame = decode(data)
    // A client need not count the `!` that it put in front.
    if (frame.is === 'data')
      return this.#data(frame.body as typeof data, frame.body === data ? bytes : bytes - 1)
    if (frame.is === 'p' && frame.body === inbox.at) return connection?.write(`!q${inbox.tell(this.done)}`)
    if (frame.is === 'a' || frame.is === 'q') {
      if (!outbox.ack(frame.body)) return connection?.malformed(String(data))
      this.journal?.note(this.#turns.done, outbox.acked)
      return this.pump()
    }
    if (frame.is === 'f') return this.#house.end(this, 'finished')
    if (frame.is === 't') return void connection?.refresh(frame.body)
    connection?.malformed(String(data))
  }

  /** Tells the client what it need not keep. */
  acknowledge(): void {
    const { inbox } = this
    this.#house.owing.delete(this)
    if (this.connection && this.done > inbox.acked) this.connection.write(`!a${inbox.tell(this.done)}`)
  }

  stored(items: Item[]): void {
    for (const one of items) {
      this.outbox.push(one)
      this.waiters.get(one)?.(true)
    }
    this.pump()
  }

  recorded(got: number): void {
    this.#recorded = got
    this.#owe()
  }

  fenced(): void {
    this.connection?.end(1013, 'moved')
    this.#house.removed(this)
  }

  forgotten(): void {
    this.connection?.refuse({ why: 'gone', got: this.close() })
    this.#house.end(this, 'expired')
  }

  failed(): void {
    this.connection?.end(1013, 'the store is away')
  }

  #data(data: string | Uint8Array, bytes: number): void {
    const { inbox } = this
    if (this.journal?.doubtful) return this.failed()
    if (!inbox.received(bytes)) return
    this.#house.counters.received++
    this.used = this.#house.clock
    const { credit } = this.#house.settings
    this.#turns.take(data, bytes)
    if (this.#turns.open > credit[0] || this.#turns.bytes > credit[1])
      this.connection?.malformed('beyond the window')
  }

  #note(): void {
    const { journal } = this
    if (!journal) return this.#owe()
    journal.note(this.#turns.done, this.outbox.acked)
    // It lets go of what waits for its turn, too.
    if (journal.doubtful) this.failed()
  }

  #owe(): void {
    if (this.inbox.due(this.done)) this.acknowledge()
    else if (this.done > this.inbox.acked) this.#house.owing.add(this)
  }

  /** Nothing more of it is handled. Answers with how many messages of the client were. */
  close(): number {
    return this.#turns.close()
  }

  readonly waiters = new Map<Item, (stored: boolean) => void>()

  forwarded(items: Item[], stored: boolean): void {
    for (const one of items) this.waiters.get(one)?.(stored)
  }

  idle(): Promise<void> {
    return this.#turns.idle()
  }

  /** Whoever takes over must find recorded what is handled here. */
  async release(): Promise<void> {
    await Promise.race([this.#turns.stop(), new Promise((resolve) => setTimeout(resolve, 5_000))])
    await this.journal?.release()
  }

  /** Takes up what another process left. */
  adopt(got: number, acked: number, items: Item[]): void {
    const { inbox, outbox } = this
    this.#turns.done = this.#recorded = inbox.got = got
    outbox.acked = outbox.written = acked
    // It may have written all of them.
    outbox.highest = acked + items.length
    for (const one of items) outbox.push(one)
  }
}
