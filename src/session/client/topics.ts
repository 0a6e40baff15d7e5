import { cursorOf, parseCursor, type TopicData, type TopicStart } from '../protocol/frames.ts'

/** What a client is told about a topic that the server has subscribed it to. */
export type TopicEvent =
  /** The topic is new to this session. Messages after `cursor` follow. */
  | { type: 'subscribed'; topic: string; cursor: string }
  /** Everything that was in the log when the topic was announced has arrived. */
  | { type: 'caught-up'; topic: string; cursor: string }
  /**
   * Messages between the place `since` and `cursor` are missing: the log does not reach back that far, or it was lost. Get the
   * present state from the server. `missed` is how many there are, where that is known.
   */
  | { type: 'gap'; topic: string; cursor: string; since: string; missed?: number }
  /** The server has ended the subscription. */
  | { type: 'unsubscribed'; topic: string }

/** A message of a topic. `lastEventId` is its cursor. */
export interface TopicMessage {
  topic: string
  /** The number that stands for the topic on the connection that brought it. */
  as: number
  cursor: string
  /** Absent: the next binary frame is the payload. */
  text?: string
}

interface Place {
  epoch: string
  offset: number
}

interface Announced {
  topic: string
  /** The offset up to which the topic is not caught up. */
  last: number
}

/** The client's places in its topics. They outlive connections and sessions. */
export class ClientTopics {
  readonly #places = new Map<string, Place>()
  /** By the numbers of the present connection. */
  readonly #announced = new Map<number, Announced>()
  /** The binary message that the next binary frame brings; null: one that is here already. */
  #expected: TopicMessage | null | undefined
  readonly #emit: (event: TopicEvent) => void

  constructor(cursors: Readonly<Record<string, string>>, emit: (event: TopicEvent) => void) {
    this.#emit = emit
    for (const [topic, cursor] of Object.entries(cursors)) {
      const place = parseCursor(cursor)
      if (!place)
        throw new TypeError(
          `holdfast: topics.${topic}: must be a cursor such as 'k3f:120', not ${String(cursor)}`,
        )
      this.#places.set(topic, place)
    }
  }

  cursor(topic: string): string | undefined {
    const place = this.#places.get(topic)
    return place && cursorOf(place.epoch, place.offset)
  }

  /** The cursors that fit in so many characters of JSON, the latest subscriptions first. */
  cursors(room: number): Record<string, string> | undefined {
    const chosen: [string, string][] = []
    let left = room
    for (const [topic, { epoch, offset }] of [...this.#places].reverse()) {
      const cursor = cursorOf(epoch, offset)
      left -= new TextEncoder().encode(JSON.stringify(topic)).length + cursor.length + 4
      if (left > 0) chosen.push([topic, cursor])
    }
    return chosen.length ? Object.fromEntries(chosen) : undefined
  }

  /** A new connection: numbers are given anew. */
  connected(): void {
    this.#announced.clear()
    this.#expected = undefined
  }

  /** Whether the next binary frame belongs to a topic. */
  get expectsBinary(): boolean {
    return this.#expected !== undefined
  }

  /** That frame arrived. Returns undefined when the message was received before. */
  takeBinary(): TopicMessage | undefined {
    const expected = this.#expected ?? undefined
    this.#expected = undefined
    return expected && this.#advance(expected)
  }

  started({ topic, as, epoch, at, last, since }: TopicStart): void {
    const own = this.#places.get(topic) ?? parseCursorOrUnknown(since)
    const known = own?.epoch === epoch && own.offset <= last
    const isNew = !this.#places.has(topic)
    // What is sent again from an earlier place is recognised by its offset.
    const place = known ? { epoch, offset: Math.max(own.offset, at) } : { epoch, offset: at }
    this.#places.set(topic, place)
    this.#announced.set(as, { topic, last })
    const cursor = cursorOf(epoch, place.offset)
    if (isNew) this.#emit({ type: 'subscribed', topic, cursor })
    if (own && (!known || own.offset < at)) {
      const gap = { type: 'gap', topic, cursor, since: cursorOf(own.epoch, own.offset) } as const
      this.#emit(known ? { ...gap, missed: at - own.offset } : gap)
    }
    this.#look(as)
  }

  /** Returns the message; undefined where it is here already; null where it cannot be. */
  received({ as, offset, text }: TopicData): TopicMessage | undefined | null {
    const topic = this.#announced.get(as)?.topic
    const place = topic === undefined ? undefined : this.#places.get(topic)
    if (topic === undefined || !place || offset > place.offset + 1 || this.#expected !== undefined)
      return null
    const message = { topic, as, cursor: cursorOf(place.epoch, offset) }
    const known = offset <= place.offset
    if (text === undefined) {
      this.#expected = known ? null : message
      return undefined
    }
    return known ? undefined : this.#advance({ ...message, text })
  }

  /** Emits `caught-up` once the last message that the announcement promised has been handed over. */
  handedOver({ as }: TopicMessage): void {
    this.#look(as)
  }

  ended(as: number): boolean {
    const topic = this.#announced.get(as)?.topic
    if (topic === undefined) return false
    this.#announced.delete(as)
    this.#places.delete(topic)
    this.#emit({ type: 'unsubscribed', topic })
    return true
  }

  #look(as: number): void {
    const announced = this.#announced.get(as)
    const place = announced && this.#places.get(announced.topic)
    if (!announced || !place || place.offset < announced.last) return
    announced.last = Number.POSITIVE_INFINITY
    this.#emit({ type: 'caught-up', topic: announced.topic, cursor: cursorOf(place.epoch, place.offset) })
  }

  /** Counted before the listeners run: one that throws or reconnects must not get it twice. */
  #advance(message: TopicMessage): TopicMessage {
    const place = parseCursor(message.cursor)
    if (place) this.#places.set(message.topic, place)
    return message
  }
}

/** A place that the server names and that is no cursor is a place that nobody knows any more. */
function parseCursorOrUnknown(since: string | undefined): Place | undefined {
  return since === undefined ? undefined : (parseCursor(since) ?? { epoch: '', offset: 0 })
}
