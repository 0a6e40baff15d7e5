import type { Message } from './payload.ts'

const MAX_ENTRIES = 1_000
const MAX_PRINTED = 60
const MAX_CHARACTERS = 200

/** A message as it is printed: JSON as it is, other text in quotes, the first bytes of binary. */
export function describe(message: Message): string {
  if (typeof message === 'string') {
    const text = /^[[{][^\n]*$/.test(message) ? message : JSON.stringify(message)
    return text.length > MAX_CHARACTERS
      ? `${text.slice(0, MAX_CHARACTERS)}… (${message.length} characters)`
      : text
  }
  const bytes = [...message.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return `<${message.length} bytes: ${bytes}${message.length > 16 ? ' …' : ''}>`
}

/** What happened between a server and its clients, in order. */
export class Transcript {
  readonly #began = Date.now()
  readonly #lines: string[] = []
  #forgotten = 0

  /** `who` is the client's name, or `server`. */
  note(who: string, what: string): void {
    const at = `${Date.now() - this.#began}`.padStart(7)
    this.#lines.push(`${at} ms  ${who.padEnd(9)} ${what}`)
    if (this.#lines.length <= MAX_ENTRIES) return
    this.#lines.shift()
    this.#forgotten++
  }

  toString(): string {
    if (this.#lines.length === 0) return '  (nothing happened: no client has connected)'
    const earlier = this.#forgotten + Math.max(0, this.#lines.length - MAX_PRINTED)
    const head = earlier ? [`  … ${earlier} earlier lines`] : []
    return [...head, ...this.#lines.slice(-MAX_PRINTED)].join('\n')
  }
}
