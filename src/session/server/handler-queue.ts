import { report } from '../../core/report.ts'

/** Handles the messages of a queue. */
export interface MessageHandler<Message> {
  /** Handles one message. `number` counts from 1. */
  handle(message: Message, number: number): unknown
  /** One more message is handled. */
  advanced(): void
}

/** Runs a handler for one message at a time: the next message waits for the promise that the handler returned. */
export class HandlerQueue<Message> {
  /** How many messages are handled. */
  done = 0
  /** Bytes of those that wait. */
  bytes = 0
  /** Created when a message has to wait: most handlers return at once, and there is a queue for each session. */
  #waiting: [message: Message, bytes: number][] | undefined
  readonly #owner: MessageHandler<Message>
  #busy = false
  #closed = false
  /** Called when no handler runs any more. */
  #idle: (() => void)[] | undefined

  constructor(owner: MessageHandler<Message>) {
    this.#owner = owner
  }

  /** How many messages wait or are being handled. */
  get pending(): number {
    return (this.#waiting?.length ?? 0) + (this.#busy ? 1 : 0)
  }

  take(message: Message, bytes: number): void {
    if (this.#closed) return
    if (!this.#busy) return this.#run(message)
    this.#waiting ??= []
    this.#waiting.push([message, bytes])
    this.bytes += bytes
  }

  /** Stops. Returns how many messages were handled, including the one whose handler is running. */
  close(): number {
    this.discard()
    if (this.#busy && !this.#closed) this.done++
    this.#closed = true
    return this.done
  }

  /** Stops as after a crash: the message whose handler is running does not count as handled. */
  abandon(): void {
    this.discard()
    this.#closed = true
  }

  /** Discards the waiting messages. */
  discard(): void {
    this.#waiting = undefined
    this.bytes = 0
  }

  /** Discards the waiting messages. Resolves once no handler runs. */
  stop(): Promise<void> {
    this.discard()
    return this.idle()
  }

  /** Resolves once no handler runs and no message waits. */
  idle(): Promise<void> {
    if (!this.#busy) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle ??= []
      this.#idle.push(resolve)
    })
  }

  #next(): [Message, number] | undefined {
    const next = this.#busy ? undefined : this.#waiting?.shift()
    this.bytes -= next?.[1] ?? 0
    return next
  }

  #run(message: Message): void {
    // Counted before the handler runs, so that one that throws does not receive the message twice.
    const number = ++this.done
    let answer: unknown
    try {
      answer = this.#owner.handle(message, number)
    } catch (error) {
      report(error)
    }
    if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== 'function')
      return this.#owner.advanced()
    // It is counted when the promise settles.
    this.done--
    this.#busy = true
    void Promise.resolve(answer)
      .catch(report)
      .then(() => this.#settled())
  }

  #settled(): void {
    this.#busy = false
    if (!this.#closed) {
      this.done++
      this.#owner.advanced()
      for (let next = this.#next(); next; next = this.#next()) this.#run(next[0])
    }
    if (this.#busy) return
    const idle = this.#idle ?? []
    this.#idle = undefined
    for (const resolve of idle) resolve()
  }
}
