import { decodeControl, type Hello } from '../protocol/frames.ts'
import { Inbox } from '../protocol/inbox.ts'
import { Outbox } from '../protocol/outbox.ts'
import { HandlerQueue, type MessageHandler } from './handler-queue.ts'
import type { ServerConnection } from './server-connection.ts'
import type { ServerSession, SubscribeOptions } from './server-session.ts'
import type { SessionHost } from './session-host.ts'
import {
  type DataOptions,
  decodeText,
  type HandshakeRequest,
  type Incoming,
  type Item,
  item,
  withoutBlock,
} from './socket.ts'
import type { Journal, Kept, Recorder } from './store.ts'
import type { Subscription } from './subscription.ts'
import { withTimeout } from './with-timeout.ts'

interface Message {
  data: string | Uint8Array
  binary: boolean
}

interface Waiter {
  resolve(stored: boolean): void
  reject(error: Error): void
}

/** Shared by the sessions whose client sent no positions. */
const noCursors = new Map<string, string>()

/** The server's side of one session: counts the messages in both directions, over one connection at a time. */
export class HostedSession implements ServerSession, Recorder, MessageHandler<Message> {
  readonly id: string
  readonly principal: string
  readonly outbox = new Outbox<Item>()
  readonly inbox: Inbox
  request: HandshakeRequest
  /** The number of the client's attempt that connected it last. */
  n = 0
  connection: ServerConnection | undefined
  journal: Journal | undefined
  over = false
  /** It is over here, but has not ended: another process has it, or may have it. */
  moved = false
  /** When a message was last sent or received, on the host's clock. */
  used = 0
  /** Whether its client has sent or acknowledged a message. Sessions without one are removed first when the server is full. */
  proven = false
  /** Its subscriptions, by topic. */
  readonly subscriptions = new Map<string, Subscription>()
  /** Topics whose subscription is being looked up, each with an object that its calls share: unsubscribing removes it. */
  subscribing: Map<string, { calls: number }> | undefined
  /** Topics to which the session was subscribed in another process, and whose log could not be followed here yet. */
  unresumed: string[] | undefined
  /** Topics whose subscription has ended, and whose client has not confirmed that. Each end has a number of its own. */
  unsubscribed: Map<string, number> | undefined
  /** The positions in topics that the client sent in its hello, until they are used. */
  cursors: Map<string, string> = noCursors
  /** Whether its client supports topics. */
  canTopics = false
  /** Whether its client answers a challenge with a fresh token. */
  canChallenge = false
  /** The hand-over to another process, while it is under way. */
  leaving: Promise<void> | undefined
  /** How many handled messages of the client are recorded, with a shared store. */
  #recorded = 0
  /** Callers of `sendStored`, by their messages. */
  #waiters: Map<Item, Waiter> | undefined
  readonly #host: SessionHost
  readonly #queue: HandlerQueue<Message>

  constructor(host: SessionHost, id: string, principal: string, request: HandshakeRequest) {
    this.#host = host
    this.id = id
    this.principal = principal
    this.request = request
    this.inbox = new Inbox(host.settings.credit)
    this.#queue = new HandlerQueue<Message>(this)
  }

  get connected(): boolean {
    return this.connection !== undefined
  }

  get bufferedAmount(): number {
    return this.outbox.bytes + (this.journal?.waiting.bytes ?? 0)
  }

  /** How many messages of the client may be acknowledged. */
  get done(): number {
    return this.journal ? this.#recorded : this.#queue.done
  }

  send(data: string | Uint8Array | ArrayBuffer, options?: DataOptions): 'sent' | 'queued' | 'dropped' {
    return this.push(item(data, options))
  }

  sendJson(value: unknown): 'sent' | 'queued' | 'dropped' {
    const text: unknown = JSON.stringify(value)
    if (typeof text !== 'string')
      throw new TypeError(
        `holdfast: sendJson: JSON has no value for ${typeof value}. Use send for text and bytes.`,
      )
    return this.send(text)
  }

  finish(): void {
    this.#host.end(this, 'finished')
  }

  challenge(): Promise<boolean> {
    return this.connection?.challenge(this.canChallenge) ?? Promise.resolve(false)
  }

  subscribe(topic: string, options: SubscribeOptions = {}): Promise<void> {
    return this.#host.topics.subscribe(this, topic, options)
  }

  unsubscribe(topic: string): Promise<void> {
    return this.#host.topics.unsubscribe(this, topic)
  }

  /** Sends a message that may be shared with other sessions. */
  push(one: Item): 'sent' | 'queued' | 'dropped' {
    const { outbox, journal } = this
    const { credit, limits } = this.#host.settings
    if (this.over) return 'dropped'
    if (!outbox.admits(one, credit, [limits.messages, limits.bytes], journal?.waiting)) {
      // Another process may own the session: only its owner ends it.
      if (journal?.doubtful) this.failed()
      else this.#host.end(this, 'overflow')
      return 'dropped'
    }
    this.used = this.#host.clock
    if (journal) {
      journal.append(one)
      return 'queued'
    }
    outbox.push(one)
    this.pump()
    return outbox.written < outbox.acked + outbox.held.length ? 'queued' : 'sent'
  }

  /** As `push`. Resolves with true once the message is stored, with false if it was not; rejects if that is unknown. */
  sendStored(one: Item): Promise<boolean> {
    if (this.push(one) === 'dropped') return Promise.resolve(false)
    if (!this.journal) return Promise.resolve(true)
    return new Promise((resolve, reject) => {
      this.#waiters ??= new Map()
      this.#waiters.set(one, { resolve, reject })
    })
  }

  /** Writes what the window has room for. */
  pump(): void {
    const { outbox, connection } = this
    if (!connection) return
    const { settings, counters, oversized } = this.#host
    for (let next = outbox.next(settings.credit); next; next = outbox.next(settings.credit)) {
      connection.write(next.data, next.binary)
      if (oversized.active) oversized.wrote(this.id, { number: outbox.written })
      counters.sent++
      counters.sentBytes += next.bytes
    }
  }

  /** A frame of the present connection. */
  frame(frame: Incoming): void {
    if (frame.control) return this.#control(decodeText(frame.bytes))
    const { inbox } = this
    const { counters, settings } = this.#host
    // Another process may own the session, and may have handled this message.
    if (this.journal?.doubtful) return this.failed()
    const { bytes: data, binary } = frame
    if (!inbox.received(data.length)) return
    counters.received++
    counters.receivedBytes += data.length
    this.used = this.#host.clock
    this.proven = true
    const asText = !binary && settings.text === 'string'
    this.#queue.take({ data: asText ? decodeText(data) : withoutBlock(data), binary }, data.length)
    if (this.#queue.pending > settings.credit[0] || this.#queue.bytes > settings.credit[1])
      this.connection?.malformed('beyond the window')
  }

  /** Acknowledges the handled messages, which the client then removes from its outbox. */
  acknowledge(): void {
    const { inbox } = this
    this.#host.owing.delete(this)
    if (this.connection && this.done > inbox.acked) this.connection.write(`!a${inbox.acknowledge(this.done)}`)
  }

  stored(items: Item[]): void {
    for (const one of items) {
      this.outbox.push(one)
      this.#waiters?.get(one)?.resolve(true)
      this.#waiters?.delete(one)
    }
    this.pump()
  }

  recorded(got: number): void {
    this.#recorded = got
    this.#acknowledgeSoon()
  }

  fenced(): void {
    // Not `taken`, which is final for the client: its only connection may be this one, if the session moved while this process stalled.
    this.connection?.refuse({ why: 'moved' })
    this.#host.removed(this)
  }

  /** Settles `sendStored` for messages that another process was asked to store, because it has the session now. */
  forwarded(items: Item[], stored: boolean): void {
    for (const one of items) {
      this.#waiters?.get(one)?.resolve(stored)
      this.#waiters?.delete(one)
    }
  }

  forgotten(ended: boolean): void {
    this.connection?.refuse({ why: 'gone', got: this.close() })
    if (ended) this.#host.removed(this)
    else this.#host.end(this, 'expired')
  }

  failed(): void {
    this.connection?.refuse({ why: 'busy', after: 1_000 })
  }

  /** Stops handling messages. Returns how many messages of the client were handled. */
  close(): number {
    for (const { resolve } of this.#waiters?.values() ?? []) resolve(false)
    this.#waiters = undefined
    return this.#queue.close()
  }

  /** Another process has the session, or may have it: stops handling messages. */
  abandon(): void {
    this.#queue.abandon()
    // The journal still reports the outcome of each message.
    if (this.journal) return
    for (const { reject } of this.#waiters?.values() ?? [])
      reject(
        new Error('holdfast: send: another process has the session, and it is unknown whether it was stored'),
      )
    this.#waiters = undefined
  }

  /** Whether its messages are all handled. */
  get quiet(): boolean {
    return this.#queue.pending === 0
  }

  /** Resolves once its messages are all handled, or after `ms`. */
  async settled(ms: number): Promise<void> {
    await withTimeout(this.#queue.idle(), ms, 'The handler of a session that is away').catch(() => {})
  }

  /** Another process takes over: records first what was handled here. A handler that hangs is treated as a crash. */
  async release(ms: number): Promise<void> {
    await withTimeout(this.#queue.stop(), ms, 'The handler of a session that has moved').catch(() => {
      this.#queue.abandon()
    })
    await this.journal?.release()
  }

  /** Reads the features and the positions in topics from the client's hello. */
  readHello({ can = [], topics }: Hello): void {
    this.canTopics = can.includes('topics')
    this.canChallenge = can.includes('challenge')
    this.cursors = topics ? new Map(Object.entries(topics)) : noCursors
  }

  /** Continues from what another process recorded. */
  adopt({ got, acked, items }: Kept): void {
    const { inbox, outbox } = this
    this.#queue.done = this.#recorded = inbox.got = got
    outbox.acked = outbox.written = acked
    // The other process may have written all of them.
    outbox.highest = acked + items.length
    for (const one of items) outbox.push(one)
  }

  #control(text: string): void {
    const { connection, inbox, outbox } = this
    const frame = decodeControl(text)
    switch (frame.type) {
      case 'ping':
        if (frame.body !== inbox.at) break
        return connection?.write(`!q${inbox.acknowledge(this.done)}`)
      case 'ack':
      case 'pong': {
        const acknowledged = outbox.ack(frame.body)
        if (!acknowledged) break
        if (acknowledged.length) this.proven = true
        this.journal?.note(this.#queue.done, outbox.acked)
        this.pump()
        if (frame.type === 'pong') {
          connection?.ponged()
          this.#host.oversized.forget(this.id)
          this.#host.topics.pump(this)
        }
        return
      }
      case 'end':
        return this.#host.end(this, 'finished')
      case 'token':
        return void connection?.refresh(frame.body)
      case 'ignored':
        return
    }
    connection?.malformed(text)
  }

  handle({ data, binary }: Message, number: number): unknown {
    const key = `${this.id}:${number}`
    return this.#host.received(this, data, { key, binary })
  }

  advanced(): void {
    const { journal } = this
    if (!journal) return this.#acknowledgeSoon()
    journal.note(this.#queue.done, this.outbox.acked)
    // Another process may own the session: what waits must not be handled here.
    if (!journal.doubtful) return
    this.#queue.discard()
    this.inbox.got = this.#queue.done
    this.failed()
  }

  #acknowledgeSoon(): void {
    if (this.inbox.due(this.done)) this.acknowledge()
    else if (this.done > this.inbox.acked) this.#host.owing.add(this)
  }
}
