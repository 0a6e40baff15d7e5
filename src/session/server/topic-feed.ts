import { concatenated, encodeText, type Item } from './socket.ts'
import type { TopicLog, TopicPage } from './store.ts'
import type { Subscription } from './subscription.ts'

/** One message of a topic as it goes on the wire, shared by all subscribers. */
export interface TopicFrames {
  frames: readonly { data: Uint8Array; binary: boolean }[]
  bytes: number
}

/** A page of messages, encoded. */
export interface EncodedPage {
  epoch: string
  from: number
  messages: TopicFrames[]
  last: number
}

/** How many messages, and bytes, of a topic are kept encoded, for clients that were disconnected for a short time. */
const TAIL_MESSAGES = 256
const TAIL_BYTES = 262_144
const PAGE_MESSAGES = 256

/** A topic that this process follows while one of its sessions is subscribed. */
export class TopicFeed {
  readonly name: string
  /** Identifies the topic in the frames of this process. */
  readonly number: number
  epoch = ''
  /** The offset of the newest message. */
  last = 0
  readonly subscriptions = new Set<Subscription>()
  /** Receive every page as it is added. */
  readonly followers = new Set<(page: TopicPage) => void>()
  /** Resolves once `epoch` and `last` are known. */
  readonly ready: Promise<void>
  /** Whether `ready` has resolved. */
  isReady = false
  closed = false
  /** How many calls of `subscribe` wait for this feed. */
  awaited = 0
  /** The newest messages: the last of them is number `last`. */
  #tail: TopicFrames[] = []
  #tailBytes = 0
  /** What arrived before the answer to `follow`. */
  #early: TopicPage[] | undefined = []
  /** Reads under way, by the offset that they begin after. */
  readonly #reads = new Map<number, Promise<EncodedPage>>()
  readonly #log: TopicLog
  readonly #advanced: (feed: TopicFeed) => void
  readonly #counters: { logReads: number }

  constructor(
    name: string,
    number: number,
    log: TopicLog,
    counters: { logReads: number },
    advanced: (feed: TopicFeed) => void,
  ) {
    this.name = name
    this.number = number
    this.#log = log
    this.#counters = counters
    this.#advanced = advanced
    this.ready = this.#follow()
    // Prevents an unhandled rejection: those that await `ready` receive the error themselves.
    this.ready.catch(() => {})
  }

  /** The message with this offset, if it is among the newest. */
  recent(offset: number): TopicFrames | undefined {
    return this.#tail[offset - (this.last - this.#tail.length + 1)]
  }

  /** Messages after `after`, from the log. Clients that were away together share one read. */
  read(after: number): Promise<EncodedPage> {
    let reading = this.#reads.get(after)
    if (!reading) {
      reading = this.#read(after).finally(() => this.#reads.delete(after))
      this.#reads.set(after, reading)
    }
    return reading
  }

  close(): void {
    this.closed = true
    this.#log.unfollow(this.name)
  }

  async #follow(): Promise<void> {
    const { epoch, offset } = await this.#log.follow(this.name, (page) => {
      if (this.closed) return
      if (this.#early) this.#early.push(page)
      else this.#added(page)
    })
    this.epoch = epoch
    this.last = offset
    const early = this.#early ?? []
    this.#early = undefined
    for (const page of early) this.#added(page)
    this.isReady = true
  }

  #added(page: TopicPage): void {
    if (page.epoch !== this.epoch || page.from > this.last + 1) {
      // The log was created again, or messages did not arrive here: subscribers read them from the log, or receive a gap.
      if (page.epoch !== this.epoch)
        for (const one of this.subscriptions) one.restart(page.epoch, page.from - 1)
      this.epoch = page.epoch
      this.last = page.from - 1
      this.#tail = []
      this.#tailBytes = 0
    }
    const known = this.last - page.from + 1
    for (const item of known > 0 ? page.items.slice(known) : page.items) {
      const message = this.#encode(item, ++this.last)
      this.#tail.push(message)
      this.#tailBytes += message.bytes
    }
    while (this.#tail.length > TAIL_MESSAGES || (this.#tail.length > 1 && this.#tailBytes > TAIL_BYTES))
      this.#tailBytes -= this.#tail.shift()?.bytes ?? 0
    this.#advanced(this)
    for (const follower of this.followers) follower(page)
  }

  async #read(after: number): Promise<EncodedPage> {
    this.#counters.logReads++
    const { epoch, from, items, last } = await this.#log.read(this.name, after, PAGE_MESSAGES)
    return { epoch, from, last, messages: items.map((item, index) => this.#encode(item, from + index)) }
  }

  /** `!m<number>:<offset>:` and the text; or `!m<number>:<offset>` and the bytes in the next frame. */
  #encode({ data, binary, bytes }: Item, offset: number): TopicFrames {
    const head = `!m${this.number}:${offset}`
    if (!binary)
      return { frames: [{ data: concatenated([encodeText(`${head}:`), data]), binary: false }], bytes }
    return {
      frames: [
        { data: encodeText(head), binary: false },
        { data, binary: true },
      ],
      bytes,
    }
  }
}
