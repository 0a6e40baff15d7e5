import type { Redis } from './redis.ts'
import { VERIFY } from './scripts.ts'

/** For how long a message counts as one that a failover may have lost, in ms, and how many of them are remembered. */
const REMEMBERED = 60_000
const MOST = 10_000

interface Accepted {
  number: number
  tag: number
  until: number
}

/**
 * Messages that this process has stored for sessions that it does not own, or no longer owns, and reported as stored. A replica
 * that is promoted, or a snapshot that is restored, may not have them: their sessions then end, so that their clients start new
 * ones.
 */
export class AcceptedMessages {
  readonly #redis: Redis
  readonly #session: (name: string) => string[]
  /** The last message of each session, in the order in which they were added. */
  readonly #last = new Map<string, Accepted>()
  /** Those that were stored before Redis was away, and are not verified. Later ones would hide that they are missing. */
  #unverified: [name: string, message: Accepted][] = []

  constructor(redis: Redis, session: (name: string) => string[]) {
    this.#redis = redis
    this.#session = session
  }

  /** Redis was away, or another one has taken its place. */
  reconnected(): void {
    this.#unverified.push(...this.#last)
    this.#last.clear()
  }

  /** `tag` identifies the message: after a failover, its number may be that of another one. */
  add(name: string, number: number, tag: number): void {
    const now = performance.now()
    this.#last.delete(name)
    this.#last.set(name, { number, tag, until: now + REMEMBERED })
    for (const [oldest, { until }] of this.#last) {
      if (until > now && this.#last.size <= MOST) break
      this.#last.delete(oldest)
    }
  }

  /** As `add`, for a message that Redis may have lost already: it must be verified now. */
  suspect(name: string, number: number, tag: number): void {
    this.#unverified.push([name, { number, tag, until: performance.now() + REMEMBERED }])
  }

  /** Ends the sessions that lack what was stored; returns their names and owners. @throws {Error} when Redis does not answer */
  async verify(): Promise<[name: string, owner: string][]> {
    const ended: [string, string][] = []
    const check = async ([name, { number, tag }]: [string, Accepted]) => {
      const [owner] = await this.#redis.script(VERIFY, this.#session(name), [number, tag])
      if (owner !== undefined) ended.push([name, String(owner)])
    }
    const unverified = this.#unverified
    await Promise.all([...unverified, ...this.#last].map(check))
    this.#unverified = this.#unverified.slice(unverified.length)
    // The next failover may reach further back.
    const now = performance.now()
    for (const [name, message] of unverified)
      if (message.until > now && !this.#last.has(name)) this.#last.set(name, message)
    return ended
  }
}
