/** What may be held, and what gives way when there is no room. */
export interface QueueLimits {
  messages: number
  bytes: number
  overflow: 'newest' | 'oldest'
  ttl: number
}

interface Held<Item> {
  item: Item
  bytes: number
  since: number
}

/** Messages waiting for a connection, in order, bounded in number, bytes and age. */
export class SendQueue<Item> {
  bytes = 0
  readonly #held: Held<Item>[] = []
  readonly #limits: QueueLimits

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** Takes one in, and answers with those given up for it; `null` when it does not fit. */
  push(item: Item, bytes: number, now: number): Item[] | null {
    const { messages, bytes: room, overflow } = this.#limits
    const gone: Item[] = []
    const full = () => this.#held.length >= messages || this.bytes + bytes > room
    if (overflow === 'oldest' && messages && bytes <= room) while (full()) gone.push(...this.#cut(1))
    if (full()) return null
    this.#held.push({ item, bytes, since: now })
    this.bytes += bytes
    return gone
  }

  /** Takes out those that have waited longer than they are worth. */
  expired(now: number): Item[] {
    return this.take((_, since) => now - since > this.#limits.ttl)
  }

  /** Takes out the first few, for as long as they are `wanted`. */
  take(wanted: (item: Item, since: number) => boolean = () => true): Item[] {
    const end = this.#held.findIndex(({ item, since }) => !wanted(item, since))
    return this.#cut(end < 0 ? Infinity : end)
  }

  #cut(count: number): Item[] {
    const cut = this.#held.splice(0, count)
    for (const { bytes } of cut) this.bytes -= bytes
    return cut.map(({ item }) => item)
  }
}
