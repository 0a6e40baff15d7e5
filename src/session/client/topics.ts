import { cursorOf, parseCursor, type TopicData, type TopicStart } from '../protocol/frames.ts'

/** The value of a `topic` event: what happened to a topic that the server has subscribed this session to. */
export type TopicEvent =
  /** The topic is new to this session. Messages after `cursor` follow. */
  | { type: 'subscribed'; topic: string; cursor: string }
  /** Everything that was in the log when the topic was announced has arrived. */
  | { type: 'caught-up'; topic: string; cursor: string }
  /**
   * Messages between the position `since` and `cursor` are missing: the log does not reach back that far, or it was lost. Get the
   * present state from the server. `missed` is how many there are, where that is known.
   */
  | { type: 'gap'; topic: string; cursor: string; since: string; missed?: number }
  /** The server has ended the subscription. */
  | { type: 'unsubscribed'; topic: string }

/** A message of a topic. `lastEventId` is its cursor. */
export interface TopicMessage {
  topic: string
  /** The number of the topic on the connection over which it arrived. */
  as: number
  cursor: string
  /** Absent: the next binary frame is the payload. */
  text?: string
}

interface Position {
  epoch: string
  offset: number
}

interface Announced {
  topic: string
  /** The offset up to which the topic is not caught up. */
  last: number
}

/** The client's positions in its topics, which are kept over connections and sessions. */
export class ClientTopics {
  readonly #positions = new Map<string, Position>()
  /** The topics that were announced on the present connection, by their number. */
  readonly #announced = new Map<number, Announced>()
  /** The message whose payload is the next binary frame; null: a message that was received before. */
  #expected: TopicMessage | null | undefined
  readonly #emit: (event: TopicEvent) => void

  constructor(cursors: Readonly<Record<string, string>>, emit: (event: TopicEvent) => void) {
    this.#emit = emit
    for (const [topic, cursor] of Object.entries(cursors)) {
      const position = parseCursor(cursor)
      if (!position)
        throw new TypeError(
          `holdfast: topics.${topic}: must be a cursor such as 'k3f:120', not ${String(cursor)}`,
        )
      this.#positions.set(topic, position)
    }
  }

  cursor(topic: string): string | undefined {
    const position = this.#positions.get(topic)
    return position && cursorOf(position.epoch, position.offset)
  }

  /** The cursors that fit in so many characters of JSON, the latest subscriptions first. */
  cursors(room: number): Record<string, string> | undefined {
    const chosen: [string, string][] = []
    let left = room
    for (const [topic, { epoch, offset }] of [...this.#positions].reverse()) {
      const cursor = cursorOf(epoch, offset)
      left -= new TextEncoder().encode(JSON.stringify(topic)).length + cursor.length + 4
      if (left > 0) chosen.push([topic, cursor])
    }
    return chosen.length ? Object.fromEntries(chosen) : undefined
  }

  /** A new connection: the server announces the topics again, with new numbers. */
  connected(): void {
    this.#announced.clear()
    this.#expected = undefined
  }

  /** Whether the next binary frame belongs to a topic. */
  get expectsBinary(): boolean {
    return this.#expected !== undefined
  }

  /** That frame has arrived. Returns undefined when the message was received before. */
  takeBinary(): TopicMessage | undefined {
    const expected = this.#expected ?? undefined
    this.#expected = undefined
    return expected && this.#advance(expected)
  }

  started({ topic, as, epoch, at, last, since }: TopicStart): void {
    const own = this.#positions.get(topic) ?? parseCursorOrUnknown(since)
    const known = own?.epoch === epoch && own.offset <= last
    const isNew = !this.#positions.has(topic)
    // Messages that are sent again are recognised by their offset.
    const position = known ? { epoch, offset: Math.max(own.offset, at) } : { epoch, offset: at }
    this.#positions.set(topic, position)
    this.#announced.set(as, { topic, last })
    const cursor = cursorOf(epoch, position.offset)
    if (isNew) this.#emit({ type: 'subscribed', topic, cursor })
    if (own && (!known || own.offset < at)) {
      const gap = { type: 'gap', topic, cursor, since: cursorOf(own.epoch, own.offset) } as const
      this.#emit(known ? { ...gap, missed: at - own.offset } : gap)
    }
    this.#emitIfCaughtUp(as)
  }

  /** Returns the message; undefined if it was received before, or its payload follows; null for a protocol error. */
  received({ as, offset, text }: TopicData): TopicMessage | undefined | null {
    const topic = this.#announced.get(as)?.topic
    const position = topic === undefined ? undefined : this.#positions.get(topic)
    if (topic === undefined || !position || offset > position.offset + 1 || this.#expected !== undefined)
      return null
    const message = { topic, as, cursor: cursorOf(position.epoch, offset) }
    const known = offset <= position.offset
    if (text === undefined) {
      this.#expected = known ? null : message
      return undefined
    }
    return known ? undefined : this.#advance({ ...message, text })
  }

  /** Emits `caught-up` once the message has been handed over that was the newest one when the topic was announced. */
  handedOver({ as }: TopicMessage): void {
    this.#emitIfCaughtUp(as)
  }

  ended(as: number): boolean {
    const topic = this.#announced.get(as)?.topic
    if (topic === undefined) return false
    this.#announced.delete(as)
    this.#positions.delete(topic)
    this.#emit({ type: 'unsubscribed', topic })
    return true
  }

  #emitIfCaughtUp(as: number): void {
    const announced = this.#announced.get(as)
    const position = announced && this.#positions.get(announced.topic)
    if (!announced || !position || position.offset < announced.last) return
    announced.last = Number.POSITIVE_INFINITY
    this.#emit({
      type: 'caught-up',
      topic: announced.topic,
      cursor: cursorOf(position.epoch, position.offset),
    })
  }

  /** Counted before the listeners run: one that throws or reconnects must not receive the message twice. */
  #advance(message: TopicMessage): TopicMessage {
    const position = parseCursor(message.cursor)
    if (position) this.#positions.set(message.topic, position)
    return message
  }
}

/** If `since` is not a valid cursor, the position counts as one of an unknown log, which is reported as a gap. */
function parseCursorOrUnknown(since: string | undefined): Position | undefined {
  return since === undefined ? undefined : (parseCursor(since) ?? { epoch: '', offset: 0 })
}
