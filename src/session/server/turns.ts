import { report } from '../../emitter.ts'

/** Runs a handler for one message after the other: the next one waits for the promise that the last one gave. */
export class Turns<Message> {
  /** How many are handled. */
  done = 0
  readonly #waiting: Message[] = []
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

  take(message: Message): void {
    if (this.#busy) this.#waiting.push(message)
    else this.#run(message)
  }

  /** Nothing more is handled. Answers with how many were, the one that is being handled included. */
  close(): number {
    this.#waiting.length = 0
    if (this.#busy && !this.#closed) this.done++
    this.#closed = true
    return this.done
  }

  /** Forgets what has not been begun, and waits for what has. */
  async stop(): Promise<void> {
    this.#waiting.length = 0
    while (this.#busy) await new Promise((resolve) => setTimeout(resolve, 5))
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
        while (!this.#busy && this.#waiting.length) this.#run(this.#waiting.shift() as Message)
      })
  }
}
