import type { Item } from './socket.ts'
import type { TopicBounds, TopicLog, TopicMember, TopicPage, TopicPosition } from './store.ts'

interface Entry {
  item: Item
  /** On the clock of `sweep`. */
  at: number
}

interface Log {
  epoch: string
  /** The offset of the newest message. */
  last: number
  entries: Entry[]
  bytes: number
  /** Keys of published messages, oldest first, with their offsets. */
  keys: Map<string, { offset: number; at: number }>
  /** When it last had a message or a reader. */
  used: number
  added: ((page: TopicPage) => void) | undefined
}

/** How long the key of a message is kept, in s. */
const KEYS_KEPT = 600
/** How many bytes one page holds, about. */
const PAGE = 1_048_576

/** The logs of topics of a single process. */
export class MemoryTopics implements TopicLog {
  readonly #logs = new Map<string, Log>()
  readonly #members = new Map<string, Map<string, TopicMember>>()
  #bounds: TopicBounds = { messages: 1_000, bytes: 1_048_576, age: 3_600 }
  #clock = 0

  start(bounds: TopicBounds): void {
    this.#bounds = bounds
  }

  publish(topic: string, item: Item, key?: string): TopicPosition {
    const log = this.#log(topic)
    const known = key === undefined ? undefined : log.keys.get(key)
    if (known) return { epoch: log.epoch, offset: known.offset }
    log.entries.push({ item, at: this.#clock })
    log.bytes += item.bytes
    const offset = ++log.last
    if (key !== undefined) log.keys.set(key, { offset, at: this.#clock })
    const { messages, bytes } = this.#bounds
    // The newest message stays, whatever its size: it can be read once.
    while (log.entries.length > 1 && (log.entries.length > messages || log.bytes > bytes)) this.#trim(log)
    log.added?.({ epoch: log.epoch, from: offset, items: [item], last: offset })
    return { epoch: log.epoch, offset }
  }

  read(topic: string, after: number, limit: number): TopicPage {
    const { epoch, last, entries } = this.#log(topic)
    const first = last - entries.length + 1
    const from = Math.min(Math.max(after + 1, first), last + 1)
    const items: Item[] = []
    let bytes = 0
    for (let at = from - first; at < entries.length && items.length < limit && bytes < PAGE; at++) {
      const item = entries[at]?.item
      if (!item) break
      items.push(item)
      bytes += item.bytes
    }
    return { epoch, from, items, last }
  }

  follow(topic: string, added: (page: TopicPage) => void): TopicPosition {
    const log = this.#log(topic)
    log.added = added
    return { epoch: log.epoch, offset: log.last }
  }

  unfollow(topic: string): void {
    const log = this.#logs.get(topic)
    if (log) log.added = undefined
  }

  join(topic: string, member: TopicMember): boolean {
    const members = this.#members.get(topic) ?? new Map<string, TopicMember>()
    this.#members.set(topic, members)
    if (members.has(member.id)) return false
    members.set(member.id, member)
    return true
  }

  leave(topic: string, { id }: TopicMember): boolean {
    const members = this.#members.get(topic)
    const was = members?.delete(id) ?? false
    if (!members?.size) this.#members.delete(topic)
    return was
  }

  members(topic: string): TopicMember[] {
    return [...(this.#members.get(topic)?.values() ?? [])]
  }

  /** Removes what is too old; `clock` in s. A log that nobody follows goes when its last message does. */
  sweep(clock: number): void {
    this.#clock = clock
    const before = clock - this.#bounds.age
    for (const [topic, log] of this.#logs) {
      while (log.entries[0] && log.entries[0].at <= before) this.#trim(log)
      for (const [key, { at }] of log.keys) {
        if (at > clock - Math.min(KEYS_KEPT, this.#bounds.age)) break
        log.keys.delete(key)
      }
      if (!log.entries.length && !log.added && log.used <= before) this.#logs.delete(topic)
    }
  }

  #trim(log: Log): void {
    log.bytes -= log.entries.shift()?.item.bytes ?? 0
  }

  #log(topic: string): Log {
    let log = this.#logs.get(topic)
    if (!log) {
      const [one, two] = crypto.getRandomValues(new Uint32Array(2))
      const epoch = `${one?.toString(36)}${two?.toString(36)}`
      log = { epoch, last: 0, entries: [], bytes: 0, keys: new Map(), used: 0, added: undefined }
      this.#logs.set(topic, log)
    }
    log.used = this.#clock
    return log
  }
}
