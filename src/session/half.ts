import type { Data } from '../types.ts'
import { Inbox } from './inbox.ts'
import { type Line, PONG, type Reader } from './line.ts'
import { Outbox } from './outbox.ts'
import { type Credit, codes, decode, fromServer, hello, type Refusal, type Welcome } from './protocol.ts'

/** What became of a message. `unknown`: it was written to a connection, and nobody can tell whether it arrived. */
export type Outcome = 'delivered' | 'lost' | 'unknown'

/** What became of the messages that were not acknowledged when a session ended, in the order in which they were sent. */
export type Outcomes = Record<Outcome, Data[]>

export interface Message {
  data: Data
  bytes: number
  settle?: ((outcome: Outcome) => void) | undefined
}

/** Whose half it is. */
export interface Owner {
  /** Writes what there is room for. */
  pump(): void
  fresh(fresh: Outcomes & { why: Refusal['why'] }): void
  /** Whether it is closed for good. */
  closed(): boolean
}

/** How long an acknowledgement may be owed, in ms. */
const SOON = 1_000

/** The client's half of a session: what both ends count, over one line at a time. */
export class Half implements Reader {
  credit: Credit = [1_000, 1_048_576]
  /** What authenticates us, for the next hello. */
  token: string | undefined
  /** The server goes down, and wants us back at a random time within so many ms. */
  after: number | undefined
  /** A welcome has come in this session. */
  known = false
  /** The server has ended the session. */
  over = false
  /** The line that the server has welcomed us on, until it ends. */
  line: Line | undefined
  outbox = new Outbox<Message>()
  #inbox = new Inbox(this.credit)
  #id = ''
  #attempt = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  /** What came before the core was ready to show it. */
  #early: MessageEvent[] | undefined
  readonly #owner: Owner

  constructor(owner: Owner) {
    this.#owner = owner
  }

  hello(): string {
    // 160 random bits; `randomUUID` is for secure contexts only.
    this.#id ||= crypto.getRandomValues(new Uint32Array(5)).join('-')
    const got = this.known ? this.#inbox.got : undefined
    return hello({ v: 1, id: this.#id, n: ++this.#attempt, got, auth: this.token })
  }

  ping(): string {
    return `!p${this.outbox.written}`
  }

  farewell(): void {
    if (this.#owner.closed()) {
      this.acknowledge()
      this.line?.send('!f')
    }
    this.line = undefined
  }

  /** The core is open: what is older goes first, then what has come meanwhile is shown. */
  opened(line = this.line): void {
    const early = this.#early ?? []
    this.#early = undefined
    this.#owner.pump()
    for (const event of early) if (line && this.line === line) this.received(line, event)
  }

  received(line: Line, event: MessageEvent): void {
    const { data } = event
    const inbox = this.#inbox
    const frame = decode(data, fromServer)
    if (frame.is === 'x') return this.#refused(line, frame.body)
    if (this.line !== line) {
      if (frame.is === 'w') return this.#welcomed(line, frame.body)
    } else if (this.#early) {
      this.#early.push(event)
      return
    } else if (frame.is === 'data') {
      // Counted before anybody hears it: a listener may throw, or reconnect, and must not get it twice.
      inbox.received(data.size ?? data.byteLength ?? data.length)
      if (inbox.due(inbox.got)) this.acknowledge()
      else this.#timer ??= setTimeout(() => this.acknowledge(), SOON)
      const { text } = frame
      return line.onmessage?.(text === undefined ? event : new MessageEvent('message', { data: text }))
    } else if (frame.is === 'f') {
      this.over = true
      return line.end(1000, '')
    } else if (frame.is === 'p' && frame.count === inbox.at) return line.send(`!q${inbox.tell(inbox.got)}`)
    else if (frame.is === 'a' || frame.is === 'q') {
      const gone = this.outbox.ack(frame.count)
      if (gone) {
        settle(gone, 'delivered')
        if (frame.is === 'q') line.onmessage?.({ data: PONG })
        return this.#owner.pump()
      }
    }
    line.end(4400, `${data}`.slice(0, 20))
  }

  /** Tells the server now what we have got. */
  acknowledge(): void {
    const inbox = this.#inbox
    if (inbox.got > inbox.acked) this.line?.send(`!a${inbox.tell(inbox.got)}`)
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Ends the session: the next hello makes a new one. `got`: what the server says it has. */
  renew(got?: number): Outcomes {
    const delivered = got === undefined ? undefined : this.outbox.resume(got)
    const { unknown, lost } = this.outbox.take()
    if (delivered) lost.unshift(...unknown.splice(0))
    this.outbox = new Outbox()
    this.#inbox = new Inbox(this.credit)
    this.#id = ''
    this.#attempt = 0
    this.known = this.over = false
    return {
      delivered: settle(delivered ?? [], 'delivered'),
      lost: settle(lost, 'lost'),
      unknown: settle(unknown, 'unknown'),
    }
  }

  #welcomed(line: Line, { got, win }: Welcome): void {
    if (got > this.outbox.highest) return line.end(4400, 'got')
    const gone = this.outbox.resume(got)
    // It has less than it had: a store that came back from an old copy.
    if (!gone) return this.#refused(line, { why: 'gone' })
    settle(gone, 'delivered')
    this.#inbox.resume(this.#inbox.got)
    this.credit = this.#inbox.credit = win
    this.line = line
    this.#early = []
    line.onopen?.()
  }

  #refused(line: Line, { why, got, after }: Refusal): void {
    const outcomes = codes[why] === 4410 && this.renew(got)
    if (why === 'restart') this.after = after ?? 0
    this.line = undefined
    line.end(codes[why], why)
    if (outcomes) this.#owner.fresh({ why, ...outcomes })
  }
}

function settle(messages: Message[], outcome: Outcome): Data[] {
  return messages.map(({ data, settle }) => {
    settle?.(outcome)
    return data
  })
}
