import { MemoryTopics } from './memory-topics.ts'
import type { Answer, Bounds, Claim, Store } from './store.ts'

interface Held {
  principal: string
  n: number
}

interface Tombstone {
  principal: string
  got: number
  /** On the clock of `sweep`. */
  until: number
}

/** How many ended sessions are remembered at most. */
const TOMBSTONES = 100_000

/** The store of a single process: what a session holds stays in its session object. */
export class MemoryStore implements Store {
  readonly shared = false
  readonly topics = new MemoryTopics()
  readonly #held = new Map<string, Held>()
  /** In the order in which they end. */
  readonly #tombstones = new Map<string, Tombstone>()
  #keep = 0
  /** In s, counted by `sweep`: the clock of the machine may be set. */
  #clock = 0

  start(_host: unknown, { tombstone, topics }: Bounds): void {
    this.#keep = tombstone
    this.topics.start(topics)
  }

  claim({ name, n, got, principal }: Claim): Answer {
    const held = this.#held.get(name)
    if (held) {
      if (held.principal !== principal) return { type: 'refused', why: 'denied' }
      if (n <= held.n) return { type: 'refused', why: 'stale' }
      held.n = n
      return { type: 'resumed' }
    }
    const tombstone = this.#tombstones.get(name)
    // An id is never used again: a hello that arrives late must not create a session.
    if (tombstone) {
      if (tombstone.principal !== principal) return { type: 'refused', why: 'denied' }
      return { type: 'refused', why: 'gone', got: tombstone.got }
    }
    if (got !== undefined) return { type: 'refused', why: 'gone' }
    this.#held.set(name, { principal, n })
    return { type: 'created' }
  }

  end(name: string, _n: number, got: number): undefined {
    const held = this.#held.get(name)
    if (!held) return
    this.#held.delete(name)
    this.#tombstones.set(name, { principal: held.principal, got, until: this.#clock + this.#keep })
    if (this.#tombstones.size > TOMBSTONES) this.#evict()
  }

  sweep(): void {
    this.#clock++
    for (const { until } of this.#tombstones.values()) {
      if (until > this.#clock) break
      this.#evict()
    }
    this.topics.sweep(this.#clock)
  }

  stop(): void {}

  #evict(): void {
    for (const name of this.#tombstones.keys()) {
      this.#tombstones.delete(name)
      return
    }
  }
}
