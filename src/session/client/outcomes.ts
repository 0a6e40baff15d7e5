import type { Data } from '../../core/events.ts'

/** What became of a message. `unknown`: it was written to a connection, and nobody can tell whether it arrived. */
export type SessionResult = 'delivered' | 'lost' | 'unknown'

/** What finally became of one message. `reason` says why it was lost, where that is known. */
export interface Outcome {
  result: SessionResult
  reason?: string
}

/** What became of the messages that were not acknowledged when a session ended, in the order in which they were sent. */
export type Outcomes = Record<SessionResult, Data[]>

/** A message that is held until its outcome is known. */
export interface Message {
  data: Data
  bytes: number
  onOutcome: ((outcome: Outcome) => void) | undefined
}

/** Tells those who asked what became of these messages, and returns what was sent. */
export function settleOutcomes(messages: readonly Message[], result: SessionResult, reason?: string): Data[] {
  return messages.map(({ data, onOutcome }) => {
    onOutcome?.(reason === undefined ? { result } : { result, reason })
    return data
  })
}
