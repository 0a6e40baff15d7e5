import type { Redis } from './redis.ts'

/** Messages between processes about a session. */
export interface Mail {
  /** There are messages for a session that this process owns. */
  wake(name: string): void
  /** Another process wants the session, for attempt number `n` of its client. */
  wanted(name: string, by: string, n: number): void
  /** Another process has ended a subscription of a session that this process owns. */
  unsubscribed(name: string, topic: string): void
}

/** The channel on which this process receives messages of the others. They may be lost: nothing relies on them alone. */
export class Mailbox {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #process: string
  /** Claims that wait for another process to release a session. */
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(redis: Redis, prefix: string, process: string) {
    this.#redis = redis
    this.#prefix = prefix
    this.#process = process
  }

  async open(mail: Mail): Promise<void> {
    await this.#redis.listen(this.#channel(this.#process), (message) => {
      const [what, name = '', by = '', n] = message.split(' ')
      if (what === 'wake') mail.wake(name)
      else if (what === 'want') mail.wanted(name, by, Number(n))
      else if (what === 'unsubscribed') mail.unsubscribed(name, message.slice(what.length + name.length + 2))
      else for (const released of this.#waiting.get(name) ?? []) released()
    })
  }

  /** Notifies a process that there are new messages for the session. */
  async wake(process: string, name: string): Promise<void> {
    await this.#post(process, `wake ${name}`)
  }

  /** Asks a process to release a session. Resolves when it has answered, or after `timeout` ms. */
  async want(process: string, name: string, n: number, timeout: number): Promise<void> {
    const waiting = this.#waiting.get(name) ?? new Set()
    this.#waiting.set(name, waiting)
    let end = () => {}
    const released = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeout)
      end = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    waiting.add(end)
    try {
      await this.#post(process, `want ${name} ${this.#process} ${n}`)
      await released
    } finally {
      end()
      waiting.delete(end)
      if (!waiting.size) this.#waiting.delete(name)
    }
  }

  async unsubscribed(process: string, name: string, topic: string): Promise<void> {
    await this.#post(process, `unsubscribed ${name} ${topic}`)
  }

  async released(process: string, name: string): Promise<void> {
    await this.#post(process, `released ${name}`)
  }

  async #post(process: string, message: string): Promise<void> {
    const channel = this.#channel(process)
    await this.#redis.command(channel, 'PUBLISH', channel, message)
  }

  #channel(process: string): string {
    return `${this.#prefix}to:${process}`
  }
}
