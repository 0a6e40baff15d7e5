import type { Credit } from './frames.ts'

/** Whether it is time to acknowledge: `owed` messages are unacknowledged, and `bytes` have arrived since the last time. */
export function isAckDue(credit: Credit, owed: number, bytes: number): boolean {
  return owed > 0 && (owed >= Math.min(128, credit[0] / 2) || bytes >= Math.min(65_536, credit[1] / 2))
}

/**
 * Counts what a server has received of a session, and decides when to acknowledge. It has no clock. A client handles what it
 * receives at once and never receives a message twice, so it needs only `isAckDue`.
 */
export class Inbox {
  /** The number of the last data frame of the present connection. */
  at = 0
  /** How many data frames of the session were received. */
  got = 0
  /** The number in the last acknowledgement. */
  acked = 0
  /** Bytes received since then. */
  #bytes = 0
  /** What the other end may have unacknowledged. */
  credit: Credit

  constructor(credit: Credit) {
    this.credit = credit
  }

  /** Counts one data frame. Returns false when it was received before. */
  received(bytes: number): boolean {
    this.#bytes += bytes
    if (++this.at <= this.got) return false
    this.got = this.at
    return true
  }

  /** Whether it is time to acknowledge, when all messages up to `done` are handled. */
  due(done: number): boolean {
    return isAckDue(this.credit, done - this.acked, this.#bytes)
  }

  /** Records that `done` is acknowledged now, and returns it. */
  acknowledge(done: number): number {
    this.#bytes = 0
    this.acked = done
    return done
  }

  /** Begins a new connection, whose first data frame will be number `done` + 1. */
  resume(done: number): void {
    this.at = this.acknowledge(done)
  }
}
