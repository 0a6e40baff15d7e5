import type { Closed, Failure } from './events.ts'
import { attemptTimeout, backoff, longestDelay } from './policy/backoff.ts'
import { isFinal, isUnauthorized } from './policy/close-codes.ts'
import { callSafely } from './report.ts'
import { type Backoff, defaultReconnect, type ResolvedOptions } from './resolve-options.ts'

/** Counts failures, and decides how long to wait after each and whether it is final. */
export class Retries {
  /** How many attempts in a row failed. A connection that ended before `stableAfter` counts as failed. */
  failures = 0
  /** Whether the last end was final because `reconnect.attempts` were used up. */
  attemptsAreUsedUp = false
  readonly #options: ResolvedOptions
  /** How many attempts in a row timed out. */
  #timeouts = 0
  /** The server rejected the credentials, and the present attempt uses fresh ones. */
  #hasRenewedCredentials = false

  constructor(options: ResolvedOptions) {
    this.#options = options
  }

  /** How long the next attempt may take, in ms. */
  get attemptTimeout(): number {
    return attemptTimeout(this.#options.attemptTimeout, this.#timeouts)
  }

  /** Earlier failures no longer count: the page or the network is back. */
  forgetFailures(): void {
    this.failures = this.#timeouts = 0
  }

  /** The socket was closed: its next attempt is like the first one. */
  reset(): void {
    this.forgetFailures()
    this.#hasRenewedCredentials = false
  }

  opened(): void {
    this.#timeouts = 0
  }

  /** `lasted`: for how long the connection was open, in ms; `undefined` if it was an attempt. */
  ended(close: Closed, lasted: number | undefined): void {
    this.#timeouts = close.cause === 'timeout' ? this.#timeouts + 1 : 0
    if (lasted === undefined || !this.#wasStable(close, lasted)) return
    this.failures = 0
    this.#hasRenewedCredentials = false
  }

  /** How long to wait after a failure, in ms; `null`: it is final. The application's functions decide first. */
  nextDelay(failure: Failure): number | null {
    const { reconnect, protocol } = this.#options
    this.attemptsAreUsedUp = false
    if (reconnect === false) return null
    const protocolDelay = protocol?.retryDelay(failure.close)
    if (protocolDelay !== undefined) return protocolDelay
    if (!protocol && this.#isFinal(failure.close)) {
      if (!this.#canRenewCredentials(failure.close)) return null
      this.#hasRenewedCredentials = true
      return 0
    }
    if (typeof reconnect === 'function') {
      const delay = callSafely(reconnect, failure)
      // Ignore a value that is not a delay: it would make the attempts follow each other without a pause.
      if (delay === null || (typeof delay === 'number' && delay >= 0)) return delay
    }
    const delay = backoff(this.#limits, failure.attempt, Math.random())
    this.attemptsAreUsedUp = delay === null && this.#limits.attempts > 0
    return delay
  }

  get #limits(): Backoff {
    const { reconnect } = this.#options
    return typeof reconnect === 'object' ? reconnect : defaultReconnect
  }

  /** Whether the connection lasted long enough for earlier failures to be forgotten. */
  #wasStable(close: Closed, lasted: number): boolean {
    // If the server allows one connection per user, two tabs replace each other: this slows them down.
    const wasClosedAgain = close.cause === 'peer' && close.code !== 1006 && this.failures > 0
    const extra = wasClosedAgain ? longestDelay(this.#limits, this.failures) : 0
    return lasted >= this.#limits.stableAfter + extra
  }

  #isFinal(close: Closed): boolean {
    const { final } = this.#options
    if (typeof final === 'function') return Boolean(callSafely(final, close))
    return final ? close.cause === 'peer' && final.includes(close.code) : isFinal(close)
  }

  /** Whether another attempt may succeed with fresh credentials: once in a row, and only if something can provide them. */
  #canRenewCredentials(close: Closed): boolean {
    const { url, protocols, greet, final } = this.#options
    const isListed = Array.isArray(final)
    const canProvide = typeof url === 'function' || typeof protocols === 'function' || Boolean(greet)
    const isRejected = close.cause === 'peer' && isUnauthorized(close.code)
    return isRejected && canProvide && !isListed && !this.#hasRenewedCredentials
  }
}
