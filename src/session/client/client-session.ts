import { byteLength, isData, snapshot } from '../../core/binary.ts'
import { Emitter } from '../../core/emitter.ts'
import type { Data, SendResult, Status } from '../../core/events.ts'
import { longTimeout, type Timer } from '../../core/long-timeout.ts'
import { isFinal } from '../../core/policy/close-codes.ts'
import type { Credit, Hello, Refusal, Welcome } from '../protocol/frames.ts'
import { codes, decode, escaped, fromServer } from '../protocol/frames.ts'
import { due } from '../protocol/inbox.ts'
import { Outbox } from '../protocol/outbox.ts'
import { end, type Line, PONG, type Reader } from './line.ts'
import type { Own, SessionOptions } from './options.ts'
import { type Message, type Outcome, type Outcomes, settleOutcomes } from './outcomes.ts'

/** How long an acknowledgement may be owed, in ms. */
const SOON = 1_000

/** The client's half of a session: what both ends count, over one line at a time. */
export class ClientSession extends Emitter<Own> implements Reader {
  outbox = new Outbox<Message>()
  /** What authenticates us, for the next hello. */
  token: Promise<string | undefined> | undefined
  /** The line that the server has welcomed us on, until it ends. */
  line: Line | undefined
  #credit: Credit = [1_000, 1_048_576]
  #id = ''
  #attempt = 0
  /** How many data frames of the session were received; undefined until a welcome has come in it. */
  #got: number | undefined
  /** How many of them the server was told of, and the bytes received since then. */
  #told = 0
  #bytes = 0
  #timer: Timer | undefined
  /** The server's word on when to dial again, in ms. `null`: never, it has ended the session. */
  #after: number | null | undefined
  /** How often we were not let in since we last were. */
  #denied = 0
  readonly #options: Pick<SessionOptions, 'queue'>
  readonly #write: (data: Data) => void
  readonly #status: () => Status

  constructor(options: Pick<SessionOptions, 'queue'>, write: (data: Data) => void, status: () => Status) {
    super()
    this.#options = options
    this.#write = write
    this.#status = status
  }

  push(data: Data, settle?: (outcome: Outcome) => void): SendResult {
    if (!isData(data)) throw new TypeError('Sends text and bytes')
    if (this.#status() === 'closed') return 'dropped'
    // To count other text it is encoded, which costs more than sending it.
    const plain = typeof data === 'string' && !/[^ -~]/.test(data)
    const bytes = plain ? data.length : byteLength(data)
    const { outbox } = this
    const { messages = 1_000, bytes: room = 1_048_576 } = this.#options.queue ?? {}
    if (
      outbox.held.length >= this.#credit[0] + messages ||
      (outbox.held.length && outbox.bytes + bytes > this.#credit[1] + room)
    ) {
      this.emit('drop', { data, why: 'overflow' })
      return 'dropped'
    }
    outbox.push({ data: snapshot(data), bytes, settle })
    this.#pump()
    return outbox.written < outbox.acked + outbox.held.length ? 'queued' : 'sent'
  }

  async hello(line: Line): Promise<void> {
    // 160 random bits; `randomUUID` is for secure contexts only.
    this.#id ||= crypto.getRandomValues(new Uint32Array(5)).join('-')
    const hello: Hello = { v: 1, id: this.#id, n: ++this.#attempt, got: this.#got, auth: await this.token }
    line.send(`!h${JSON.stringify(hello)}`)
  }

  ping(): string {
    return `!p${this.outbox.written}`
  }

  farewell(): void {
    if (this.#status() === 'closed') {
      this.#acknowledge()
      this.line?.send('!f')
    }
    this.line = undefined
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
    const final = code === 4401 ? this.#denied++ : code !== 4408 && code !== 4410 && isFinal(code)
    return final ? null : after
  }

  received(line: Line, event: MessageEvent): void {
    const { data } = event
    const { is, body } = decode(data, fromServer)
    if (is === 'x') return this.#refused(line, body)
    if (this.line !== line) {
      if (is === 'w' && body.got <= this.outbox.highest) return this.#welcomed(line, body)
    } else if (is === 'data') {
      // Counted before anybody hears it: a listener may throw, or reconnect, and must not get it twice.
      ;(this.#got as number)++
      this.#bytes += data.size ?? data.byteLength ?? data.length
      if (due(this.#credit, (this.#got as number) - this.#told, this.#bytes)) this.#acknowledge()
      else this.#timer ??= longTimeout(SOON, this.#acknowledge)
      return line.onmessage?.(body === data ? event : new MessageEvent('message', { data: body }))
    } else if (is === 'f') {
      this.#after = null
      return end(line, 1000, '')
    } else if (is === 'p' && body === this.#got) return this.#tell('!q')
    else if (is === 'a' || is === 'q') {
      const gone = this.outbox.ack(body)
      if (gone) {
        settleOutcomes(gone, 'delivered')
        if (is === 'q') line.onmessage?.({ data: PONG })
        return this.#pump()
      }
    }
    end(line, 4400, is)
  }

  #welcomed(line: Line, { got, win }: Welcome): void {
    const gone = this.outbox.resume(got)
    // It has less than it had: a store that came back from an old copy.
    if (!gone) return this.#refused(line, { why: 'gone' })
    settleOutcomes(gone, 'delivered')
    this.#credit = win
    this.#denied = 0
    this.line = line
    line.onopen?.()
  }

  #refused(line: Line, { why, got, after }: Refusal): void {
    const outcomes = codes[why] === 4410 && this.#renew(got)
    this.#after = after && Math.random() * after
    end(line, codes[why], why)
    if (outcomes) this.emit('fresh', { why, ...outcomes })
  }

  /** Writes what there is room for. */
  #pump(): void {
    if (this.#status() !== 'open') return
    for (let next = this.outbox.next(this.#credit); next; next = this.outbox.next(this.#credit))
      this.#write(escaped(next.data))
  }

  /** Tells the server now what we have got; that is all that a page which is left can do. */
  readonly #acknowledge = (): void => {
    if ((this.#got as number) > this.#told) this.#tell('!a')
    this.#timer?.()
    this.#timer = undefined
  }

  /** Says what we have got, in an acknowledgement or in a pong. */
  #tell(how: '!a' | '!q'): void {
    this.#bytes = 0
    this.#told = this.#got as number
    this.line?.send(how + this.#got)
  }

  /** Ends the session: the next hello makes a new one. `got`: what the server says it has. */
  #renew(got = -1): Outcomes {
    const { outbox } = this
    const gone = outbox.resume(got)
    const { acked, highest, held } = outbox
    this.outbox = new Outbox()
    this.#got = undefined
    this.#id = ''
    return {
      delivered: settleOutcomes(gone ?? [], 'delivered'),
      unknown: settleOutcomes(held.splice(0, gone ? 0 : highest - acked), 'unknown'),
      lost: settleOutcomes(held, 'lost'),
    }
  }
}
