import type { Data, Events } from '../../core/events.ts'
import type { Options } from '../../core/options.ts'
import type { Outcomes } from './outcomes.ts'
import type { TopicEvent } from './topics.ts'

/** How a `Session` behaves: as a `Socket` does, but for what the protocol itself decides. */
export interface SessionOptions<In = unknown>
  extends Omit<Options<In>, 'protocols' | 'greet' | 'queue' | 'heartbeat' | 'final'> {
  /** What authenticates us, or a function that is called for every attempt: it travels in the first frame. */
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
  /**
   * Cursors of topics, as `session.cursor(topic)` returned them before the page was reloaded: once the server subscribes this
   * session to one of these topics, it goes on from there.
   */
  topics?: Readonly<Record<string, string>> | undefined
}

/** What a session emits beyond what a socket emits. */
export interface Own {
  /** A message was dropped: there was no room for it, or the server does not take one of its size. `reason` says which. */
  drop: { data: Data; why: 'overflow'; reason: string }
  /** The session goes on over a new connection; `resent` messages were written again. */
  resumed: { resent: number }
  /**
   * The session was lost, and a new one starts: get the present state from the server again. With what became of the
   * messages that were not acknowledged. Nothing of them is sent again.
   */
  fresh: Outcomes & { why: 'gone' | 'overflow' }
  /** The session has ended for good, right before `closed`. With what became of the messages not acknowledged. */
  ended: Outcomes
  /** A topic began, has a gap, is caught up, or ended. Its messages are emitted as any others. */
  topic: TopicEvent
}

export type SessionEvents<In = unknown> = Omit<Events<In>, keyof Own> & Own
