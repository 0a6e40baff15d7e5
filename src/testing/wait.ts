import { schedule } from './schedule.ts'

/** The fake clock of @sinonjs/fake-timers, which vitest and jest use. */
interface FakeClock {
  /** Advances to the next timer, runs it, and lets promises settle. */
  nextAsync(): Promise<number>
}

/** The fake clock that stands in for the timers now, if there is one. */
function fakeClock(): FakeClock | undefined {
  const { clock } = globalThis.setTimeout as { clock?: Partial<FakeClock> }
  return typeof clock?.nextAsync === 'function' ? (clock as FakeClock) : undefined
}

/** Notifies its listeners that something has changed. */
export class Changes {
  readonly #listeners = new Set<() => void>()

  notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** The arguments of `wait`. */
export interface Waiting<Value> {
  changes: Changes
  /** The value that is waited for, once it is there. */
  look: () => Value | undefined
  /** In ms, of the fake clock where there is one. */
  within: number
  /** Resolves once all work is done that takes real time even under fake timers: reading Blobs. */
  busy: () => Promise<unknown>
}

/**
 * Waits for a value, or for `undefined` when the time is up. Under fake timers it advances the clock itself, from
 * timer to timer, and stops when the value is there.
 */
export async function wait<Value>({
  changes,
  look,
  within,
  busy,
}: Waiting<Value>): Promise<Value | undefined> {
  const found = look()
  if (found !== undefined) return found
  const clock = fakeClock()
  if (!clock) {
    return new Promise((resolve) => {
      const end = (value: Value | undefined) => {
        cancel()
        unsubscribe()
        resolve(value)
      }
      const cancel = schedule(within, () => end(look()))
      const unsubscribe = changes.subscribe(() => {
        const value = look()
        if (value !== undefined) end(value)
      })
    })
  }
  let late = false
  const cancel = schedule(within, () => {
    late = true
  })
  try {
    for (;;) {
      await clock.nextAsync()
      await busy()
      const value = look()
      if (value !== undefined || late) return value
    }
  } finally {
    cancel()
  }
}
