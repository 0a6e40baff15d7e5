import { report } from '../../core/report.ts'

/** Runs a handler for one message after the other: the next one waits for the promise that the last one gave. */
export class HandlerQueue<Message> {
  /** How many are handled. */
  done = 0
  /** Bytes of those that wait. */
  bytes = 0
  readonly #waiting: [message: Message, bytes: number][] = []
  readonly #handle: (message: Message, number: number) => unknown
  readonly #advanced: () => void
  #busy = false
  #closed = false

  constructor(handle: (message: Message, number: number) => unknown, advanced: () => void) {
    this.#handle = handle
    this.#advanced = advanced
  }

  /** How many are here and not handled. */
  get open(): number {
    return this.#waiting.length + (this.#busy ? 1 : 0)
  }

  take(message: Message, bytes: number): void {
    if (!this.#busy) return this.#run(message)
    this.#waiting.push([message, bytes])
    this.bytes += bytes
  }

  /** Nothing more is handled. Answers with how many were, the one that is being handled included. */
  close(): number {
    this.#forget()
    if (this.#busy && !this.#closed) this.done++
    this.#closed = true
    return this.done
  }

  /** Forgets what has not been begun, and waits for what has. */
  async stop(): Promise<void> {
    this.#forget()
    while (this.#busy) await new Promise((resolve) => setTimeout(resolve, 5))
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
    // Counted before anybody hears it: a handler that throws, or takes the session over, must not get it twice.
    const number = ++this.done
    let answer: unknown
    try {
      answer = this.#handle(message, number)
    } catch (error) {
      report(error)
    }
    if (typeof (answer as PromiseLike<unknown>)?.then !== 'function') return this.#advanced()
    // Not yet, then.
    this.done--
    this.#busy = true
    void Promise.resolve(answer)
      .catch(report)
      .then(() => {
        this.#busy = false
        if (this.#closed) return
        this.done++
        this.#advanced()
        for (let next = this.#next(); next; next = this.#next()) this.#run(next[0])
      })
  }
}
