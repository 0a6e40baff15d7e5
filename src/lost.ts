import type { Cause, Closed } from './types.ts'

/** What ended without a close frame. */
export function lost(cause: Cause, error?: unknown): Closed {
  return { code: 1006, reason: (error as Error | undefined)?.message ?? '', wasClean: false, cause, error }
}
