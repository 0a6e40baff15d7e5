import type { Credit } from './frames.ts'

/**
 * What one direction of a session has sent and the other end has not acknowledged, numbered from `acked` + 1. It knows
 * nothing of time or sockets.
 */
export class Outbox<Item extends { bytes: number }> {
  /** The number of the last one acknowledged. */
  acked = 0
  /** The number of the last one written to the present line. */
  written = 0
  /** The number of the last one ever written to any line. */
  highest = 0
  /** Bytes of all that is held. */
  bytes = 0
  /** Bytes written to the present line and not acknowledged. */
  #flying = 0
  readonly held: Item[] = []

  /** Bytes not written to the present line. */
  get waiting(): number {
    return this.bytes - this.#flying
  }

  push(item: Item): void {
    this.held.push(item)
    this.bytes += item.bytes
  }

  /** The next one to write, if there is one and the window has room. One larger than the window goes alone. */
  next(credit: Credit): Item | undefined {
    // `credit` is not destructured: that walks it as an iterable, at every message.
    const flying = this.written - this.acked
    const item = this.held[flying]
    if (!item || flying >= credit[0] || (flying && this.#flying + item.bytes > credit[1])) return
    this.#flying += item.bytes
    if (++this.written > this.highest) this.highest = this.written
    return item
  }

  /** The other end has all up to `got`: answers with those that leave; with nothing where that cannot be. */
  ack(got: number): Item[] | undefined {
    if (got < this.acked || got > this.written) return
    const gone = this.held.splice(0, got - this.acked)
    for (const { bytes } of gone) {
      this.bytes -= bytes
      this.#flying -= bytes
    }
    this.acked = got
    return gone
  }

  /** The connection has ended: what was written to it counts as waiting again. */
  disconnected(): void {
    this.written = this.acked
    this.#flying = 0
  }

  /** As `ack`, on a new line: whatever is left is to be written again. */
  resume(got: number): Item[] | undefined {
    this.written = this.highest
    const gone = this.ack(got)
    this.written = this.acked
    this.#flying = 0
    return gone
  }
}
