/**
 * Queued messages that were handed to the browser and may not have left it: when the connection ends, these are lost. The
 * browser sends in order, so what it still holds are the last bytes that it was given.
 */
export class Unsent<Message> {
  readonly #given: { message: Message | undefined; bytes: number }[] = []

  get isEmpty(): boolean {
    return this.#given.length === 0
  }

  /** A message was handed to the browser. Without `message`: one that is not reported when lost, but whose bytes count. */
  add(message: Message | undefined, bytes: number): void {
    this.#given.push({ message, bytes })
  }

  /** Forgets the messages that have left, when the browser still holds `buffered` bytes. Returns those that have not. */
  keepLast(buffered: number): Message[] {
    let bytes = 0
    let first = this.#given.length
    while (first > 0 && bytes < buffered) bytes += this.#given[--first]?.bytes ?? 0
    this.#given.splice(0, first)
    return this.#given.flatMap(({ message }) => (message === undefined ? [] : [message]))
  }
}
