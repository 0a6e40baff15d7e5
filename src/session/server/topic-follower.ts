import { callSafely } from '../../core/report.ts'
import { cursorOf } from '../protocol/frames.ts'
import type { PublishedMessage } from './server-session.ts'
import { decodeText } from './socket.ts'
import type { Awaitable, TopicPage } from './store.ts'

/** Hands over the messages of a topic in this process: first those of the log, then those that are added. */
export class TopicFollower {
  /** What was added before the log had been read. */
  #early: TopicPage[] | undefined = []
  #epoch = ''
  #offset = 0
  readonly #received: (message: PublishedMessage) => void

  constructor(received: (message: PublishedMessage) => void) {
    this.#received = received
  }

  /** Reads the log from `after` to its end. */
  async start(after: number, read: (after: number) => Awaitable<TopicPage>): Promise<void> {
    for (let next = Math.max(0, after), more = true; more; ) {
      const page = await read(next)
      this.#handOver(page)
      next = page.from + page.items.length - 1
      more = page.items.length > 0 && next < page.last
    }
    const early = this.#early ?? []
    this.#early = undefined
    for (const page of early) this.#handOver(page)
  }

  readonly added = (page: TopicPage): void => {
    if (this.#early) this.#early.push(page)
    else this.#handOver(page)
  }

  #handOver({ epoch, from, items }: TopicPage): void {
    for (const [index, { data, binary }] of items.entries()) {
      const offset = from + index
      if (epoch === this.#epoch && offset <= this.#offset) continue
      this.#epoch = epoch
      this.#offset = offset
      const cursor = cursorOf(epoch, offset)
      callSafely(() => this.#received({ cursor, data: binary ? data : decodeText(data) }))
    }
  }
}
