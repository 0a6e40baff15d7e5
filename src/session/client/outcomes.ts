import type { Data, Outcome } from '../../core/events.ts'
import { callSafely } from '../../core/report.ts'

/** `unknown`: the message was written to a connection that broke, and may or may not have arrived. */
export type SessionOutcome = 'delivered' | 'lost' | 'unknown'

/** What became of the messages that were not acknowledged when a session ended, in the order in which they were sent. */
export type Outcomes = Record<SessionOutcome, Data[]>

/** A message that is kept until its outcome is known. */
export interface Message {
  data: Data
  bytes: number
  onOutcome: ((outcome: Outcome) => void) | undefined
}

/** Calls `onOutcome` of these messages. Returns their data. */
export function settleOutcomes(messages: Message[], result: SessionOutcome, reason?: string): Data[] {
  return messages.map(({ data, onOutcome }) => {
    if (onOutcome) callSafely(onOutcome, reason === undefined ? { result } : { result, reason })
    return data
  })
}
