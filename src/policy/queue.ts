/** What may be held, and what gives way when there is no room. */
export interface Limits {
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
export class Queue<Item> {
  bytes = 0
  #held: Held<Item>[] = []
  /** Where the first one stands: taking them out one by one must not move all the others each time. */
  #head = 0
  readonly #limits: Limits

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get first(): Item | undefined {
    return this.#held[this.#head]?.item
  }

  /** Takes one in, and answers with those given up for it; `null` when it does not fit. */
  push(item: Item, bytes: number, now: number): Item[] | null {
    const { messages, bytes: room, overflow } = this.#limits
    const gone: Item[] = []
    const full = () => this.#held.length - this.#head >= messages || this.bytes + bytes > room
    if (overflow === 'oldest' && messages && bytes <= room) while (full()) gone.push(...this.take(1))
    if (full()) return null
    this.#held.push({ item, bytes, since: now })
    this.bytes += bytes
    return gone
  }

  /** Takes out those that have waited longer than they are worth. */
  expired(now: number): Item[] {
    let end = this.#head
    for (let held = this.#held[end]; held && now - held.since > this.#limits.ttl; held = this.#held[end])
      end++
    return this.take(end - this.#head)
  }

  /** Takes out the first few, or all. */
  take(count = Infinity): Item[] {
    const taken = this.#held.slice(this.#head, this.#head + count)
    this.#head += taken.length
    if (this.#head * 2 > this.#held.length) {
      this.#held = this.#held.slice(this.#head)
      this.#head = 0
    }
    for (const { bytes } of taken) this.bytes -= bytes
    return taken.map(({ item }) => item)
  }
}
