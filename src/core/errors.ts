import type { Cause, Closed } from './events.ts'

/**
 * Throw it in `greet`, in a `url` or `protocols` function, or in `auth` to close the socket for good: the login was denied,
 * and another attempt would be denied too. After any other error the socket dials again.
 */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** Checks the name, so that a `Refused` from another copy of this library counts too. */
export const isRefused = (error: unknown): boolean => (error as Error | undefined)?.name === 'Refused'

/** React Native has no `DOMException`; an `Error` with the same name serves there. */
export function domException(message: string, name: string): Error {
  if (typeof DOMException === 'function') return new DOMException(message, name)
  return Object.assign(new Error(message), { name })
}

/** The end of a connection without a close frame. `reason`: the message of `error`, unless another one is given. */
export function abnormalClosure(cause: Cause, error?: unknown, reason?: string): Closed {
  const text = reason ?? (error as Error | undefined)?.message ?? ''
  return { code: 1006, reason: text, wasClean: false, cause, error }
}
