/** Limits of the waits between attempts, in ms. */
export interface Backoff {
  base: number
  factor: number
  max: number
  attempts: number
}

/**
 * Exponential backoff with full jitter, so that the clients of a server that died do not all come back at once.
 * `random` is from 0 to 1. `null` once `attempts` failures in a row have been answered.
 * Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
 */
export function backoff(
  { base, factor, max, attempts }: Backoff,
  attempt: number,
  random: number,
): number | null {
  return attempt < attempts ? random * Math.min(max, base * factor ** attempt || 0) : null
}

/**
 * How long attempt number `attempt` may take, in ms: half as long again after each failure, up to a minute, because
 * Firefox holds back further dials inside CONNECTING for up to 60 s.
 */
export function patience(timeout: number, attempt: number): number {
  return Math.max(timeout, Math.min(60_000, timeout * 1.5 ** attempt))
}
