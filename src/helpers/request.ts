import { abortReason, onAbort } from '../core/abort.ts'
import { domException } from '../core/errors.ts'
import type { Closed, Outcome, SocketLike } from '../core/events.ts'
import { longTimeout } from '../core/long-timeout.ts'
import { connectionOf, type SendingConnection } from '../core/sent-outcome.ts'
import { abortSignal, numberFrom, ofType, resolveGroup, shown } from '../core/validate.ts'

/** How to recognize the reply, and how long to wait for it. */
export interface RequestOptions<In, Reply extends In> {
  /**
   * The property that carries the request's number in the request and in its reply, as in JSON-RPC. A message with the
   * property `method` is not taken for the reply: it is a request of the server. @default 'id'
   */
  id?: string | undefined
  /** Recognizes the reply. The value is then sent unchanged, without a number. */
  match?: ((message: In) => message is Reply) | ((message: In) => boolean) | undefined
  /** How long to wait for the reply, in ms, from the call of `request`. @default 10_000 */
  timeout?: number | undefined
  /**
   * Whether a `Socket` sends the request again when its connection ends before the reply. The server may then handle it twice.
   * If false, `request` rejects instead. A `Session` does not need it: its messages survive a reconnect. @default false
   */
  resend?: boolean | undefined
  /** Aborting rejects the request with the signal's reason. A request that was sent cannot be withdrawn. */
  signal?: AbortSignal | undefined
}

const rules = {
  id: ofType('string', 'id'),
  match: ofType<(message: unknown) => boolean>('function'),
  timeout: numberFrom(0, 10_000),
  resend: ofType('boolean', false),
  signal: abortSignal,
}

let lastId = 0

/**
 * Sends a value as JSON and resolves with the reply. It always settles. Rejects with a `TimeoutError` when there is no reply
 * within `timeout`; with an `Error` when the message is dropped or lost, when the connection of a `Socket` ends before the reply
 * (unless `resend` is true), and when the socket is closed; with the reason of `signal` when that is aborted; with a `TypeError`
 * or `RangeError` for wrong options, and for a value that cannot carry the number.
 */
export async function request<In, Out, Reply extends In = In>(
  socket: SocketLike<In, Out>,
  value: Out,
  options: RequestOptions<In, Reply> = {},
): Promise<Reply> {
  const { id, match, timeout, resend, signal } = resolveGroup('request.', options, rules)
  if (!match && (typeof value !== 'object' || value === null || Array.isArray(value)))
    throw new TypeError(
      `holdfast: request: the value must be an object, which carries the number of the request in '${id}', not ${shown(value)}. Or give the option match.`,
    )
  if (signal?.aborted) throw abortReason(signal)
  const number = ++lastId
  const message = match ? value : { ...value, [id]: number }
  const isReply = match ?? ((received: In) => isReplyTo(received, id, number))
  const cleanups: ((() => void) | undefined)[] = []
  try {
    return await new Promise<Reply>((resolve, reject) => {
      const fail = (what: string, cause?: unknown) => reject(new Error(`request: ${what}`, { cause }))

      /**
       * `waiting`: not sent yet. `sent`: handed to a connection of a `Socket`, over which the reply may come. `lost`: that
       * connection has ended. Over a `Session` it stays `waiting`.
       */
      let state: 'waiting' | 'sent' | 'lost' = 'waiting'
      let connection: SendingConnection | undefined
      let stopWatching: (() => void) | undefined
      const onOutcome = (outcome: Outcome) => {
        if (outcome.result === 'sent') {
          state = 'sent'
          connection = connectionOf(outcome)
        } else if (outcome.result !== 'delivered')
          fail(`${outcome.result}, because ${outcome.reason ?? 'the connection broke'}`)
      }
      const send = () => {
        state = 'waiting'
        try {
          socket.sendJson(message, { onOutcome })
        } catch (error) {
          // A value that was sent before may have become one without JSON.
          reject(error)
        }
      }
      const disconnected = (close?: Closed) => {
        if (state !== 'sent') return
        if (!resend) return fail('the connection broke before the reply', close)
        state = 'lost'
        stopWatching?.()
        if (socket.status === 'open') send()
      }
      const opened = () => {
        stopWatching?.()
        // After an overlapping reconnect, the reply may come over the previous connection, for whose end no event is emitted.
        if (state === 'sent' && connection) stopWatching = onAbort(connection.signal, () => disconnected())
        else if (state === 'lost' || (state === 'sent' && resend)) send()
      }

      cleanups.push(
        socket.on('json', (received) => {
          if (isReply(received)) resolve(received as Reply)
        }),
        socket.on('waiting', ({ close }) => disconnected(close)),
        socket.on('status', ({ status }) => {
          // After other ends the event `waiting` or `closed` follows, with the close.
          if (status === 'suspended' || status === 'connecting') disconnected()
        }),
        socket.on('open', opened),
        socket.on('closed', (close) => fail('the socket was closed', close)),
        longTimeout(timeout, () =>
          reject(domException(`request: no reply within ${timeout} ms`, 'TimeoutError')),
        ),
        onAbort(signal, reject),
        () => stopWatching?.(),
      )
      send()
    })
  } finally {
    for (const cleanup of cleanups) cleanup?.()
  }
}

/** Whether this is the reply to our request, and not a request of the server with the same number. */
function isReplyTo(received: unknown, id: string, number: number): boolean {
  const fields = received as Record<string, unknown> | null | undefined
  return fields?.[id] === number && !('method' in fields)
}
