/** Bounds on what clients can make a server hold. */
export interface Limits {
  /** The largest first frame, in bytes. @default 8_192 */
  hello: number
  /**
   * How long a connection may be without a hello, and how long `authenticate` may take, in s. A client whose token is not answered in time
   * is refused as `busy` and tries again. @default 10
   */
  patience: number
  /** Connections that have not been welcomed, in all; more are refused as `busy`. @default 10_000 */
  pending: number
  /**
   * The same from one address (see the option `address`). Behind a reverse proxy all clients have the proxy's address.
   * @default 1_000
   */
  pendingPerAddress: number
  /**
   * Sessions in all. When they are used up, sessions that are away and whose client never sent or acknowledged a message
   * end first; then new clients are refused as `busy`. @default 100_000
   */
  sessions: number
  /** Sessions of one principal; the one away for longest is ended. Counts only with `authenticate`. @default 32 */
  perPrincipal: number
  /** Messages that may wait for one client beyond its window; more end its session as `overflow`. @default 1_000 */
  messages: number
  /** The same in bytes. @default 1_048_576 */
  bytes: number
  /** How long a session may carry no message, in s. @default Infinity */
  idle: number
  /** Topics to which one session may be subscribed. @default 100 */
  topics: number
}

/** Why a session ended. */
export type EndingReason = 'finished' | 'expired' | 'overflow' | 'idle'

/** How a session ended. Messages 1 to `delivered` were delivered; up to `written` it is unknown; the rest are lost. */
export interface Ending {
  why: EndingReason
  delivered: number
  written: number
  sent: number
}

/** What has happened since the start. */
export interface Counters {
  connections: number
  opened: number
  resumed: number
  taken: number
  refused: number
  expired: number
  overflowed: number
  malformed: number
  silent: number
  received: number
  sent: number
  receivedBytes: number
  sentBytes: number
  /** Written again after a connection broke. */
  resent: number
  /** Messages published to topics by this process, and topic messages written to clients. */
  published: number
  topicMessages: number
  /** Reads of a topic's log, for clients that were away. */
  logReads: number
  /** How often a gap in a topic was reported to a client. */
  gaps: number
}

export const newCounters = (): Counters => ({
  connections: 0,
  opened: 0,
  resumed: 0,
  taken: 0,
  refused: 0,
  expired: 0,
  overflowed: 0,
  malformed: 0,
  silent: 0,
  received: 0,
  sent: 0,
  receivedBytes: 0,
  sentBytes: 0,
  resent: 0,
  published: 0,
  topicMessages: 0,
  logReads: 0,
  gaps: 0,
})
