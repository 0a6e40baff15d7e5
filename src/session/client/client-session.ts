import { byteLength, snapshot } from '../../core/binary.ts'
import type { Emitter, PendingEvent } from '../../core/emitter.ts'
import type { Closed, Data, Events, Outcome, SendResult } from '../../core/events.ts'
import { type Cancel, longTimeout } from '../../core/long-timeout.ts'
import type { Provided } from '../../core/options.ts'
import { isFinalCode } from '../../core/policy/close-codes.ts'
import type { ConnectionProtocol, FrameHandler, Link, ProtocolHost } from '../../core/protocol.ts'
import { report } from '../../core/report.ts'
import {
  type Credit,
  decode,
  escaped,
  FEATURES,
  fromServer,
  type Hello,
  helloFrame,
  type ReceivedRefusal,
  refusalCodes,
  SUBPROTOCOL,
  type Welcome,
} from '../protocol/frames.ts'
import { isAckDue } from '../protocol/inbox.ts'
import { Outbox } from '../protocol/outbox.ts'
import type { SessionEvents } from './options.ts'
import { type Message, type Outcomes, settleOutcomes } from './outcomes.ts'
import { randomId } from './random-id.ts'
import { ClientTopics, type TopicMessage } from './topics.ts'

/** The longest time from a message to its acknowledgement, in ms. */
const ACKNOWLEDGE_WITHIN = 1_000

/** The longest `after` of a refusal that this client respects, in ms. */
const LONGEST_AFTER = 60_000
/** The default of the server's option `limits.hello`, in bytes. */
const HELLO_LIMIT = 8_192
/** RFC 6455 §7.4.1: a message that is too big to process. */
const TOO_BIG = 1009

/** How much may wait beyond the server's window. */
export interface WaitingLimits {
  messages: number
  bytes: number
}

/** The client's side of a session: counts the messages in both directions, over one connection at a time. */
export class ClientSession implements ConnectionProtocol {
  readonly subprotocol = SUBPROTOCOL
  readonly events = ['resumed', 'fresh', 'ended', 'topic']
  outbox = new Outbox<Message>()
  readonly topics: ClientTopics
  readonly #limits: WaitingLimits
  readonly #auth: Provided<string | undefined>
  #host: ProtocolHost | undefined
  /** The token for the next hello. */
  #token: string | undefined
  /** The connection on which the server has welcomed the session, until it ends. */
  #link: Link | undefined
  #credit: Credit = [1_000, 1_048_576]
  #id = ''
  #attempt = 0
  /** How many data frames of the session were received; undefined until a welcome has arrived in it. */
  #got: number | undefined
  /** How many of them were acknowledged, and the bytes received since then. */
  #acknowledged = 0
  #bytes = 0
  #cancelAcknowledge: Cancel | undefined
  /** When to dial again, in ms, as the server said. `null`: never, it has ended the session. */
  #retryAfter: number | null | undefined
  /** How many times in a row the server has denied access. */
  #denials = 0
  /** The message that the server may have found too large, and whether it did so twice. */
  #suspect: { message: Message; confirmed: boolean } | undefined
  /** Whether a ping is scheduled for the end of the present task. */
  #isPingScheduled = false

  constructor(
    limits: WaitingLimits,
    auth: Provided<string | undefined>,
    cursors: Readonly<Record<string, string>> = {},
  ) {
    this.#limits = limits
    this.#auth = auth
    this.topics = new ClientTopics(cursors, (event) => this.#emit('topic', event))
  }

  attach(host: ProtocolHost): void {
    this.#host = host
    // Registered before the application's listeners, so that older messages are written before what those send.
    host.emitter.on('open', () => this.#opened())
  }

  async prepare(context: { signal: AbortSignal }): Promise<void> {
    this.#token = await this.authenticate(context)
  }

  async authenticate(context: { signal: AbortSignal }): Promise<string | undefined> {
    const auth = this.#auth
    return typeof auth === 'function' ? auth(context) : auth
  }

  start(link: Link): FrameHandler {
    this.#id ||= randomId()
    const attempt = ++this.#attempt
    const hello: Hello = { v: 1, id: this.#id, n: attempt, got: this.#got, auth: this.#token, can: FEATURES }
    const room = HELLO_LIMIT - byteLength(helloFrame(hello)) - 32
    link.send(helloFrame({ ...hello, topics: this.topics.cursors(room) }))
    const handler: FrameHandler = {
      receive: (event) => this.#receive(event, link, handler),
      closing: (final) => this.#closing(link, final),
    }
    return handler
  }

  /** When to dial again after this end, in ms; `null`: never; `undefined`: the server did not say. */
  retryDelay({ code, cause, error }: Closed): number | null | undefined {
    const after = this.#retryAfter
    this.#retryAfter = undefined
    // After an `error`, our own WebSocket implementation found a message of the server too large.
    if (code === TOO_BIG && error === undefined) this.#suspectLargest()
    const isFinal = code === 4401 ? this.#denials++ > 0 : code !== 4410 && isFinalCode(code)
    return cause === 'peer' && isFinal ? null : after
  }

  ended(): PendingEvent<Events> {
    const outcomes: Outcomes = { delivered: [], lost: [], unknown: [] }
    // The outcomes are settled when the event is dispatched: `onOutcome` is called then, and may call anything.
    const entry: PendingEvent<SessionEvents> = [
      'ended',
      outcomes,
      () => Object.assign(outcomes, this.#closed()),
    ]
    return entry as unknown as PendingEvent<Events>
  }

  /** The text of a ping: the number of the last message written before it. */
  ping(): string {
    return `!p${this.outbox.written}`
  }

  push(data: Data, onOutcome?: (outcome: Outcome) => void): SendResult {
    const { outbox } = this
    const bytes = messageLength(data)
    const message: Message = { data, bytes, onOutcome }
    if (this.#host?.isClosed()) {
      settleOutcomes([message], 'lost', 'the session is closed')
      return 'dropped'
    }
    const { messages, bytes: room } = this.#limits
    if (!outbox.admits(message, this.#credit, [messages, room])) {
      const reason = `${bytes.toLocaleString('en-US')} bytes do not fit beside what waits already (option queue)`
      settleOutcomes([message], 'lost', reason)
      // Otherwise a `drop` listener that sends again would never end.
      if (this.#host?.emitter.dispatching !== 'drop')
        this.#host?.emitter.emit('drop', { data, why: 'overflow', reason })
      return 'dropped'
    }
    message.data = snapshot(data)
    outbox.push(message)
    this.#pump()
    return outbox.written < outbox.acked + outbox.held.length ? 'queued' : 'sent'
  }

  /** Asks the server for an acknowledgement: once per task, however many callers need it. */
  requestAck(): void {
    if (this.#isPingScheduled) return
    this.#isPingScheduled = true
    queueMicrotask(() => {
      this.#isPingScheduled = false
      this.#link?.send(this.ping())
    })
  }

  /** Calls `auth` and sends the fresh token over the open connection. */
  async refresh(): Promise<void> {
    this.sendToken(await this.authenticate(new AbortController()))
  }

  /** Sends a fresh token over the open connection. */
  sendToken(token: string | undefined): void {
    this.#link?.send(`!t${token ?? ''}`)
  }

  /** Ends the session here and at the server: the next connection begins a new one. For a change of user. */
  discard(): void {
    this.#acknowledge()
    this.#link?.send('!f')
    this.#link = undefined
    const outcomes = this.#renew()
    this.#emit('fresh', { why: 'discarded', ...outcomes })
  }

  #opened(): void {
    globalThis.addEventListener?.('pagehide', this.#acknowledge)
    const isResumed = this.#got !== undefined
    // The hello has acknowledged all messages received before.
    this.#acknowledged = this.#got ??= 0
    if (isResumed) this.#emit('resumed', { resent: this.outbox.highest - this.outbox.acked })
    this.#pump()
  }

  #closed(): Outcomes {
    // Before the outcomes are emitted: this sends the last acknowledgement to the server.
    if (this.#link) this.#closing(this.#link, true)
    this.#cancelAcknowledge?.()
    this.#cancelAcknowledge = undefined
    globalThis.removeEventListener?.('pagehide', this.#acknowledge)
    return this.#renew()
  }

  /** This side closes the connection. If `final`, the server is first notified that the session has ended. */
  #closing(link: Link, final: boolean): void {
    if (link !== this.#link) return
    if (final) {
      this.#acknowledge()
      link.send('!f')
    }
    this.#link = undefined
    this.outbox.disconnected()
  }

  #receive(event: MessageEvent, link: Link, handler: FrameHandler): MessageEvent | 'pong' | undefined {
    const { data } = event
    if (this.topics.expectsBinary && typeof data !== 'string' && link === this.#link)
      return this.#topicMessage(this.topics.takeBinary(), data)
    const frame = decode(data, fromServer)
    if (frame.type === 'refusal') {
      this.#refused(link, frame.body)
      return undefined
    }
    if (link !== this.#link) {
      if (frame.type === 'welcome') this.#welcomed(link, frame.body, handler)
      else if (frame.type !== 'ignored') this.#failed(link, frame.type)
      return undefined
    }
    switch (frame.type) {
      case 'data':
        this.#counted(data.size ?? data.byteLength ?? data.length)
        return frame.body === data ? event : new MessageEvent('message', { data: frame.body })
      case 'end':
        this.#retryAfter = null
        link.end(closedByPeer(1000, ''))
        return undefined
      case 'ping':
        if (frame.body === this.#got) this.#acknowledgeAs('!q')
        else this.#failed(link, frame.type)
        return undefined
      case 'ack':
      case 'pong': {
        const acknowledged = this.outbox.ack(frame.body)
        if (!acknowledged) {
          this.#failed(link, frame.type)
          return undefined
        }
        settleOutcomes(acknowledged, 'delivered')
        this.#pump()
        return frame.type === 'pong' ? 'pong' : undefined
      }
      case 'challenge':
        // If this fails, the server ends the connection, and the next hello has a token.
        this.refresh().catch(report)
        return undefined
      case 'topic':
        this.topics.started(frame.body)
        return undefined
      case 'topic-data': {
        const message = this.topics.received(frame.body)
        if (message === null) this.#failed(link, frame.type)
        return message ? this.#topicMessage(message, message.text) : undefined
      }
      case 'topic-end':
        if (!this.topics.ended(frame.body)) this.#failed(link, frame.type)
        return undefined
      case 'ignored':
        return undefined
      default:
        this.#failed(link, frame.type)
        return undefined
    }
  }

  #topicMessage(message: TopicMessage | undefined, data: unknown): MessageEvent | undefined {
    if (!message) return undefined
    const { topic, cursor } = message
    // After the message's listeners have run.
    queueMicrotask(() => this.topics.handedOver(message))
    return Object.assign(new MessageEvent('message', { data, lastEventId: cursor }), { topic })
  }

  /** Counted before a listener runs: one that throws, or reconnects, must not receive the message twice. */
  #counted(bytes: number): void {
    this.#got = (this.#got ?? 0) + 1
    this.#bytes += bytes
    if (isAckDue(this.#credit, this.#got - this.#acknowledged, this.#bytes)) this.#acknowledge()
    else this.#cancelAcknowledge ??= longTimeout(ACKNOWLEDGE_WITHIN, this.#acknowledge)
  }

  #welcomed(link: Link, { got, win }: Welcome, handler: FrameHandler): void {
    // `got` is lower than before, or higher than what was ever sent: the server's store has lost data.
    const acknowledged = got <= this.outbox.highest ? this.outbox.resume(got) : undefined
    if (!acknowledged) return this.#refused(link, { why: 'gone' })
    settleOutcomes(acknowledged, 'delivered')
    this.#dropTooLarge()
    this.topics.connected()
    this.#credit = win
    this.#denials = 0
    this.#link = link
    link.open(handler)
  }

  #refused(link: Link, { why, got, after }: ReceivedRefusal): void {
    // A reason of a later version of the protocol is retried.
    const code = Object.hasOwn(refusalCodes, why) ? refusalCodes[why as 'gone'] : refusalCodes.busy
    const isOver = why === 'gone' || why === 'overflow'
    const outcomes = isOver ? this.#renew(got) : undefined
    this.#retryAfter = after === undefined ? undefined : Math.random() * Math.min(after, LONGEST_AFTER)
    link.end(closedByPeer(code, why))
    if (isOver && outcomes) this.#emit('fresh', { why, ...outcomes })
  }

  /**
   * The server has ended the connection because of a message that is too large. It does not say which: if any of those
   * written was, then the largest.
   */
  #suspectLargest(): void {
    const { held, highest, acked } = this.outbox
    let largest: Message | undefined
    for (const message of held.slice(0, highest - acked))
      if (!largest || wireBytes(message) > wireBytes(largest)) largest = message
    if (largest) this.#suspect = { message: largest, confirmed: this.#suspect?.message === largest }
  }

  /** Drops a message that was too large twice, so that the messages behind it are sent. */
  #dropTooLarge(): void {
    if (!this.#suspect?.confirmed) return
    const { message } = this.#suspect
    this.#suspect = undefined
    if (!this.outbox.remove(message)) return
    const reason = `the server does not take a message of ${message.bytes} bytes (close code 1009)`
    settleOutcomes([message], 'lost', reason)
    this.#host?.emitter.emit('drop', { data: message.data, why: 'overflow', reason })
  }

  /** The server broke the protocol. */
  #failed(link: Link, what: string): void {
    link.end(closedByPeer(4400, what), 4400, what)
  }

  /** Writes what the window has room for. */
  #pump(): void {
    if (!this.#host?.isOpen() || !this.#link) return
    for (let next = this.outbox.next(this.#credit); next; next = this.outbox.next(this.#credit))
      this.#link?.send(escaped(next.data))
  }

  /** Acknowledges now what was received. Also called when the page is left. */
  readonly #acknowledge = (): void => {
    if ((this.#got ?? 0) > this.#acknowledged) this.#acknowledgeAs('!a')
    this.#cancelAcknowledge?.()
    this.#cancelAcknowledge = undefined
  }

  /** Writes the acknowledgement as a frame of its own (`!a`) or as a pong (`!q`). */
  #acknowledgeAs(frame: '!a' | '!q'): void {
    this.#bytes = 0
    this.#acknowledged = this.#got ?? 0
    this.#link?.send(frame + this.#acknowledged)
  }

  /** Ends the session; the next hello creates a new one. `got`: how many messages the server says it has. */
  #renew(got = -1): Outcomes {
    const { outbox } = this
    const acknowledged = outbox.resume(got)
    const { acked, highest, held } = outbox
    this.outbox = new Outbox()
    this.#suspect = undefined
    this.#got = undefined
    this.#id = ''
    const unknown = held.splice(0, acknowledged ? 0 : highest - acked)
    return {
      delivered: settleOutcomes(acknowledged ?? [], 'delivered'),
      unknown: settleOutcomes(unknown, 'unknown', 'the session ended before the server acknowledged it'),
      lost: settleOutcomes(held, 'lost', 'the session ended before it was sent'),
    }
  }

  #emit<Name extends 'resumed' | 'fresh' | 'topic'>(name: Name, value: SessionEvents[Name]): void {
    const emitter = this.#host?.emitter as Emitter<SessionEvents> | undefined
    emitter?.emit(name, value)
  }
}

const closedByPeer = (code: number, reason: string): Closed => ({
  code,
  reason,
  wasClean: false,
  cause: 'peer',
})

/** The bytes of its frame, which has one more where text is escaped. */
const wireBytes = ({ data, bytes }: Message) => bytes + (typeof data === 'string' && data[0] === '!' ? 1 : 0)

/** The length in bytes. The regular expression is faster than counting the UTF-8 bytes of ASCII text. */
function messageLength(data: Data): number {
  return typeof data === 'string' && !/[^ -~]/.test(data) ? data.length : byteLength(data)
}
