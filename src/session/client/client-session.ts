import { byteLength, isData, snapshot } from '../../core/binary.ts'
import { Emitter, report } from '../../core/emitter.ts'
import type { Data, SendResult, Status } from '../../core/events.ts'
import { longTimeout, type Timer } from '../../core/long-timeout.ts'
import { isFinal } from '../../core/policy/close-codes.ts'
import {
  ABILITIES,
  type Credit,
  decode,
  escaped,
  fromServer,
  helloFrame,
  type ReceivedRefusal,
  refusalCodes,
  type Welcome,
} from '../protocol/frames.ts'
import { isAckDue } from '../protocol/inbox.ts'
import { Outbox } from '../protocol/outbox.ts'
import { end, type Line, PONG, type Reader } from './line.ts'
import type { Own, SessionOptions } from './options.ts'
import { type Message, type Outcome, type Outcomes, settleOutcomes } from './outcomes.ts'
import { ClientTopics, type TopicMessage } from './topics.ts'

/** How long an acknowledgement may be owed, in ms. */
const ACK_DELAY = 1_000
/** The longest time that a server may keep a client away, in ms. */
const LONGEST_AFTER = 60_000
/** How large a hello may be, in bytes. */
const HELLO_LIMIT = 8_192
/** RFC 6455 §7.4.1: a message that is too big to process. */
const TOO_BIG = 1009

/** The client's half of a session: what both ends count, over one connection at a time. */
export class ClientSession extends Emitter<Own> implements Reader {
  outbox = new Outbox<Message>()
  /** What authenticates us, for the next hello. */
  token: Promise<string | undefined> | undefined
  /** The connection on which the server has welcomed us, until it ends. */
  connection: Line | undefined
  readonly topics: ClientTopics
  #credit: Credit = [1_000, 1_048_576]
  #id = ''
  #attempt = 0
  /** How many data frames of the session were received; undefined until a welcome has arrived in it. */
  #got: number | undefined
  /** How many of them the server was told of, and the bytes received since then. */
  #told = 0
  #bytes = 0
  #timer: Timer | undefined
  /** The server's word on when to dial again, in ms. `null`: never, it has ended the session. */
  #after: number | null | undefined
  /** How often we were not let in since we last were. */
  #denied = 0
  /** The message that the server may have found too large, and whether it has twice. */
  #suspect: { message: Message; confirmed: boolean } | undefined
  #pinging = false
  readonly #options: Pick<SessionOptions, 'queue' | 'topics'>
  readonly #write: (data: Data) => void
  readonly #status: () => Status
  readonly #authenticate: () => Promise<string | undefined>

  constructor(
    options: Pick<SessionOptions, 'queue' | 'topics'>,
    write: (data: Data) => void,
    status: () => Status,
    authenticate: () => Promise<string | undefined> = async () => undefined,
  ) {
    super()
    this.#options = options
    this.#write = write
    this.#status = status
    this.#authenticate = authenticate
    this.topics = new ClientTopics(options.topics ?? {}, (event) => this.emit('topic', event))
  }

  push(data: Data, onOutcome?: (outcome: Outcome) => void): SendResult {
    if (!isData(data))
      throw new TypeError('holdfast: send: takes text or bytes. Use sendJson for other values.')
    if (this.#status() === 'closed') return 'dropped'
    // To count other text it is encoded, which costs more than sending it.
    const plain = typeof data === 'string' && !/[^ -~]/.test(data)
    const bytes = plain ? data.length : byteLength(data)
    const { outbox } = this
    const { messages = 1_000, bytes: room = 1_048_576 } = this.#options.queue ?? {}
    const message: Message = { data, bytes, onOutcome }
    if (!outbox.admits(message, this.#credit, [messages, room])) {
      const held = `${outbox.held.length} messages of ${outbox.bytes} bytes are waiting`
      const reason = `${bytes} bytes do not fit: ${held} (options queue.messages, queue.bytes)`
      this.emit('drop', { data, why: 'overflow', reason })
      return 'dropped'
    }
    message.data = snapshot(data)
    outbox.push(message)
    this.#pump()
    return outbox.written < outbox.acked + outbox.held.length ? 'queued' : 'sent'
  }

  /** Asks for an acknowledgement: once, however many messages of this turn want one. */
  pingSoon(): void {
    if (this.#pinging) return
    this.#pinging = true
    queueMicrotask(() => {
      this.#pinging = false
      this.connection?.send(this.ping())
    })
  }

  /** Asks `auth` and shows the server the fresh token. */
  async refresh(): Promise<void> {
    const token = await this.#authenticate()
    this.connection?.send(`!t${token ?? ''}`)
  }

  async hello(connection: Line): Promise<void> {
    // 160 random bits; `randomUUID` is for secure contexts only.
    this.#id ||= crypto.getRandomValues(new Uint32Array(5)).join('-')
    const hello = {
      v: 1,
      id: this.#id,
      n: ++this.#attempt,
      got: this.#got,
      auth: await this.token,
      can: ABILITIES,
    } as const
    const room = HELLO_LIMIT - byteLength(helloFrame(hello)) - 32
    connection.send(helloFrame({ ...hello, topics: this.topics.cursors(room) }))
  }

  ping(): string {
    return `!p${this.outbox.written}`
  }

  farewell(): void {
    if (this.#status() === 'closed') {
      this.#acknowledge()
      this.connection?.send('!f')
    }
    this.connection = undefined
  }

  /** The core is open: what is older goes first. */
  opened(): void {
    globalThis.addEventListener?.('pagehide', this.#acknowledge)
    const resumed = this.#got !== undefined
    // The hello said so.
    this.#told = this.#got ??= 0
    if (resumed) this.emit('resumed', { resent: this.outbox.highest - this.outbox.acked })
    this.#pump()
  }

  /** The core is closed for good. */
  closed(): void {
    this.farewell()
    globalThis.removeEventListener?.('pagehide', this.#acknowledge)
    this.emit('ended', this.#renew())
  }

  /** When to dial again after this close code, in ms; `null`: never; `undefined`: the server does not care. */
  wait(code: number): number | null | undefined {
    const after = this.#after
    this.#after = undefined
    if (code === TOO_BIG) this.#suspectLargest()
    if (code === 4401) return this.#denied++ ? null : after
    const final = code !== 4408 && code !== 4410 && isFinal(code)
    return final ? null : after
  }

  received(connection: Line, event: MessageEvent): void {
    const { data } = event
    if (this.topics.expectsBinary && typeof data !== 'string') return this.#topicBinary(connection, data)
    const frame = decode(data, fromServer)
    if (frame.type === 'refusal') return this.#refused(connection, frame.body)
    if (this.connection !== connection) {
      if (frame.type === 'welcome') this.#welcomed(connection, frame.body)
      else if (frame.type !== 'ignored') end(connection, 4400, frame.type)
      return
    }
    switch (frame.type) {
      case 'data':
        return this.#data(connection, event, frame.body)
      case 'ping':
        if (frame.body === this.#got) return this.#tell('!q')
        break
      case 'ack':
      case 'pong': {
        const acknowledged = this.outbox.ack(frame.body)
        if (!acknowledged) break
        settleOutcomes(acknowledged, 'delivered')
        if (frame.type === 'pong') connection.onmessage?.({ data: PONG })
        return this.#pump()
      }
      case 'end':
        this.#after = null
        return end(connection, 1000, '')
      case 'challenge':
        // A server that gets no token ends the connection, and the next hello brings one.
        return void this.refresh().catch(report)
      case 'topic':
        return this.topics.started(frame.body)
      case 'topic-data': {
        const message = this.topics.received(frame.body)
        if (message === null) break
        if (message) this.#topicMessage(connection, message, message.text)
        return
      }
      case 'topic-end':
        if (this.topics.ended(frame.body)) return
        break
      case 'ignored':
        return
    }
    end(connection, 4400, frame.type)
  }

  #data(connection: Line, event: MessageEvent, body: unknown): void {
    // Counted before the listeners run: one that throws or reconnects must not get the message twice.
    const { data } = event
    this.#got = (this.#got ?? 0) + 1
    this.#bytes += data.size ?? data.byteLength ?? data.length
    if (isAckDue(this.#credit, this.#got - this.#told, this.#bytes)) this.#acknowledge()
    else this.#timer ??= longTimeout(ACK_DELAY, this.#acknowledge)
    connection.onmessage?.(body === data ? event : new MessageEvent('message', { data: body }))
  }

  #topicBinary(connection: Line, data: unknown): void {
    const message = this.topics.takeBinary()
    if (message) this.#topicMessage(connection, message, data)
  }

  #topicMessage(connection: Line, { topic, cursor }: TopicMessage, data: unknown): void {
    const event = new MessageEvent('message', { data, lastEventId: cursor })
    connection.onmessage?.(Object.assign(event, { topic }))
    this.topics.handedOver(topic)
  }

  #welcomed(connection: Line, { got, win }: Welcome): void {
    // It has less than it had, or more than was ever sent: a store that lost its tail.
    const acknowledged = got <= this.outbox.highest ? this.outbox.resume(got) : undefined
    if (!acknowledged) return this.#refused(connection, { why: 'gone' })
    settleOutcomes(acknowledged, 'delivered')
    this.#dropTooLarge()
    this.#credit = win
    this.#denied = 0
    this.connection = connection
    this.topics.connected()
    connection.onopen?.()
  }

  #refused(connection: Line, { why, got, after }: ReceivedRefusal): void {
    // What a later version refuses for another reason is tried again.
    const code = Object.hasOwn(refusalCodes, why) ? refusalCodes[why as 'gone'] : refusalCodes.busy
    const outcomes = why === 'gone' || why === 'overflow' ? this.#renew(got) : undefined
    this.#after = after === undefined ? undefined : Math.random() * Math.min(after, LONGEST_AFTER)
    end(connection, code, why)
    if (outcomes) this.emit('fresh', { why: why as 'gone' | 'overflow', ...outcomes })
  }

  /**
   * The server has ended the connection because of a message that is too large. It does not say which: if any of those written
   * was, then the largest.
   */
  #suspectLargest(): void {
    const { held, highest, acked } = this.outbox
    let largest: Message | undefined
    for (const message of held.slice(0, highest - acked))
      if (!largest || message.bytes > largest.bytes) largest = message
    if (largest) this.#suspect = { message: largest, confirmed: this.#suspect?.message === largest }
  }

  /** Gives up a message that was too large twice, so that what is behind it goes on. */
  #dropTooLarge(): void {
    if (!this.#suspect?.confirmed) return
    const { message } = this.#suspect
    this.#suspect = undefined
    if (!this.outbox.remove(message)) return
    const reason = `the server does not take a message of ${message.bytes} bytes (close code 1009)`
    settleOutcomes([message], 'lost', reason)
    this.emit('drop', { data: message.data, why: 'overflow', reason })
  }

  /** Writes what there is room for. */
  #pump(): void {
    if (this.#status() !== 'open') return
    for (let next = this.outbox.next(this.#credit); next; next = this.outbox.next(this.#credit))
      this.#write(escaped(next.data))
  }

  /** Tells the server now what we have got; a page that is left can do no more. */
  readonly #acknowledge = (): void => {
    if ((this.#got ?? 0) > this.#told) this.#tell('!a')
    this.#timer?.()
    this.#timer = undefined
  }

  /** Says what we have got, in an acknowledgement or in a pong. */
  #tell(how: '!a' | '!q'): void {
    this.#bytes = 0
    this.#told = this.#got ?? 0
    this.connection?.send(`${how}${this.#told}`)
  }

  /** Ends the session: the next hello begins a new one. `got`: what the server says it has, -1 where it does not. */
  #renew(got = -1): Outcomes {
    const { outbox } = this
    const acknowledged = outbox.resume(got)
    const { acked, highest, held } = outbox
    this.outbox = new Outbox()
    this.#suspect = undefined
    this.#got = undefined
    this.#id = ''
    return {
      delivered: settleOutcomes(acknowledged ?? [], 'delivered'),
      unknown: settleOutcomes(held.splice(0, acknowledged ? 0 : highest - acked), 'unknown'),
      lost: settleOutcomes(held, 'lost'),
    }
  }
}
