import type { Redis } from './redis.ts'
import { BEAT, JUDGE } from './scripts.ts'

/** How long a process counts as alive after it last renewed its lease, in ms. */
const LEASE = 3_000
/** How long a process must have been alive without a gap before it may call another one dead, in ms. */
const STEADY = 4_000
/** How long a process that does not renew its lease stays on the list, in ms. */
const REMEMBERED = 3_600_000

interface Time {
  wall: number
  monotonic: number
}

/** The wall clock may be set back, and the monotonic clock may stop while the machine sleeps: the longer duration is used. */
const clocks = (): Time => ({ wall: Date.now(), monotonic: performance.now() })
const elapsed = (since: Time) => Math.max(Date.now() - since.wall, performance.now() - since.monotonic)

export interface Judgement {
  /** Whether this process has been connected to Redis for long enough to judge others. */
  steady: boolean
  /** Whether the process of this owner has died. */
  died(owner: string): boolean
}

/** The process of an owner, which is `<process>:<counter>`. */
export const processOf = (owner: string): string => owner.slice(0, owner.indexOf(':'))

/** Which processes are alive, this one included. Times are those of Redis, except in `held` and `steadyFor`. */
export class Leases {
  readonly process: string
  readonly #redis: Redis
  readonly #key: string
  /** When the last successful renewal was sent. */
  #last: Time | undefined
  /** When this process last could not reach Redis. */
  #gap: Time | undefined
  /** How often the lease has run out. What was owned before may belong to another process since then. */
  lapses = 0

  constructor(redis: Redis, key: string, process: string) {
    this.#redis = redis
    this.#key = key
    this.process = process
  }

  /** Whether others still believe that this process is alive. */
  get held(): boolean {
    return this.#last !== undefined && elapsed(this.#last) < LEASE
  }

  /** For how long this process has reached Redis without a gap, in ms. */
  get steadyFor(): number {
    return this.#gap ? elapsed(this.#gap) : Infinity
  }

  async renew(): Promise<void> {
    const before = clocks()
    if (this.#last && !this.held) {
      this.#gap = before
      this.lapses++
    }
    try {
      await this.#redis.script(BEAT, [this.#key], [this.process, LEASE, REMEMBERED])
      this.#last = before
    } catch (error) {
      this.#gap = clocks()
      throw error
    }
  }

  /** Which other processes have died, by the leases in Redis. */
  async judge(): Promise<Judgement> {
    const [sure, ...alive] = await this.#redis.script(JUDGE, [this.#key], [this.process, LEASE, STEADY])
    const living = new Set(alive)
    const steady = Number(sure) === 1
    return { steady, died: (owner) => steady && owner !== '' && !living.has(processOf(owner)) }
  }

  async drop(): Promise<void> {
    await this.#redis.command(this.#key, 'HDEL', this.#key, this.process)
  }
}
