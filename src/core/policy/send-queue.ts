/** What may be stored, and which message is dropped when there is no room. */
export interface QueueLimits {
  messages: number
  bytes: number
  overflow: 'newest' | 'oldest'
  /** In ms. */
  ttl: number
  perSecond: number
}

interface Entry<Item> {
  item: Item
  bytes: number
  since: number
}

/** Messages waiting for a connection, in order, bounded in number, bytes and age. Times are monotonic, in ms. */
export class SendQueue<Item> {
  bytes = 0
  readonly #entries: Entry<Item>[] = []
  readonly limits: QueueLimits

  constructor(limits: QueueLimits) {
    this.limits = limits
  }

  get length(): number {
    return this.#entries.length
  }

  /**
   * Stores a message. Returns those dropped to make room for it; `null` when it does not fit.
   *
   * @param makeRoom whether older messages may be dropped for it, if the limits say so
   */
  push(item: Item, bytes: number, now: number, makeRoom = true): Item[] | null {
    const { messages, bytes: maxBytes, overflow } = this.limits
    let count = 0
    let excess = this.bytes + bytes - maxBytes
    const isFull = () => this.#entries.length - count >= messages || excess > 0
    // Removed together: one by one, each removal would move all the others.
    if (makeRoom && overflow === 'oldest' && messages > 0 && bytes <= maxBytes)
      while (isFull()) excess -= this.#entries[count++]?.bytes ?? 0
    if (isFull()) return null
    const dropped = this.#remove(count)
    this.#entries.push({ item, bytes, since: now })
    this.bytes += bytes
    return dropped
  }

  /** Removes and returns the messages that have waited for `ttl` or longer. */
  expired(now: number): Item[] {
    const fresh = this.#entries.findIndex(({ since }) => now - since < this.limits.ttl)
    return this.#remove(fresh < 0 ? this.#entries.length : fresh)
  }

  /** In how many ms the oldest message expires; `Infinity`: never. */
  expiresIn(now: number): number {
    const oldest = this.#entries[0]
    return oldest ? Math.max(0, oldest.since + this.limits.ttl - now) : Infinity
  }

  /** Removes and returns all messages. */
  clear(): Item[] {
    return this.#remove(this.#entries.length)
  }

  /** Removes messages from the front while `accept` returns true for them, `limit` at most. */
  takeWhile(accept: (item: Item) => boolean, limit = Infinity): void {
    let taken = 0
    // Removed together at the end, and exactly those accepted: `accept` may send, which adds to the end.
    while (taken < Math.min(limit, this.#entries.length)) {
      const entry = this.#entries[taken]
      if (!entry || !accept(entry.item)) break
      taken++
    }
    this.#remove(taken)
  }

  #remove(count: number): Item[] {
    const removed = this.#entries.splice(0, count)
    for (const { bytes } of removed) this.bytes -= bytes
    return removed.map(({ item }) => item)
  }
}
