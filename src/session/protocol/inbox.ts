import type { Credit } from './frames.ts'

/** Whether it is time to acknowledge: so many messages are owed, and so many bytes have come since the last time. */
export function due(credit: Credit, owed: number, bytes: number): boolean {
  return owed > 0 && (owed >= Math.min(128, credit[0] / 2) || bytes >= Math.min(65_536, credit[1] / 2))
}

/**
 * Counts what a server has received of a session, and says when to acknowledge. It knows nothing of time. A client, which
 * hands on at once what it gets and is never sent anything twice, needs less.
 */
export class Inbox {
  /** The number of the last data frame on the present line. */
  at = 0
  /** How many data frames of the session were received. */
  got = 0
  /** What the other end was last told. */
  acked = 0
  /** Bytes received since then. */
  #bytes = 0
  /** What the other end may have on its way: an acknowledgement is its credit. */
  credit: Credit

  constructor(credit: Credit) {
    this.credit = credit
  }

  /** One data frame came. False: it was here before. */
  received(bytes: number): boolean {
    this.#bytes += bytes
    if (++this.at <= this.got) return false
    this.got = this.at
    return true
  }

  /** Whether it is time to acknowledge, when all up to `done` is handled. */
  due(done: number): boolean {
    return due(this.credit, done - this.acked, this.#bytes)
  }

  /** The other end is told `done` now. */
  tell(done: number): number {
    this.#bytes = 0
    this.acked = done
    return done
  }

  /** A new line, whose first data frame will be number `done` + 1. */
  resume(done: number): void {
    this.at = this.tell(done)
  }
}
