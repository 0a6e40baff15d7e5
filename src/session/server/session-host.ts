import type { Hello, Refusal } from '../protocol/frames.ts'
import type { HostedSession } from './hosted-session.ts'
import type { Counters, EndingReason } from './limits.ts'
import type { ReceivedHow, ResolvedOptions } from './options.ts'
import type { Oversized } from './oversized.ts'
import type { ServerConnection } from './server-connection.ts'
import type { Topics } from './topics.ts'

/** What connections, sessions, the admission and the topics require of the process that they belong to. */
export interface SessionHost {
  // Its `Request` is that of the application; here it is only passed on.
  readonly settings: ResolvedOptions<never>
  readonly counters: Counters
  /** Seconds since the start, counted by a timer. */
  readonly clock: number
  /** Set while the process shuts down: the refusal for new connections. */
  readonly closing: Refusal | undefined
  /** Sessions whose client is to receive an acknowledgement within a second. */
  readonly owing: Set<HostedSession>
  readonly topics: Topics
  readonly oversized: Oversized
  /** Answers a hello. */
  admit(connection: ServerConnection, name: string, hello: Hello, principal: string): Promise<void>
  refused(why: Refusal['why']): void
  /** Runs the application's handler for a message. */
  received(session: HostedSession, data: string | Uint8Array, how: ReceivedHow): unknown
  /** A connection has ended. */
  disconnected(connection: ServerConnection, code?: number): void
  /** Ends a session for good. */
  end(session: HostedSession, why: EndingReason): void
  /** Another process has the session. */
  removed(session: HostedSession): void
  /** Records all that is handled, then releases the ownership of the session. */
  handOver(session: HostedSession, why?: Refusal): Promise<void>
}
