import type { Data, DropReason, Events } from '../../core/events.ts'
import type { Options } from '../../core/options.ts'
import type { Refusal } from '../protocol/frames.ts'
import type { Outcomes } from './outcomes.ts'

/** How a `Session` behaves: as a `Socket` does, but for what the protocol itself decides. */
export interface SessionOptions<In = unknown>
  extends Omit<Options<In>, 'protocols' | 'greet' | 'queue' | 'heartbeat' | 'final'> {
  /** What authenticates us, or a function that is asked anew for every attempt: it travels in the first frame. */
  auth?:
    | string
    | ((context: { signal: AbortSignal }) => string | undefined | Promise<string | undefined>)
    | undefined
  /** When to ask the server whether it is there. @default { interval: 25_000, timeout: 10_000 } */
  heartbeat?: { interval?: number | undefined; timeout?: number | undefined } | undefined
  /**
   * How much may wait beyond the server's window, in messages and bytes; more is dropped, with a `drop` each.
   * @default { messages: 1_000, bytes: 1_048_576 }
   */
  queue?: { messages?: number | undefined; bytes?: number | undefined } | undefined
}

/** What a session says beyond what a socket says. */
export interface Own {
  /** A message was given up, because there was no room for it. */
  drop: { data: Data; why: DropReason }
  /** The session goes on over a new connection; `resent` messages were written again. */
  resumed: { resent: number }
  /**
   * The session was lost, and a new one starts: get the present state from the server again. With what became of the
   * messages that were not acknowledged. Nothing of them is sent again.
   */
  fresh: Outcomes & { why: Refusal['why'] }
  /** The session has ended for good, right before `closed`. With what became of the messages not acknowledged. */
  ended: Outcomes
}

export type SessionEvents<In = unknown> = Omit<Events<In>, keyof Own> & Own
