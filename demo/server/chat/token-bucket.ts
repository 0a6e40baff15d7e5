export interface TokenBucketOptions {
  /** How many may come at once. */
  burst: number
  /** How many more may come in each second after that. */
  perSecond: number
}

/** A token bucket: what may come in a rush, and how fast it may go on. */
export class TokenBucket {
  readonly #options: TokenBucketOptions
  #tokens: number
  #filled: number

  /** `now` here and below: in ms, of a clock that is never set back. */
  constructor(options: TokenBucketOptions, now: number) {
    this.#options = options
    this.#tokens = options.burst
    this.#filled = now
  }

  /** Takes one and answers 0; or takes none and answers in how many ms there is one. */
  take(now: number): number {
    const { burst, perSecond } = this.#options
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filled) * perSecond) / 1_000)
    this.#filled = now
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1_000) / perSecond)
    this.#tokens--
    return 0
  }
}
