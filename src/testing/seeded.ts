import { type Disposing, disposable } from './disposable.ts'

/** Undoes what a function of this module has put in place. */
export interface Restorable {
  restore(): void
}

/** Numbers in [0, 1) that are the same for the same seed: mulberry32. */
function sequence(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Fixes the jitter of reconnecting: from now on `Math.random` gives the same numbers in every run, until `restore()`.
 *
 * @param seed a whole number; another seed gives other numbers
 *
 * ```ts
 * const random = seeded(1)
 * afterEach(() => random.restore())
 * ```
 */
export function seeded(seed: number): Restorable & Disposing {
  const original = Math.random
  const replacement = sequence(seed)
  Math.random = replacement
  return disposable({
    restore() {
      if (Math.random === replacement) Math.random = original
    },
  })
}
