/** Numbers from 0 to 1 that are the same in every run. Source: mulberry32, by Tommy Ettinger, public domain. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Runs with a `Math.random` that is the same in every run: the libraries call it themselves. */
export function repeatable<Answer>(seed: number, run: () => Answer): Answer {
  const { random } = Math
  Math.random = seeded(seed)
  try {
    return run()
  } finally {
    Math.random = random
  }
}
