import type { Data } from '../../core/events.ts'

/** What became of a message. `unknown`: it was written to a connection, and nobody can tell whether it arrived. */
export type Outcome = 'delivered' | 'lost' | 'unknown'

/** What became of the messages that were not acknowledged when a session ended, in the order in which they were sent. */
export type Outcomes = Record<Outcome, Data[]>

/** One that is held until its outcome is known. */
export interface Message {
  data: Data
  bytes: number
  settle: ((outcome: Outcome) => void) | undefined
}

/** Tells those who asked what became of these messages; answers with what was sent. */
export function settleOutcomes(messages: Message[], outcome: Outcome): Data[] {
  return messages.map(({ data, settle }) => {
    settle?.(outcome)
    return data
  })
}
