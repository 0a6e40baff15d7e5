import { setTimeout as wait } from 'node:timers/promises'
import { BadInput } from '../input.ts'
import { TokenBucket } from './token-bucket.ts'

/**
 * What one connection may say, so that a script cannot flood the room; texts and pictures are messages. All that a page
 * keeps for a line that is away, 1,000 messages, may come at once when it is back.
 */
const MESSAGES = { burst: 1_000, perSecond: 5 }
/** Where the sender can be made to wait, nothing is refused. */
const WAITING = { burst: 150, perSecond: 50 }
/** Each of these is told to everybody as well, and nobody needs many. */
const NAMES = { burst: 10, perSecond: 0.5 }

/** How fast one talks. What comes too fast waits for its turn, or is refused, in words. */
export class RateLimit {
  readonly #messages: TokenBucket
  readonly #names = new TokenBucket(NAMES, performance.now())
  readonly #waits: boolean

  /** `waits`: whether the next message waits for the promise that the last one gave. */
  constructor(waits: boolean) {
    this.#waits = waits
    this.#messages = new TokenBucket(waits ? WAITING : MESSAGES, performance.now())
  }

  /** Settles when it may be said; gives nothing when it may be at once. */
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
