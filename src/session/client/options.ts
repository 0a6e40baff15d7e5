import type { Events } from '../../core/events.ts'
import type { Options, Provided } from '../../core/options.ts'
import type { Refusal } from '../protocol/frames.ts'
import type { Outcomes } from './outcomes.ts'

/** How a `Session` behaves: as a `Socket` does, except for what the protocol itself decides. */
export interface SessionOptions<In = unknown, Out = unknown, Kind extends BinaryType = BinaryType>
  extends Omit<Options<In, Out, Kind>, 'protocols' | 'greet' | 'queue' | 'heartbeat' | 'final'> {
  /**
   * The token that authenticates the user, or a function that is called for every attempt. It travels in the first frame. A
   * function may throw `Refused` to end the session for good.
   */
  auth?: Provided<string | undefined> | undefined
  /** When to ask the server whether it is there, in ms. @default { interval: 25_000, timeout: 10_000 } */
  heartbeat?: { interval?: number | undefined; timeout?: number | undefined } | undefined
  /**
   * How much may wait beyond the server's window, in messages and bytes; more is dropped, with a `drop` each.
   * @default { messages: 1_000, bytes: 1_048_576 }
   */
  queue?: { messages?: number | undefined; bytes?: number | undefined } | undefined
}

/** The events of a session beside those of a socket. */
export interface SessionOnlyEvents {
  /** The session goes on over a new connection; `resent` messages were written again. */
  resumed: { resent: number }
  /**
   * The session was lost, and a new one starts: get the present state from the server again. With what became of the
   * messages that were not acknowledged. None of them is sent again.
   */
  fresh: Outcomes & { why: Refusal['why'] | 'discarded' }
  /** The session has ended for good, right before `closed`. With what became of the messages not acknowledged. */
  ended: Outcomes
}

export interface SessionEvents<In = unknown, Kind extends BinaryType = BinaryType>
  extends Events<In, Kind>,
    SessionOnlyEvents {}
