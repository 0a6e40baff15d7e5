import { setTimeout as wait } from 'node:timers/promises'
import { BadInput } from '../input.ts'
import { TokenBucket } from './token-bucket.ts'

/**
 * How many messages one connection may send, so that a script cannot flood the room. The 1,000 messages that a page queues
 * while it is disconnected may come at once.
 */
const MESSAGES = { burst: 1_000, perSecond: 5 }
/** Over a session the sender is made to wait, and nothing is refused. */
const WAITING = { burst: 150, perSecond: 50 }
/** Joins and renames, which are broadcast as well. */
const NAMES = { burst: 10, perSecond: 0.5 }

/** The rate limit of one connection. A message that comes too early waits, or is refused with a reason. */
export class RateLimit {
  readonly #messages: TokenBucket
  readonly #names = new TokenBucket(NAMES, performance.now())
  readonly #waits: boolean

  /** `waits`: whether the next message is read when the promise of the last one has settled. */
  constructor(waits: boolean) {
    this.#waits = waits
    this.#messages = new TokenBucket(waits ? WAITING : MESSAGES, performance.now())
  }

  /** Returns a promise that settles when the message may be handled, or nothing if it may be at once. */
  message(): Promise<void> | undefined {
    const ms = this.#messages.take(performance.now())
    if (ms === 0) return undefined
    if (!this.#waits) throw tooFast(ms)
    return wait(ms).then(() => this.message())
  }

  name(): void {
    const ms = this.#names.take(performance.now())
    if (ms > 0) throw tooFast(ms)
  }
}

const tooFast = (ms: number) =>
  new BadInput(`Not so fast: the next one may come in ${Math.ceil(ms / 1_000)} s.`)
