import type { Greeting } from './options.ts'

/** Holds what comes over a socket that nobody else sees yet, and lets `greet` talk over it. */
export function openGate(
  native: WebSocket,
  signal: AbortSignal,
): { frames: MessageEvent[]; greeting: Greeting } {
  const frames: MessageEvent[] = []
  const takers: ((data: unknown) => void)[] = []
  native.onmessage = (event) => {
    const take = takers.shift()
    if (take) take(event.data)
    else frames.push(event)
  }
  const next = () => {
    const data = new Promise<unknown>((resolve, reject) => {
      signal.throwIfAborted()
      signal.addEventListener('abort', () => reject(signal.reason))
      const frame = frames.shift()
      if (frame) resolve(frame.data)
      else takers.push(resolve)
    })
    // Whoever does not wait for it any more is not to blame when the attempt is over.
    data.catch(() => {})
    return data
  }
  return { frames, greeting: { send: (data) => native.send(data), next, signal } }
}
