import { abortReason, domException } from '../core/errors.ts'
import type { Closed, Outcome, SocketLike } from '../core/events.ts'
import { longTimeout } from '../core/long-timeout.ts'
import { abortSignal, numberFrom, ofType, resolveGroup, shown } from '../core/validate.ts'

/** How a reply is recognized, and how long it is waited for. */
export interface RequestOptions<In, Reply extends In> {
  /**
   * The property that carries a number, or text, of ours in the request and its reply, as in JSON-RPC. The reply must not have
   * the property `method`: that is a request of the server's. @default 'id'
   */
  id?: string | undefined
  /** Recognizes the reply by other means; the value is then sent as it is. */
  match?: ((message: In) => message is Reply) | ((message: In) => boolean) | undefined
  /** In ms, from the call on. @default 10_000 */
  timeout?: number | undefined
  /**
   * Whether a `Socket` sends the request again after a reconnect; then the server may handle it twice. Without it, a request
   * that was under way is rejected. A `Session` needs neither: its messages survive a reconnect. @default false
   */
  resend?: boolean | undefined
  signal?: AbortSignal | undefined
}

const rules = {
  id: ofType('string', 'id'),
  match: ofType('function'),
  timeout: numberFrom(0, 10_000),
  resend: ofType('boolean', false),
  signal: abortSignal,
}

let lastId = 0

/**
 * Sends a value as JSON and resolves with the reply. It always settles: it rejects with a `TimeoutError`, when the message is
 * dropped or lost, when the connection of a `Socket` breaks before the reply, when the socket is closed, or with the reason
 * of `signal`.
 */
export async function request<In, Out, Reply extends In = In>(
  socket: SocketLike<In, Out>,
  value: Out,
  options: RequestOptions<In, Reply> = {},
): Promise<Reply> {
  const resolved = resolveGroup('request.', options, rules) as unknown as RequestOptions<In, Reply> & {
    id: string
    timeout: number
  }
  const { id, match, timeout, resend, signal } = resolved
  if (!match && (typeof value !== 'object' || value === null || Array.isArray(value)))
    throw new TypeError(
      `holdfast: request: the value must be an object, which carries the number of the request in '${id}', not ${shown(value)}. Or give the option match.`,
    )
  if (signal?.aborted) throw abortReason(signal)
  const key = ++lastId
  const message = match ? value : ({ ...value, [id]: key } as Out)
  const isReply = match ?? ((reply: In) => carries(reply, id, key))
  const cleanups: (() => void)[] = []
  try {
    return await new Promise<Reply>((resolve, reject) => {
      const fail = (what: string, cause?: unknown) => reject(new Error(`request: ${what}`, { cause }))
      /** The request went out over the present connection, and nothing keeps it if that breaks. */
      let isExposed = false
      let lastClose: Closed | undefined
      const onOutcome = ({ result, reason }: Outcome) => {
        if (result === 'sent') isExposed = true
        else if (result !== 'delivered') fail(`${result}, because ${reason ?? 'the connection broke'}`)
      }
      const ask = () => socket.sendJson(message, { onOutcome })
      const timer = longTimeout(timeout, () =>
        reject(domException(`request: no reply within ${timeout} ms`, 'TimeoutError')),
      )
      const aborted = () => signal && reject(abortReason(signal))
      signal?.addEventListener('abort', aborted)
      cleanups.push(
        timer,
        () => signal?.removeEventListener('abort', aborted),
        socket.on('json', (reply) => {
          if (isReply(reply)) resolve(reply as Reply)
        }),
        socket.on('closed', (close) => fail('the socket was closed', close)),
        socket.on('waiting', ({ close }) => {
          lastClose = close
          if (isExposed && !resend) fail('the connection broke before the reply', close)
        }),
        socket.on('status', ({ status }) => {
          // The events that follow say more, if there are any.
          if (isExposed && !resend && (status === 'suspended' || status === 'connecting'))
            fail('the connection broke before the reply', lastClose)
        }),
        socket.on('open', () => {
          if (!isExposed || !resend) return
          isExposed = false
          ask()
        }),
      )
      ask()
    })
  } finally {
    for (const cleanup of cleanups) cleanup()
  }
}

/** Whether this is the reply to a request of ours, and not a request of the server's that has the same number. */
function carries(reply: unknown, id: string, key: number): boolean {
  const fields = reply as Record<string, unknown> | null | undefined
  return fields?.[id] === key && !('method' in fields)
}
