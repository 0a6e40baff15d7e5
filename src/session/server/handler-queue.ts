import { report } from '../../core/report.ts'

/** Runs a handler for one message after the other: the next one waits for the promise that the last one returned. */
export class HandlerQueue<Message> {
  /** How many messages are handled. */
  done = 0
  /** Bytes of those that wait. */
  bytes = 0
  readonly #waiting: [message: Message, bytes: number][] = []
  readonly #handle: (message: Message, number: number) => unknown
  readonly #advanced: () => void
  #busy = false
  #closed = false
  /** Called when no handler runs any more. */
  #idle: (() => void)[] = []

  constructor(handle: (message: Message, number: number) => unknown, advanced: () => void) {
    this.#handle = handle
    this.#advanced = advanced
  }

  /** How many messages are here and not handled. */
  get open(): number {
    return this.#waiting.length + (this.#busy ? 1 : 0)
  }

  take(message: Message, bytes: number): void {
    if (this.#closed) return
    if (!this.#busy) return this.#run(message)
    this.#waiting.push([message, bytes])
    this.bytes += bytes
  }

  /** Nothing more is handled. Returns how many messages were, including the one that is being handled. */
  close(): number {
    this.#forget()
    if (this.#busy && !this.#closed) this.done++
    this.#closed = true
    return this.done
  }

  /** As after a crash: nothing more is handled, and the message that is being handled does not count. */
  abandon(): void {
    this.#forget()
    this.#closed = true
  }

  /** Forgets what has not been begun. Resolves once no handler runs. */
  stop(): Promise<void> {
    this.#forget()
    return this.idle()
  }

  /** Resolves once no handler runs and no message waits. */
  idle(): Promise<void> {
    if (!this.#busy) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle.push(resolve)
    })
  }

  #forget(): void {
    this.#waiting.length = this.bytes = 0
  }

  #next(): [Message, number] | undefined {
    const next = this.#busy ? undefined : this.#waiting.shift()
    this.bytes -= next?.[1] ?? 0
    return next
  }

  #run(message: Message): void {
    // Counted before the handler runs: one that throws, or takes the session over, must not get the message twice.
    const number = ++this.done
    let answer: unknown
    try {
      answer = this.#handle(message, number)
    } catch (error) {
      report(error)
    }
    if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== 'function') return this.#advanced()
    // It counts when the promise settles.
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
      this.#advanced()
      for (let next = this.#next(); next; next = this.#next()) this.#run(next[0])
    }
    if (this.#busy) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}
