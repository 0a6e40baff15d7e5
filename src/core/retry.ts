import { callSafely } from './emitter.ts'
import type { Failure } from './events.ts'
import { backoff } from './policy/backoff.ts'
import { isFinal } from './policy/close-codes.ts'
import type { ResolvedOptions } from './resolve-options.ts'

/** How long to wait after a failure, in ms; `null`: it is final. The application's own rules are asked first. */
export function retry(settings: ResolvedOptions, failure: Failure): number | null {
  const { final, reconnect } = settings
  const { cause, code } = failure.close
  const over =
    typeof final === 'function' ? final : () => cause === 'peer' && isFinal(code, final || undefined)
  if (reconnect === false || callSafely(over, failure.close)) return null
  const wait = typeof reconnect === 'function' ? callSafely(reconnect, failure) : undefined
  // What is no wait at all would hammer the server.
  if (wait === null || (wait as number) >= 0) return wait as number | null
  return backoff(settings, failure.attempt, Math.random())
}
