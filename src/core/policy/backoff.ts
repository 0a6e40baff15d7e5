/** Limits of the delays between attempts, in ms. */
export interface BackoffLimits {
  base: number
  factor: number
  max: number
  attempts: number
}

/** The longest delay before attempt number `attempt`, in ms. */
export function longestDelay(
  { base, factor, max }: Omit<BackoffLimits, 'attempts'>,
  attempt: number,
): number {
  // 0 × Infinity is NaN.
  return Math.min(max, base * factor ** attempt || 0)
}

/**
 * Exponential backoff with full jitter, so that the clients of a server that restarts do not all come back at once.
 *
 * @param attempt how many attempts in a row failed before this one
 * @param random from 0 to 1
 * @returns ms; `null` when `attempts` failures in a row are exceeded
 * @see AWS Architecture Blog, "Exponential Backoff And Jitter"
 */
export function backoff(limits: BackoffLimits, attempt: number, random: number): number | null {
  if (attempt >= limits.attempts) return null
  const longest = longestDelay(limits, attempt)
  // 0 × Infinity is NaN, and a timer for NaN fires at once.
  return longest === Infinity ? longest : random * longest
}

/**
 * How long an attempt may take, in ms: half as long again after each attempt in a row that timed out, up to a minute. Not
 * after refusals: one hung attempt would then cost a minute.
 */
export function attemptTimeout(timeout: number, timeouts: number): number {
  return Math.max(timeout, Math.min(60_000, timeout * 1.5 ** timeouts))
}
