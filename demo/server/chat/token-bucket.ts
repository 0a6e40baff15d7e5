export interface TokenBucketOptions {
  /** How many are allowed at once. */
  burst: number
  /** How many more are allowed in each second after that. */
  perSecond: number
}

/** A token bucket: a burst, then a steady rate. */
export class TokenBucket {
  readonly #options: TokenBucketOptions
  #tokens: number
  #filled: number

  /** `now`, here and below, is in ms of a monotonic clock. */
  constructor(options: TokenBucketOptions, now: number) {
    this.#options = options
    this.#tokens = options.burst
    this.#filled = now
  }

  /** Takes a token and returns 0, or takes none and returns in how many ms there is one. */
  take(now: number): number {
    const { burst, perSecond } = this.#options
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filled) * perSecond) / 1_000)
    this.#filled = now
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1_000) / perSecond)
    this.#tokens--
    return 0
  }
}
