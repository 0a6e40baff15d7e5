import type { Outcome } from './events.ts'

/** A connection that a message was sent over. */
export interface SentOver {
  /** Whether it has ended: nothing is received over it any more. */
  readonly isOver: boolean
  readonly native: { readonly bufferedAmount: number } | undefined
}

const connections = new WeakMap<Outcome, SentOver>()

/** The outcome of a message that was sent over this connection. */
export function sentOver(connection: SentOver): Outcome {
  const outcome: Outcome = { result: 'sent' }
  connections.set(outcome, connection)
  return outcome
}

/**
 * The connection that a message was sent over. After an overlapping reconnect it is not that of the socket. `undefined` over a
 * `Session` or the socket of a tab.
 */
export function connectionOf(outcome: Outcome): SentOver | undefined {
  return connections.get(outcome)
}
