import { report } from '../../core/report.ts'
import { cursorOf, topicFrame } from '../protocol/frames.ts'
import type { HostedSession } from './hosted-session.ts'
import type { Oversized } from './oversized.ts'
import type { ServerConnection } from './server-connection.ts'
import type { TopicFeed, TopicFrames } from './topic-feed.ts'

interface SubscriptionHost {
  readonly counters: { topicMessages: number; gaps: number }
  readonly oversized: Oversized
}

/** One session's subscription to one topic: writes what is new, as far as the client keeps up. */
export class Subscription {
  readonly session: HostedSession
  readonly feed: TopicFeed
  epoch: string
  /** The offset of the last message written to the present connection. */
  sent: number
  /** Where the subscription began: a client to which it was never announced starts there. */
  readonly start: string
  /** The connection on which the topic was announced. */
  #announced: ServerConnection | undefined
  #reading = false
  readonly #host: SubscriptionHost

  constructor(
    session: HostedSession,
    feed: TopicFeed,
    epoch: string,
    sent: number,
    start: string,
    host: SubscriptionHost,
  ) {
    this.session = session
    this.feed = feed
    this.epoch = epoch
    this.sent = sent
    this.start = start
    this.#host = host
  }

  /** Whether messages wait to be written to a client that is connected. */
  get behind(): boolean {
    return this.session.connected && this.sent < this.feed.last
  }

  /** The log was created again: what the client missed of the old one is a gap. */
  restart(epoch: string, sent: number): void {
    if (this.epoch === epoch && this.sent >= sent) return
    const since = cursorOf(this.epoch, this.sent)
    this.epoch = epoch
    this.sent = sent
    this.#announce(since)
  }

  /** The client has a new connection, and says that it has the topic up to `cursor`; undefined: it does not know the topic. */
  connected(position: { epoch: string; offset: number } | undefined, since: string): void {
    const { feed } = this
    this.epoch = feed.epoch
    const known = position?.epoch === feed.epoch && position.offset <= feed.last
    this.sent = known ? position.offset : feed.last
    this.#skipOversized()
    this.#announce(since)
    this.pump()
  }

  /** Announces the topic where that has not been done on this connection. */
  begin(since: string): void {
    this.#skipOversized()
    if (this.session.connection && this.#announced !== this.session.connection) this.#announce(since)
    this.pump()
  }

  end(): void {
    const { connection } = this.session
    if (connection && connection === this.#announced) connection.write(`!u${this.feed.number}`)
    this.#announced = undefined
  }

  /** Writes what the connection has room for. */
  pump(): void {
    const { feed, session } = this
    const { connection } = session
    if (!connection || connection !== this.#announced || this.#reading) return
    while (this.sent < feed.last && this.epoch === feed.epoch) {
      if (connection.over || !connection.hasTopicRoom) return
      const message = feed.recent(this.sent + 1)
      if (!message) return void this.#catchUp(connection)
      this.#write(connection, message)
    }
  }

  #write(connection: ServerConnection, message: TopicFrames): void {
    this.sent++
    this.session.used = connection.clock
    this.#host.counters.topicMessages++
    connection.writeTopic(message)
    const { oversized } = this.#host
    if (!oversized.active) return
    const cursor = cursorOf(this.epoch, this.sent)
    oversized.wrote(this.session.id, { topic: this.feed.name, cursor })
  }

  /** The client cannot receive the next message: it is announced as a gap. */
  #skipOversized(): void {
    const { session, feed, epoch, sent } = this
    if (this.#host.oversized.skips(session.id, feed.name, cursorOf(epoch, sent + 1))) this.sent++
  }

  /** Reads from the log what is older than the feed's newest messages. */
  async #catchUp(connection: ServerConnection): Promise<void> {
    this.#reading = true
    let advanced = false
    try {
      advanced = await this.#readPage(connection)
    } catch (error) {
      report(error)
    } finally {
      this.#reading = false
    }
    // Otherwise the next tick tries again.
    if (advanced) this.pump()
  }

  /** Returns false when there was nothing to read, or the feed was closed. */
  async #readPage(connection: ServerConnection): Promise<boolean> {
    const { feed } = this
    const after = this.sent
    const page = await feed.read(after)
    if (feed.closed) return false
    // Meanwhile it was announced again, on this connection or another.
    if (connection.over || connection !== this.#announced || after !== this.sent) return true
    if (page.epoch !== this.epoch) {
      this.restart(page.epoch, page.last)
      return true
    }
    if (page.from > after + 1) {
      const since = cursorOf(this.epoch, after)
      this.sent = page.from - 1
      this.#announce(since)
    }
    for (const message of page.messages) {
      if (!connection.hasTopicRoom) break
      this.#write(connection, message)
    }
    return this.sent > after || page.messages.length > 0
  }

  #announce(since: string): void {
    const { feed, session, sent: at, epoch } = this
    const { connection } = session
    this.#announced = connection
    if (!connection) return
    if (since !== cursorOf(epoch, at)) this.#host.counters.gaps++
    // The newest offset of another epoch says nothing: the client would wait for it to be caught up.
    const last = epoch === feed.epoch ? Math.max(feed.last, at) : at
    connection.write(topicFrame({ topic: feed.name, as: feed.number, epoch, at, last, since }))
  }
}
