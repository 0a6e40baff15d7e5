import type { Answer, Claim, Store } from './store.ts'

interface Held {
  principal: string
  n: number
}

interface Tombstone {
  principal: string
  got: number
  until: number
}

/** How many ended sessions are remembered at most. */
const TOMBSTONES = 100_000

/** The store of a single process: what a session holds stays where it is. */
export class MemoryStore implements Store {
  readonly shared = false
  readonly #held = new Map<string, Held>()
  /** In the order in which they end. */
  readonly #tombstones = new Map<string, Tombstone>()
  #keep = 0

  start(_host: unknown, { tombstone }: { tombstone: number }): void {
    this.#keep = tombstone * 1_000
  }

  claim({ name, n, got, principal }: Claim): Answer {
    const held = this.#held.get(name)
    if (held) {
      if (held.principal !== principal) return { is: 'refused', why: 'denied' }
      if (n <= held.n) return { is: 'refused', why: 'stale' }
      held.n = n
      return { is: 'resumed' }
    }
    const tombstone = this.#tombstones.get(name)
    // An id is never used again: a hello that comes late must not make an orphan of it.
    if (tombstone) {
      if (tombstone.principal !== principal) return { is: 'refused', why: 'denied' }
      return { is: 'refused', why: 'gone', got: tombstone.got }
    }
    if (got !== undefined) return { is: 'refused', why: 'gone' }
    this.#held.set(name, { principal, n })
    return { is: 'created' }
  }

  end(name: string, _n: number, got: number): void {
    const held = this.#held.get(name)
    if (!held) return
    this.#held.delete(name)
    this.#tombstones.set(name, { principal: held.principal, got, until: Date.now() + this.#keep })
    if (this.#tombstones.size > TOMBSTONES) this.#evict()
  }

  sweep(): void {
    for (const { until } of this.#tombstones.values()) {
      if (until > Date.now()) break
      this.#evict()
    }
  }

  stop(): void {}

  #evict(): void {
    for (const name of this.#tombstones.keys()) {
      this.#tombstones.delete(name)
      return
    }
  }
}
