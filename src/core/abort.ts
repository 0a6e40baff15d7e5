import { domException } from './errors.ts'

/** React Native's `AbortSignal` has neither `reason` nor `throwIfAborted`. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? domException('The operation was aborted', 'AbortError')
}

/** Calls `aborted` with the signal's reason when it aborts, at once if it has. Returns a function that prevents the call. */
export function onAbort(
  signal: AbortSignal | undefined,
  aborted: (reason: unknown) => void,
): (() => void) | undefined {
  if (!signal) return undefined
  const listener = () => aborted(abortReason(signal))
  if (signal.aborted) {
    listener()
    return undefined
  }
  signal.addEventListener('abort', listener)
  return () => signal.removeEventListener('abort', listener)
}
