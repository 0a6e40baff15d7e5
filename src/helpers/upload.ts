import { byteLength } from '../core/binary.ts'
import type { Data, SocketLike } from '../core/events.ts'
import { waitUntil } from '../core/wait-until.ts'

/** How to follow an upload. */
export interface UploadOptions {
  /** Called as bytes leave, with how many have and how many there are. */
  onProgress?: ((progress: { loaded: number; total: number }) => void) | undefined
  /** Aborting stops the waiting. The message cannot be called back once the browser has it. */
  signal?: AbortSignal | undefined
}

/**
 * Sends one message, and resolves when the browser has put all of it on the line, which is not yet that the server has
 * it. Rejects when it is given up, and when the connection breaks while it is under way.
 */
export async function upload<In>(
  wire: SocketLike<In, never>,
  data: Data,
  { onProgress, signal }: UploadOptions = {},
): Promise<void> {
  const total = byteLength(data)
  let loaded = -1
  signal?.throwIfAborted()
  let result = wire.send(data)
  const undos = [
    wire.on('drop', (drop) => {
      if (drop.data === data) result = 'dropped'
    }),
    // What was queued goes out right after this, unless another listener is done with the line.
    wire.on('open', () =>
      queueMicrotask(() => {
        if (wire.status === 'open' && result === 'queued') result = 'sent'
      }),
    ),
  ]
  try {
    await waitUntil(
      wire,
      () => {
        if (result === 'queued') return false
        if (result === 'dropped') throw new Error('upload: the message was given up')
        if (wire.status !== 'open') throw new Error('upload: the connection broke while it was under way')
        // It was the last thing sent: all that is still held is taken to be its.
        const left = Math.min(total, wire.bufferedAmount)
        if (total - left > loaded) {
          loaded = total - left
          onProgress?.({ loaded, total })
        }
        return left === 0
      },
      signal,
    )
  } finally {
    for (const undo of undos) undo()
  }
}
