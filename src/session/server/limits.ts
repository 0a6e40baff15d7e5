/** Bounds on what clients can make a server hold. */
export interface Limits {
  /** The largest first frame, in bytes. @default 8_192 */
  hello: number
  /** How long a connection may be without a hello, in s. @default 10 */
  patience: number
  /** Sessions in all. @default 100_000 */
  sessions: number
  /** Sessions of one principal; the one away for longest gives way. Counts only with `authenticate`. @default 32 */
  perPrincipal: number
  /** Messages that may wait for one client beyond its window; more end its session as `overflow`. @default 1_000 */
  messages: number
  /** The same in bytes. @default 1_048_576 */
  bytes: number
  /** How long a session may carry no message, in s. @default Infinity */
  idle: number
}

/** How a session ended. Messages 1 to `delivered` were delivered, from there to `written` nobody knows, the rest are lost. */
export interface Ending {
  why: 'finished' | 'expired' | 'overflow' | 'idle' | 'moved'
  delivered: number
  written: number
  sent: number
}

/** What a monitor may want to see, counted since the start. */
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
  /** Written again after a connection broke. */
  resent: number
}
