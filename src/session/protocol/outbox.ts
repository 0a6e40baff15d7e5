import type { Credit } from './frames.ts'

/** What waits elsewhere and will come into the outbox. */
export interface Waiting {
  messages: number
  bytes: number
}

const nothing: Waiting = { messages: 0, bytes: 0 }

/**
 * What one direction of a session has sent and the other end has not acknowledged, numbered from `acked` + 1. It has
 * neither clock nor socket.
 */
export class Outbox<Item extends { bytes: number }> {
  /** The number of the last message that was acknowledged. */
  acked = 0
  /** The number of the last message written to the present connection. */
  written = 0
  /** The number of the last message ever written to any connection. */
  highest = 0
  /** Bytes of all messages held. */
  bytes = 0
  /** Bytes written to the present connection and not acknowledged. */
  #flying = 0
  /** The largest message held, if it is larger than the window. */
  #oversize: Item | undefined
  readonly held: Item[] = []

  /** Bytes not written to the present connection. */
  get waiting(): number {
    return this.bytes - this.#flying
  }

  /** Bytes written to the present connection and not acknowledged. */
  get flying(): number {
    return this.#flying
  }

  /**
   * Whether there is room for one more message: in the window and `beyond` it, given what waits elsewhere. The largest of
   * them counts as a window only, so that one message can be sent whatever its size.
   */
  admits(item: Item, credit: Credit, beyond: Credit, elsewhere: Waiting = nothing): boolean {
    if (this.held.length + elsewhere.messages >= credit[0] + beyond[0]) return false
    const windowBytes = credit[1]
    const largest = item.bytes > (this.#oversize?.bytes ?? windowBytes) ? item : this.#oversize
    const excess = largest ? Math.max(0, largest.bytes - windowBytes) : 0
    if (this.bytes + elsewhere.bytes + item.bytes - excess > windowBytes + beyond[1]) return false
    this.#oversize = largest
    return true
  }

  push(item: Item): void {
    this.held.push(item)
    this.bytes += item.bytes
  }

  /** The next message to write, if the window has room for it. One that is larger than the window goes alone. */
  next(credit: Credit): Item | undefined {
    // `credit` is not destructured: that would iterate over it for every message.
    const flying = this.written - this.acked
    const item = this.held[flying]
    if (!item || flying >= credit[0] || (flying && this.#flying + item.bytes > credit[1])) return undefined
    this.#flying += item.bytes
    if (++this.written > this.highest) this.highest = this.written
    return item
  }

  /** The other end has all messages up to `got`. Returns those that leave; undefined where that cannot be. */
  ack(got: number): Item[] | undefined {
    if (got < this.acked || got > this.written) return undefined
    const acknowledged = this.held.splice(0, got - this.acked)
    for (const item of acknowledged) {
      this.bytes -= item.bytes
      this.#flying -= item.bytes
      if (item === this.#oversize) this.#oversize = undefined
    }
    this.acked = got
    return acknowledged
  }

  /** The connection has ended: what was written to it counts as waiting again. */
  disconnected(): void {
    this.written = this.acked
    this.#flying = 0
  }

  /** As `ack`, on a new connection: whatever is left is to be written again. */
  resume(got: number): Item[] | undefined {
    this.written = this.highest
    const acknowledged = this.ack(got)
    this.disconnected()
    return acknowledged
  }

  /**
   * Takes out a message that the other end can never receive, between two connections. Those behind it move up by one number:
   * none of them can have been received before it.
   */
  remove(item: Item): boolean {
    const index = this.held.indexOf(item)
    if (index < 0) return false
    this.held.splice(index, 1)
    this.bytes -= item.bytes
    if (this.acked + index < this.highest) this.highest--
    this.disconnected()
    if (item === this.#oversize) this.#oversize = undefined
    return true
  }
}
