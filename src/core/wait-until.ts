import { onAbort } from './abort.ts'
import type { Closed, SocketLike } from './events.ts'
import { type Cancel, longTimeout } from './long-timeout.ts'

/** How often to read `bufferedAmount`, for which the platform has no event, in ms. */
const CHECK_INTERVAL = 10

/**
 * Resolves once `isDone` returns true: it is called now, at every change of status, at every `drop`, and every few ms while
 * the socket is open. Rejects with what `isDone` throws, when the socket is closed for good, and when `signal` aborts.
 * Leaves no listener or timer behind.
 */
export async function waitUntil<In>(
  socket: Pick<SocketLike<In, never>, 'status' | 'on' | 'closed'>,
  isDone: () => boolean,
  signal?: AbortSignal,
): Promise<void> {
  const cleanups: ((() => void) | undefined)[] = []
  let cancel: Cancel | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const closed = (cause?: Closed) => reject(new Error('holdfast: the socket is closed', { cause }))
      const check = () => {
        cancel?.()
        if (socket.status === 'closed') return closed(socket.closed)
        try {
          if (isDone()) resolve()
          else if (socket.status === 'open') cancel = longTimeout(CHECK_INTERVAL, check)
        } catch (error) {
          reject(error)
        }
      }
      cleanups.push(socket.on('closed', closed), socket.on('status', check), socket.on('drop', check))
      cleanups.push(onAbort(signal, reject))
      check()
    })
  } finally {
    cancel?.()
    for (const cleanup of cleanups) cleanup?.()
  }
}
