import { describeExpected, type Expected, matches } from './match.ts'
import type { Message } from './payload.ts'
import { describe, Transcript } from './transcript.ts'
import { Changes, wait } from './wait.ts'

/** How long to wait for something that should happen. */
export interface WaitOptions {
  /** The longest wait in ms, of the fake clock where the timers are faked. @default 3000 */
  within?: number | undefined
}

const WITHIN = 3_000

interface Entry {
  /** Which connection it came over. */
  from: object
  message: Message
  /** Whether `heard` has returned it. */
  taken: boolean
}

/** Records what happened at a server, and waits for what should happen. */
export class Conversation {
  readonly transcript = new Transcript()
  readonly changes = new Changes()
  readonly #entries: Entry[] = []
  readonly #busy: () => Promise<unknown>

  constructor(busy: () => Promise<unknown>) {
    this.#busy = busy
  }

  received(from: object, message: Message): void {
    this.#entries.push({ from, message, taken: false })
  }

  /** The next message that `heard` has not returned before and that matches. */
  async heard(
    from: object | undefined,
    expected: Expected | undefined,
    options?: WaitOptions,
  ): Promise<Message> {
    const mine = () => this.#entries.filter((entry) => !from || entry.from === from)
    const look = () => {
      const found = mine().find(
        ({ taken, message }) => !taken && (expected === undefined || matches(expected, message)),
      )
      if (found) found.taken = true
      return found
    }
    const found = await this.wait(look, options, () => {
      const what = expected === undefined ? 'another message' : describeExpected(expected)
      const others = mine().filter(({ taken }) => !taken)
      const list = others.map(({ message }) => `\n  ${describe(message)}`).join('')
      return `did not receive ${what}${list && `. What it received and nobody asked for:${list}`}`
    })
    return found.message
  }

  async wait<Value>(
    look: () => Value | undefined,
    options: WaitOptions = {},
    failure: () => string,
  ): Promise<Value> {
    const within = options.within ?? WITHIN
    // Created here, so that its stack leads to the caller's line.
    const error = new Error('holdfast/testing')
    const value = await wait({ changes: this.changes, look, within, busy: this.#busy })
    if (value !== undefined) return value
    error.message = this.withTranscript(`within ${within} ms the server ${failure()}`)
    throw error
  }

  /** An error message with the conversation below it. */
  withTranscript(what: string): string {
    return `holdfast/testing: ${what}\n\nThe conversation so far (→ to the server, ← to the client):\n${this.transcript}`
  }
}
