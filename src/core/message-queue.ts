import { byteLength, snapshot } from './binary.ts'
import { monotonicNow } from './clock.ts'
import type { Emitter, PendingEvent } from './emitter.ts'
import type { Data, DropReason, Events, Outcome } from './events.ts'
import { type Cancel, longTimeout } from './long-timeout.ts'
import { type QueueLimits, SendQueue } from './policy/send-queue.ts'
import { callSafely } from './report.ts'

/** A message that was passed to `send`. */
export interface Message {
  /** The same object, for the `drop` event. */
  data: Data
  /** A snapshot, which is sent: the caller may change a buffer after `send`. */
  copy: Data
  bytes: number
  onOutcome: ((outcome: Outcome) => void) | undefined
}

/** A `drop` event, ready to emit. `onOutcome` of the message is called right before it. */
export type DropEvent = PendingEvent<Pick<Events, 'drop'>>

/**
 * The messages that wait for a connection. Methods that remove messages return their `drop` events: the caller emits them
 * last, because a listener may call any method.
 */
export class MessageQueue {
  readonly #emitter: Emitter<Events>
  readonly #queue: SendQueue<Message>
  #cancelExpiry: Cancel | undefined

  constructor(limits: QueueLimits, emitter: Emitter<Events>) {
    this.#emitter = emitter
    this.#queue = new SendQueue(limits)
  }

  get length(): number {
    return this.#queue.length
  }

  get bytes(): number {
    return this.#queue.bytes
  }

  /** Stores a message, or drops it. */
  push(data: Data, onOutcome?: (outcome: Outcome) => void): 'queued' | 'dropped' {
    const drops = this.removeExpired()
    const bytes = byteLength(data)
    const message: Message = { data, copy: data, bytes, onOutcome }
    // Otherwise a `drop` listener that sends again would never end.
    const isFromDrop = this.#emitter.dispatching === 'drop'
    const displaced = this.#queue.push(message, bytes, monotonicNow(), !isFromDrop)
    if (displaced) {
      message.copy = snapshot(data)
      this.#watchExpiry()
      const reason = 'newer messages took its place (option queue.overflow)'
      this.#emitter.emitAll([...drops, ...dropEvents(displaced, 'overflow', reason)])
      return 'queued'
    }
    const reason = this.#whyFull(bytes)
    if (!isFromDrop) drops.push(...dropEvents([message], 'overflow', reason))
    this.#emitter.emitAll(drops)
    return isFromDrop ? dropWithoutEvent(onOutcome, reason) : 'dropped'
  }

  /** Removes messages from the front while `accept` returns true for them, `limit` at most. */
  takeWhile(accept: (message: Message) => boolean, limit?: number): void {
    this.#queue.takeWhile(accept, limit)
    if (!this.length) this.#stopWatchingExpiry()
  }

  /** Removes the messages that have waited for `queue.ttl`. */
  removeExpired(): DropEvent[] {
    const reason = `it waited longer than ${this.#queue.limits.ttl} ms (option queue.ttl)`
    return dropEvents(this.#queue.expired(monotonicNow()), 'expired', reason)
  }

  /** Removes all messages: the socket was closed, or they are discarded by a reconnect. */
  removeAll(why: 'closed' | 'discarded'): DropEvent[] {
    this.#stopWatchingExpiry()
    const reason = why === 'closed' ? 'the socket was closed' : "reconnect({ queue: 'drop' }) was called"
    return dropEvents(this.#queue.clear(), why, reason)
  }

  /** Drops messages when their time has come, not only when the next one is sent. */
  #watchExpiry(): void {
    const ms = this.#queue.expiresIn(monotonicNow())
    if (ms === Infinity || this.#cancelExpiry) return
    this.#cancelExpiry = longTimeout(ms, () => {
      this.#cancelExpiry = undefined
      const drops = this.removeExpired()
      this.#watchExpiry()
      this.#emitter.emitAll(drops)
    })
  }

  #stopWatchingExpiry(): void {
    this.#cancelExpiry?.()
    this.#cancelExpiry = undefined
  }

  #whyFull(bytes: number): string {
    const { messages, bytes: maxBytes } = this.#queue.limits
    if (!messages) return 'the connection is not open, and there is no queue (option queue)'
    if (this.length >= messages)
      return `the queue is full: it holds ${formatted(messages)} (option queue.messages)`
    return `${formatted(bytes)} bytes do not fit the queue of ${formatted(maxBytes)} (option queue.bytes)`
  }
}

/** The `drop` events of these messages. */
export function dropEvents(messages: Message[], why: DropReason, reason: string): DropEvent[] {
  return messages.map((message) => [
    'drop',
    { data: message.data, why, reason },
    () => settle(message, { result: 'dropped', reason }),
  ])
}

/** Reports the outcome of a message. */
export function settle({ onOutcome }: Pick<Message, 'onOutcome'>, outcome: Outcome): void {
  if (onOutcome) callSafely(onOutcome, outcome)
}

/** Reports that a message was dropped by `onOutcome` alone. */
export function dropWithoutEvent(onOutcome: Message['onOutcome'], reason: string): 'dropped' {
  settle({ onOutcome }, { result: 'dropped', reason })
  return 'dropped'
}

const formatted = (value: number) => value.toLocaleString('en-US')
