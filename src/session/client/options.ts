import type { Events } from '../../core/events.ts'
import type { Options, Provided } from '../../core/options.ts'
import type { Outcomes } from './outcomes.ts'
import type { TopicEvent } from './topics.ts'

/** How a `Session` behaves: as a `Socket` does, except for what the protocol itself decides. */
export interface SessionOptions<In = unknown, Out = unknown, Kind extends BinaryType = BinaryType>
  extends Omit<Options<In, Out, Kind>, 'protocols' | 'greet' | 'queue' | 'heartbeat' | 'final'> {
  /**
   * The token that authenticates the user, or a function that is called for every attempt. It travels in the first frame. A
   * function may throw `Refused` to end the session for good.
   */
  auth?: Provided<string | undefined> | undefined
  /** When to send a ping, and how long to wait for its answer, in ms. @default { interval: 25_000, timeout: 10_000 } */
  heartbeat?: { interval?: number | undefined; timeout?: number | undefined } | undefined
  /**
   * How much may wait beyond the server's window, in messages and bytes; more is dropped, with a `drop` each.
   * @default { messages: 1_000, bytes: 1_048_576 }
   */
  queue?: { messages?: number | undefined; bytes?: number | undefined } | undefined
  /**
   * Cursors of topics, as `session.cursor(topic)` returned them before the page was reloaded: when the server subscribes this
   * session to one of these topics, it continues from there.
   */
  topics?: Readonly<Record<string, string>> | undefined
}

/** The events of a session beside those of a socket. */
export interface SessionOnlyEvents {
  /** The session goes on over a new connection; `resent` messages were written again. */
  resumed: { resent: number }
  /**
   * The session was lost, and a new one starts: get the present state from the server again. The value has the
   * outcomes of the messages that were not acknowledged. None of them is sent again.
   */
  fresh: Outcomes & { why: 'gone' | 'overflow' | 'discarded' }
  /** The session has ended for good, right before `closed`. The value has the outcomes of the messages not acknowledged. */
  ended: Outcomes
  /** A topic began, has a gap, is caught up, or ended. Its messages are emitted as any others, with their cursor as `lastEventId`. */
  topic: TopicEvent
}

/** Event names of a session, and the value that a listener is called with. */
export interface SessionEvents<In = unknown, Kind extends BinaryType = BinaryType>
  extends Events<In, Kind>,
    SessionOnlyEvents {
  /** Every message. One of a topic has the topic's name, and its cursor as `lastEventId`. */
  message: SessionMessageEvent
}

/** A message as the browser's `MessageEvent`. `topic` is the name of its topic; absent for a message to this session alone. */
export type SessionMessageEvent = MessageEvent & { readonly topic?: string }
