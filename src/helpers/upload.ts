import { abortReason } from '../core/abort.ts'
import { byteLength, requireData } from '../core/binary.ts'
import type { Data, Outcome, SocketLike } from '../core/events.ts'
import { connectionOf } from '../core/sent-outcome.ts'
import { abortSignal, type OptionRules, ofType, resolveGroup } from '../core/validate.ts'
import { waitUntil } from '../core/wait-until.ts'

/** How to follow an upload. */
export interface UploadOptions {
  /**
   * Called as bytes leave the browser; over a `Session` once, when the server has the message. `loaded`: how many bytes have
   * left; `total`: how many there are.
   */
  onProgress?: ((progress: { loaded: number; total: number }) => void) | undefined
  /** Aborting stops the waiting. The message cannot be called back once the browser has it. */
  signal?: AbortSignal | undefined
}

const rules: OptionRules<UploadOptions> = {
  onProgress: ofType('function'),
  signal: abortSignal,
}

/**
 * Sends one message. Over a `Socket` it resolves when the browser has written all of it to the network, which does not mean
 * that the server has it; over a `Session` when the server has it. Rejects when the message is dropped or lost, and when the
 * connection of a `Socket` breaks while it is under way. Rejects with a `TypeError` for wrong options, and for anything that
 * is neither text nor bytes.
 */
export async function upload<In>(
  socket: SocketLike<In, never>,
  data: Data,
  options: UploadOptions = {},
): Promise<void> {
  const { onProgress, signal } = resolveGroup('upload.', options, rules)
  requireData(data)
  const total = byteLength(data)
  let loaded = -1
  if (signal?.aborted) throw abortReason(signal)
  let outcome: Outcome | undefined
  socket.send(data, {
    onOutcome: (result) => {
      outcome = result
    },
  })
  const progress = (left: number) => {
    if (total - left <= loaded) return
    loaded = total - left
    onProgress?.({ loaded, total })
  }
  await waitUntil(
    socket,
    () => {
      if (!outcome) return false
      const { result, reason } = outcome
      if (result === 'delivered') {
        progress(0)
        return true
      }
      if (result !== 'sent') throw new Error(`upload: ${result}, because ${reason ?? 'the connection broke'}`)
      if (socket.status !== 'open') throw new Error('upload: the connection broke while it was under way')
      // The browser sends in order: until later messages are sent, the buffered bytes are those of this one.
      const connection = connectionOf(outcome)
      const left = Math.min(total, connection?.native?.bufferedAmount ?? socket.bufferedAmount)
      progress(left)
      if (left > 0 && connection?.isOver)
        throw new Error('upload: its connection ended while it was under way')
      return left === 0
    },
    signal,
  )
}
