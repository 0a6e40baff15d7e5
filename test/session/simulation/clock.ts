import { createHash } from 'node:crypto'

/** Seeded chance: the same seed gives the same run. Source: mulberry32, Tommy Ettinger, public domain. */
export function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

interface Due {
  at: number
  every: number
  run: () => void
  process: unknown
}

/** Time and chance of a simulated world, put in place of the platform's own until `restore`. */
export class Clock {
  now = 1_000_000
  /** The process whose code runs now: its timers are those of this process. */
  #process: unknown
  /** Processes that are stopped: their timers wait. */
  readonly #stopped = new Set<unknown>()
  readonly #due = new Map<number, Due>()
  #last = 0
  readonly #saved = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
  }
  readonly #now = Date.now
  readonly #monotonicNow = performance.now
  readonly #random = Math.random
  readonly #digest = crypto.subtle.digest
  readonly #randomUuid = crypto.randomUUID

  constructor(random: () => number) {
    const timer = (every: boolean) => (run: () => void, ms: number) => {
      this.#due.set(++this.#last, { at: this.now + ms, every: every ? ms : 0, run, process: this.#process })
      return this.#last
    }
    const clear = (id: number) => void this.#due.delete(id)
    const fake = {
      setTimeout: timer(false),
      setInterval: timer(true),
      clearTimeout: clear,
      clearInterval: clear,
    }
    Object.assign(globalThis, fake)
    Date.now = () => this.now
    performance.now = () => this.now
    Math.random = random
    const digits = () => Math.floor(random() * 2 ** 32).toString(16)
    crypto.randomUUID = () => `${digits()}-${digits()}-${digits()}-0-0`
    // The platform's own answers from another thread, at any time.
    crypto.subtle.digest = async (_, data) =>
      new Uint8Array(
        createHash('sha256')
          .update(data as Uint8Array)
          .digest(),
      ).buffer
  }

  restore(): void {
    Object.assign(globalThis, this.#saved)
    Date.now = this.#now
    performance.now = this.#monotonicNow
    Math.random = this.#random
    crypto.subtle.digest = this.#digest
    crypto.randomUUID = this.#randomUuid
  }

  /** Runs code of one process, and what follows from it at once. */
  async within<Result>(process: unknown, run: () => Result): Promise<void> {
    const before = this.#process
    this.#process = process
    run()
    await this.settle()
    this.#process = before
  }

  /** Runs something in a process, in `ms`. */
  later(process: unknown, ms: number, run: () => void): void {
    this.#due.set(++this.#last, { at: this.now + ms, every: 0, run, process })
  }

  isStopped(process: unknown): boolean {
    return this.#stopped.has(process)
  }

  stop(process: unknown): void {
    this.#stopped.add(process)
  }

  resume(process: unknown): void {
    this.#stopped.delete(process)
  }

  /** Nothing of this process runs any more. */
  kill(process: unknown): void {
    this.#stopped.add(process)
    for (const [id, due] of this.#due) if (due.process === process) this.#due.delete(id)
  }

  /** Lets every promise that can settle do so. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 30; turn++) await undefined
  }

  async advance(ms: number): Promise<void> {
    const end = this.now + ms
    for (;;) {
      let next: [number, Due] | undefined
      for (const entry of this.#due)
        if (
          entry[1].at <= end &&
          !(next && next[1].at <= entry[1].at) &&
          !this.#stopped.has(entry[1].process)
        )
          next = entry
      if (!next) break
      const [id, due] = next
      // Timers of a process that was stopped are late.
      this.now = Math.max(this.now, due.at)
      if (due.every) due.at = this.now + due.every
      else this.#due.delete(id)
      await this.within(due.process, due.run)
    }
    this.now = end
  }
}
