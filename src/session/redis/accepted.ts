import type { Redis } from './redis.ts'
import { VERIFY } from './scripts.ts'

/** For how long a message counts as one that a failover may have lost, in ms, and how many of them are remembered. */
const REMEMBERED = 60_000
const MOST = 10_000

/**
 * Messages that this process has stored for sessions of other processes, and reported as stored. A replica that is promoted, or
 * a snapshot that is restored, may not have them: their sessions then end, so that their clients start new ones.
 */
export class AcceptedMessages {
  readonly #redis: Redis
  readonly #tag: number
  readonly #session: (name: string) => string[]
  /** The number of the last message of each session, in the order in which they were stored. */
  readonly #last = new Map<string, { number: number; until: number }>()

  constructor(redis: Redis, tag: number, session: (name: string) => string[]) {
    this.#redis = redis
    this.#tag = tag
    this.#session = session
  }

  add(name: string, number: number): void {
    const now = performance.now()
    this.#last.delete(name)
    this.#last.set(name, { number, until: now + REMEMBERED })
    for (const [oldest, { until }] of this.#last) {
      if (until > now && this.#last.size <= MOST) break
      this.#last.delete(oldest)
    }
  }

  /** Ends the sessions that lack what was stored; returns their names and owners. @throws {Error} when Redis does not answer */
  async verify(): Promise<[name: string, owner: string][]> {
    const ended: [string, string][] = []
    const check = async ([name, { number }]: [string, { number: number }]) => {
      const [owner] = await this.#redis.script(VERIFY, this.#session(name), [number, this.#tag])
      if (owner !== undefined) ended.push([name, String(owner)])
    }
    await Promise.all([...this.#last].map(check))
    return ended
  }
}
