import type { SendResult, SocketLike } from '../core/events.ts'
import { longTimeout } from '../core/long-timeout.ts'

/** How an answer is known, and how long it is waited for. */
export interface RequestOptions<In, Reply extends In> {
  /** The property that carries a number of ours in the request and its answer, as in JSON-RPC. @default 'id' */
  id?: string | undefined
  /** Knows the answer by other means; the value is sent as it is then. */
  match?: ((message: In) => message is Reply) | ((message: In) => boolean) | undefined
  /** In ms, from the call on. @default 10_000 */
  timeout?: number | undefined
  /** Whether to ask again after a reconnect. Without it, a request that was under way is rejected then. @default false */
  resend?: boolean | undefined
  signal?: AbortSignal | undefined
}

let last = 0

/**
 * Sends a value as JSON and resolves with its answer. It always settles: rejects with a `TimeoutError`, when the message
 * is given up, when the connection breaks before the answer, when the socket is closed, or with the reason of `signal`.
 */
export async function request<In, Out, Reply extends In = In>(
  wire: SocketLike<In, Out>,
  value: Out,
  { id = 'id', match, timeout = 10_000, resend = false, signal }: RequestOptions<In, Reply> = {},
): Promise<Reply> {
  signal?.throwIfAborted()
  const key = ++last
  const message = match ? value : ({ ...value, [id]: key } as Out)
  const answers = match ?? ((reply: In) => (reply as Record<string, unknown> | null)?.[id] === key)
  const undos: (() => void)[] = []
  try {
    return await new Promise<Reply>((resolve, reject) => {
      const fail = (what: string, cause?: unknown) => reject(new Error(`request: ${what}`, { cause }))
      let result: SendResult
      const ask = () => {
        result = wire.sendJson(message)
        if (result === 'dropped') fail('the message was given up')
      }
      const late = () => reject(new DOMException(`request: no answer within ${timeout} ms`, 'TimeoutError'))
      const aborted = () => reject(signal?.reason)
      const timer = longTimeout(timeout, late)
      signal?.addEventListener('abort', aborted)
      undos.push(
        timer,
        () => signal?.removeEventListener('abort', aborted),
        wire.on('json', (reply) => {
          if (answers(reply)) resolve(reply as Reply)
        }),
        wire.on('drop', ({ data }) => {
          // With another codec than JSON it is the timeout that tells.
          if (result === 'queued' && data === JSON.stringify(message)) fail('the message was given up')
        }),
        wire.on('closed', (close) => fail('the socket was closed', close)),
        wire.on('waiting', ({ close }) => {
          if (result === 'sent' && !resend) fail('the connection broke before the answer', close)
        }),
        wire.on('open', () => {
          if (result !== 'queued') return ask()
          // What was queued goes out right after this, unless another listener is done with the line.
          queueMicrotask(() => {
            if (wire.status === 'open') result = 'sent'
          })
        }),
      )
      ask()
    })
  } finally {
    for (const undo of undos) undo()
  }
}
