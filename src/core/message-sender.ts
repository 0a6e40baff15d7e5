import { byteLength } from './binary.ts'
import { monotonicNow } from './clock.ts'
import type { Connection } from './connection.ts'
import type { Emitter } from './emitter.ts'
import type { Cause, Data, Events, Outcome, SendResult } from './events.ts'
import { type Cancel, longTimeout } from './long-timeout.ts'
import { type DropEvent, dropEvents, type Message, MessageQueue, settle } from './message-queue.ts'
import type { QueueLimits } from './policy/send-queue.ts'
import { allowance } from './policy/send-rate.ts'
import { Unsent } from './policy/unsent.ts'
import { callSafely } from './report.ts'
import { sentOutcome } from './sent-outcome.ts'

/** How often to check whether queued messages have left the browser, in ms. */
const UNSENT_CHECK = 100

/** Sends over the open connection. Queues what has to wait: for a connection, or for the rate limit `queue.perSecond`. */
export class MessageSender {
  readonly #limits: QueueLimits
  readonly #emitter: Emitter<Events>
  /** Created for the first message that has to wait. */
  #queue: MessageQueue | undefined
  /** The open connection. */
  #connection: Connection | undefined
  /** Cancels the timer of the next flush, while `queue.perSecond` holds messages back. */
  #cancelFlush: Cancel | undefined
  /** When queued messages were last sent over this connection. */
  #flushedAt: number | undefined
  /** Queued messages that were handed to the browser and may still be in its buffer. */
  #unsent: Unsent<Message> | undefined
  #cancelUnsentCheck: Cancel | undefined

  constructor(limits: QueueLimits, emitter: Emitter<Events>) {
    this.#limits = limits
    this.#emitter = emitter
  }

  get queuedBytes(): number {
    return this.#queue?.bytes ?? 0
  }

  send(data: Data, onOutcome?: (outcome: Outcome) => void): SendResult {
    // While `queue.perSecond` holds queued messages back, later ones are queued behind them.
    const connection = this.#connection
    if (this.#cancelFlush || !connection?.send(data)) return this.#enqueue(data, onOutcome)
    this.#unsent?.add(undefined, byteLength(data))
    if (onOutcome) settle({ onOutcome }, sentOutcome(connection))
    return 'sent'
  }

  #enqueue(data: Data, onOutcome?: (outcome: Outcome) => void): SendResult {
    this.#queue ??= new MessageQueue(this.#limits, this.#emitter)
    return this.#queue.push(data, onOutcome)
  }

  /** Removes all queued messages: the socket was closed, or they are discarded by a reconnect. Returns their `drop` events. */
  removeQueued(why: 'closed' | 'discarded'): DropEvent[] {
    return this.#queue?.removeAll(why) ?? []
  }

  /** From now on messages are sent over this connection. */
  connected(connection: Connection): void {
    this.#connection = connection
    // If there is a previous connection, it sends its buffer before it closes.
    this.#forgetUnsent()
    this.#flushedAt = undefined
  }

  /** From now on messages are queued. Returns the `drop` events of queued messages that the browser did not send. */
  disconnected(cause: Cause): DropEvent[] {
    const unsent = this.#stillUnsent()
    this.#forgetUnsent()
    this.#cancelFlush?.()
    this.#cancelFlush = this.#connection = undefined
    // When this side closes, the browser sends its buffer before the close frame.
    if (cause === 'user') return []
    return dropEvents(unsent, 'disconnected', 'the connection ended while the browser still held it')
  }

  /** Hands queued messages to the browser: all at once, or at the rate of `queue.perSecond`. */
  flush(): void {
    const queue = this.#queue
    if (!queue) return
    const { perSecond } = this.#limits
    // Before messages are handed over, so that none that has expired is sent: the timer that drops them may be late.
    const drops = queue.removeExpired()
    this.#cancelFlush?.()
    this.#cancelFlush = undefined
    const limit = this.#allowance()
    this.#flushedAt = monotonicNow()
    const outcomes: [message: Message, outcome: Outcome][] = []
    queue.takeWhile((message) => {
      const outcome = this.#handOver(message)
      if (outcome) outcomes.push([message, outcome])
      return outcome !== undefined
    }, limit)
    if (this.#connection) {
      this.#watchUnsent()
      if (queue.length && perSecond !== Infinity)
        this.#cancelFlush = longTimeout(1_000 / perSecond, () => this.flush())
    }
    // Last: these callbacks may send, or end the connection.
    this.#emitter.emitAll(drops)
    for (const [message, outcome] of outcomes) settle(message, outcome)
  }

  /** How many queued messages may be sent now: with a rate limit, one right after `open`, and at least one per timer. */
  #allowance(): number {
    const { perSecond } = this.#limits
    if (perSecond === Infinity) return Infinity
    if (this.#flushedAt === undefined) return 1
    return Math.max(1, allowance(perSecond, monotonicNow() - this.#flushedAt))
  }

  /** Returns the outcome, or nothing if the message must wait for another connection. */
  #handOver(message: Message): Outcome | undefined {
    const connection = this.#connection
    const isSent = callSafely(() => connection?.send(message.copy) ?? false)
    if (!connection || isSent === false) return undefined
    // `send` threw, and the error was reported. The message is removed, so that it does not block the queue for ever.
    if (isSent === undefined) return { result: 'dropped', reason: 'the browser refused it' }
    this.#unsent ??= new Unsent()
    // Without `onOutcome`: the caller calls it with `sent`, and it must not be called again if the message is lost.
    this.#unsent.add({ ...message, onOutcome: undefined }, message.bytes)
    return message.onOutcome ? sentOutcome(connection) : { result: 'sent' }
  }

  /** Forgets queued messages once they have left the browser. */
  #watchUnsent(): void {
    this.#cancelUnsentCheck?.()
    this.#stillUnsent()
    if (!this.#unsent || this.#unsent.isEmpty) this.#forgetUnsent()
    else this.#cancelUnsentCheck = longTimeout(UNSENT_CHECK, () => this.#watchUnsent())
  }

  #stillUnsent(): Message[] {
    return this.#unsent?.keepLast(this.#connection?.native?.bufferedAmount ?? 0) ?? []
  }

  #forgetUnsent(): void {
    this.#cancelUnsentCheck?.()
    this.#unsent = this.#cancelUnsentCheck = undefined
  }
}
