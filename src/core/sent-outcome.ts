import type { Outcome } from './events.ts'

/** The connection over which a message was sent. */
export interface SendingConnection {
  /** Whether it has ended: nothing more is received over it. */
  readonly isOver: boolean
  /** Aborted when it ends. */
  readonly signal: AbortSignal
  readonly native: { readonly bufferedAmount: number } | undefined
}

const connections = new WeakMap<Outcome, SendingConnection>()

/** The outcome `sent` of a message that was sent over this connection. */
export function sentOutcome(connection: SendingConnection): Outcome {
  const outcome: Outcome = { result: 'sent' }
  connections.set(outcome, connection)
  return outcome
}

/**
 * The connection over which the message of this outcome was sent. After an overlapping reconnect it may be the previous
 * connection of the socket. `undefined` for messages of a `Session`, and of the socket of a tab.
 */
export function connectionOf(outcome: Outcome): SendingConnection | undefined {
  return connections.get(outcome)
}
