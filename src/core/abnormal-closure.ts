import type { Cause, Closed } from './events.ts'

/** What ended without a close frame. */
export function abnormalClosure(cause: Cause, error?: unknown): Closed {
  return { code: 1006, reason: (error as Error | undefined)?.message ?? '', wasClean: false, cause, error }
}
