import type { Greeting } from './options.ts'

/** Holds what comes over a socket that nobody else sees yet, and lets `greet` talk over it. */
export function gate(native: WebSocket, signal: AbortSignal): { frames: MessageEvent[]; greeting: Greeting } {
  const frames: MessageEvent[] = []
  const takers: { resolve(data: unknown): void; reject(reason: unknown): void }[] = []
  signal.addEventListener('abort', () => {
    for (const { reject } of takers) reject(signal.reason)
  })
  native.onmessage = (event) => {
    const take = takers.shift()
    if (take) take.resolve(event.data)
    else frames.push(event)
  }
  const next = () => {
    const frame = frames.shift()
    const data = new Promise<unknown>((resolve, reject) => {
      if (frame) resolve(frame.data)
      else if (signal.aborted) reject(signal.reason)
      else takers.push({ resolve, reject })
    })
    // Whoever does not wait for it any more is not to blame when the attempt is over.
    data.catch(() => {})
    return data
  }
  return { frames, greeting: { send: (data) => native.send(data), next, signal } }
}
