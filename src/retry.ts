import { safely } from './emitter.ts'
import { backoff } from './policy/backoff.ts'
import { isFinal } from './policy/close.ts'
import type { Settings } from './settings.ts'
import type { Failure } from './types.ts'

/** How long to wait after a failure, in ms; `null`: it is final. The application's own rules are asked first. */
export function retry(settings: Settings, failure: Failure): number | null {
  const { final, reconnect } = settings
  const { cause, code } = failure.close
  const over =
    typeof final === 'function' ? final : () => cause === 'peer' && isFinal(code, final || undefined)
  if (reconnect === false || safely(over, failure.close)) return null
  const wait = typeof reconnect === 'function' ? safely(reconnect, failure) : undefined
  // What is no wait at all would hammer the server.
  if (wait === null || (wait as number) >= 0) return wait as number | null
  return backoff(settings, failure.attempt, Math.random())
}
