import type { Closed, SocketLike } from './events.ts'
import { longTimeout, type Timer } from './long-timeout.ts'

/** How often to look at `bufferedAmount`, for which the platform has no event, in ms. */
const LOOK = 10

/**
 * Resolves once `done` says so: it is asked now, at every `open` and `drop`, and every few ms while the wire is open.
 * Rejects with what `done` throws, when the wire is closed for good, and when `signal` aborts. Leaves nothing behind.
 */
export async function waitUntil<In>(
  wire: Pick<SocketLike<In, never>, 'status' | 'on' | 'closed'>,
  done: () => boolean,
  signal?: AbortSignal,
): Promise<void> {
  const undos: (() => void)[] = []
  let timer: Timer | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const closed = (cause?: Closed) => reject(new Error('The socket is closed', { cause }))
      const aborted = () => reject(signal?.reason)
      const look = () => {
        timer?.()
        try {
          if (done()) resolve()
          else if (wire.status === 'open') timer = longTimeout(LOOK, look)
        } catch (error) {
          reject(error)
        }
      }
      undos.push(
        wire.on('closed', closed),
        wire.on('open', look),
        wire.on('drop', look),
        wire.on('waiting', look),
      )
      signal?.addEventListener('abort', aborted)
      undos.push(() => signal?.removeEventListener('abort', aborted))
      if (signal?.aborted) aborted()
      if (wire.status === 'closed') closed(wire.closed)
      look()
    })
  } finally {
    timer?.()
    for (const undo of undos) undo()
  }
}
