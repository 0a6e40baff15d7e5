import type { Redis } from './redis.ts'
import { BEAT, JUDGE } from './scripts.ts'

/** How long a process counts as alive after it last said so, in ms. */
const LEASE = 3_000
/** How long a process must have been alive without a gap before it may call another one dead, in ms. */
const STEADY = 4_000
/** How long a process that is silent stays on the list, in ms. */
const REMEMBERED = 3_600_000

/** Elapsed time in ms. The wall clock may be set back, and the monotonic clock may stop while the machine sleeps. */
const clocks = () => ({ wall: Date.now(), monotonic: performance.now() })

/** Of an owner, `<process>:<counter>`. */
export const processOf = (owner: string): string => owner.slice(0, owner.indexOf(':'))

/** Which processes are alive, this one included. All times but one are those of Redis. */
export class Leases {
  readonly process: string
  readonly #redis: Redis
  readonly #key: string
  /** When the last word that Redis has of us was sent. */
  #last: ReturnType<typeof clocks> | undefined

  constructor(redis: Redis, key: string, process: string) {
    this.#redis = redis
    this.#key = key
    this.process = process
  }

  /** Whether others still believe that this process is alive. */
  get held(): boolean {
    if (!this.#last) return false
    const { wall, monotonic } = clocks()
    return Math.max(wall - this.#last.wall, monotonic - this.#last.monotonic) < LEASE
  }

  async renew(): Promise<void> {
    const before = clocks()
    await this.#redis.script(BEAT, [this.#key], [this.process, LEASE, REMEMBERED])
    this.#last = before
  }

  /** Returns a function that tells whether an owner's process has died. It says no while this process cannot know. */
  async judge(): Promise<(owner: string) => boolean> {
    const [sure, ...alive] = await this.#redis.script(JUDGE, [this.#key], [this.process, LEASE, STEADY])
    const living = new Set(alive)
    return (owner) => Number(sure) === 1 && owner !== '' && !living.has(processOf(owner))
  }

  async drop(): Promise<void> {
    await this.#redis.command(this.#key, 'HDEL', this.#key, this.process)
  }
}
