import { cursorOf, parseCursor, topicFrame } from '../protocol/frames.ts'
import { callHandler } from './call-handler.ts'
import type { HostedSession } from './hosted-session.ts'
import type { Counters } from './limits.ts'
import type { ResolvedOptions } from './options.ts'
import type { Oversized } from './oversized.ts'
import type { Following, PublishedMessage, PublishOptions, SubscribeOptions } from './server-session.ts'
import { plainItem } from './socket.ts'
import type { Kept, TopicLog, TopicMember, TopicPosition } from './store.ts'
import { Subscription } from './subscription.ts'
import { TopicFeed } from './topic-feed.ts'
import { TopicFollower } from './topic-follower.ts'

/** A cursor without an epoch: a client without a position of its own receives a gap, because it may have missed messages. */
const UNKNOWN_POSITION = ':0'

const LONGEST_NAME = 256
/** How many messages are read at once for `follow`. */
const PAGE = 256

function checkName(topic: unknown): asserts topic is string {
  if (typeof topic !== 'string' || !topic || topic.length > LONGEST_NAME)
    throw new TypeError(
      `holdfast: topic: must be text of 1 to ${LONGEST_NAME} characters, not ${String(topic)}`,
    )
}

function checkOptions({ since, last }: SubscribeOptions): void {
  if (since !== undefined && since !== 'now' && since !== 'beginning' && !parseCursor(since))
    throw new TypeError(
      `holdfast: subscribe: since: must be 'now', 'beginning' or a cursor such as 'k3f:120', not ${String(since)}`,
    )
  if (last !== undefined && !(Number.isSafeInteger(last) && last >= 0))
    throw new RangeError(`holdfast: subscribe: last: must be a whole number of messages, not ${String(last)}`)
}

const sessionIsOver = () => new Error('holdfast: subscribe: the session is over')

/** Returns whether the topic was in the list. */
function removeFrom(topics: string[] | undefined, topic: string): boolean {
  const at = topics?.indexOf(topic) ?? -1
  if (at >= 0) topics?.splice(at, 1)
  return at >= 0
}

/** What the topics require of the process that they belong to. */
export interface TopicsHost {
  readonly settings: Pick<ResolvedOptions<never>, 'limits' | 'joined' | 'left'>
  readonly counters: Counters
  readonly oversized: Oversized
}

/** The topics that sessions of this process are subscribed to. */
export class Topics {
  readonly #log: TopicLog | undefined
  readonly #host: TopicsHost
  readonly #feeds = new Map<string, TopicFeed>()
  /** The last number that identifies a topic in the frames of this process. */
  #numbers = 0
  /** The number of the last end of a subscription that a client has to confirm. */
  #ends = 0

  constructor(log: TopicLog | undefined, host: TopicsHost) {
    this.#log = log
    this.#host = host
  }

  get size(): number {
    return this.#feeds.size
  }

  async publish(
    topic: string,
    data: string | Uint8Array | ArrayBuffer,
    options: PublishOptions = {},
  ): Promise<string> {
    checkName(topic)
    const item = plainItem(data, options)
    const { epoch, offset } = await this.#logs().publish(topic, item, options.key)
    this.#host.counters.published++
    return cursorOf(epoch, offset)
  }

  async follow(
    topic: string,
    received: (message: PublishedMessage) => void,
    options: { last?: number },
  ): Promise<Following> {
    checkName(topic)
    checkOptions(options)
    const log = this.#logs()
    const feed = this.#feed(topic)
    const follower = new TopicFollower(received)
    const stop = () => {
      feed.followers.delete(follower.added)
      this.#closeIfUnused(feed)
    }
    feed.followers.add(follower.added)
    try {
      await feed.ready
      const cursor = cursorOf(feed.epoch, feed.last)
      await follower.start(feed.last - (options.last ?? 0), (after) => log.read(topic, after, PAGE))
      return { cursor, stop }
    } catch (error) {
      stop()
      throw error
    }
  }

  async members(topic: string): Promise<TopicMember[]> {
    checkName(topic)
    return [...(await this.#logs().members(topic))]
  }

  async subscribe(session: HostedSession, topic: string, options: SubscribeOptions): Promise<void> {
    checkName(topic)
    checkOptions(options)
    const log = this.#logs()
    if (session.over) throw sessionIsOver()
    if (!session.canTopics)
      throw new Error('holdfast: subscribe: the client of this session does not support topics')
    if (!session.subscriptions.has(topic)) await this.#begin(session, topic, options)
    const member = { id: session.id, principal: session.principal }
    if (session.over) throw sessionIsOver()
    if (!session.subscriptions.has(topic)) return
    if (await log.join(topic, member)) callHandler(() => this.#host.settings.joined?.(topic, member))
    // Another process may have the session now, and continues the subscription if it was stored before.
    if (session.moved) throw sessionIsOver()
    // The subscription has ended meanwhile.
    if (!session.subscriptions.has(topic)) await this.#leave(topic, member, this.#unconfirmed(session, topic))
  }

  async unsubscribe(session: HostedSession, topic: string): Promise<void> {
    checkName(topic)
    const place = parseCursor(session.cursors.get(topic))
    session.cursors.delete(topic)
    const subscription = session.subscriptions.get(topic)
    // Cancels a subscription whose start is still being looked up.
    session.subscribing?.delete(topic)
    const wasUnresumed = removeFrom(session.unresumed, topic)
    const wasSubscribed = subscription !== undefined || wasUnresumed
    if (wasSubscribed) this.#noteEnd(session, topic)
    if (wasUnresumed && place) this.#announceEnd(session, topic, place)
    if (subscription) {
      subscription.end()
      this.#drop(subscription)
    }
    if (wasSubscribed) this.#confirmEnds(session, [topic])
    // Also if the session is not subscribed as far as this process knows: an earlier call may have failed to store the end.
    const member = { id: session.id, principal: session.principal }
    await this.#leave(topic, member, this.#unconfirmed(session, topic))
  }

  /**
   * The session is welcomed on a new connection. `kept`: the topics to which it was subscribed in another process. `left`: those
   * whose subscription has ended without the client having confirmed that.
   */
  connected(
    session: HostedSession,
    { topics: kept = [], left = [] }: Pick<Kept, 'topics' | 'left'> = {},
  ): void {
    const { cursors } = session
    for (const topic of left) this.#noteEnd(session, topic)
    this.#repeatEnds(session)
    for (const [topic, subscription] of session.subscriptions) {
      // A topic that was never announced to the client starts where the subscription began.
      const since = cursors.get(topic) ?? subscription.start
      subscription.connected(parseCursor(since), since)
    }
    // Includes topics that could not be resumed on the previous connection: the store lists them only when the session moves.
    const unresumed = [...(session.unresumed ?? []), ...kept]
    if (unresumed.length) session.unresumed = unresumed
    for (const topic of [...unresumed]) {
      this.#begin(session, topic, { since: cursors.get(topic) ?? UNKNOWN_POSITION }).catch(() => {
        // The session must not continue without its topics: the client reconnects.
        session.connection?.refuse({ why: 'busy', after: 1_000 })
      })
    }
  }

  /** A subscription has ended, and the client has not confirmed that. */
  #noteEnd(session: HostedSession, topic: string): void {
    session.unsubscribed ??= new Map()
    session.unsubscribed.set(topic, ++this.#ends)
  }

  /** Notifies the client of subscriptions that ended while it was disconnected, or on a connection that broke before it confirmed that. */
  #repeatEnds(session: HostedSession): void {
    const { id, unsubscribed, subscriptions, cursors } = session
    if (!unsubscribed) return
    const ended: string[] = []
    for (const topic of [...unsubscribed.keys()]) {
      const place = parseCursor(cursors.get(topic))
      // Without a position in the hello, the client knows of the end. Or the session has subscribed again.
      if (!place || subscriptions.has(topic)) {
        unsubscribed.delete(topic)
        void this.#endConfirmed(topic, id)
        continue
      }
      cursors.delete(topic)
      this.#announceEnd(session, topic, place)
      ended.push(topic)
    }
    if (ended.length) this.#confirmEnds(session, ended)
  }

  /** The client was notified of these ends, and confirms them by a pong. Until then each new connection repeats them. */
  #confirmEnds(session: HostedSession, topics: string[]): void {
    const { unsubscribed } = session
    if (!unsubscribed) return
    const ends = topics.map((topic) => [topic, unsubscribed.get(topic)] as const)
    session.connection?.confirm(() => {
      for (const [topic, end] of ends) {
        // The session has subscribed again, and that subscription has ended, too.
        if (unsubscribed.get(topic) !== end) continue
        unsubscribed.delete(topic)
        void this.#endConfirmed(topic, session.id)
      }
    })
  }

  /** Ends a topic that was not announced on this connection. `!u` needs a number, and `!s` must announce the number first. */
  #announceEnd({ connection }: HostedSession, topic: string, { epoch, offset: at }: TopicPosition): void {
    const as = ++this.#numbers
    // `last` is one more than the client has, so that it does not emit `caught-up`.
    connection?.write(topicFrame({ topic, as, epoch, at, last: at + 1 }))
    connection?.write(`!u${as}`)
  }

  async #endConfirmed(topic: string, id: string): Promise<void> {
    try {
      await this.#log?.leaveConfirmed?.(topic, id)
    } catch {
      // The next hello tries again.
    }
  }

  /** Writes the topic messages that wait for the session. */
  pump(session: HostedSession): void {
    for (const subscription of session.subscriptions.values()) subscription.pump()
  }

  /** Writes the messages that wait for clients that are behind, or for which the log could not be read. Called every second. */
  tick(): void {
    for (const feed of this.#feeds.values())
      for (const subscription of feed.subscriptions) if (subscription.behind) subscription.pump()
  }

  /** This process no longer has the session. Returns the topics that it was subscribed to. */
  forget(session: HostedSession): string[] {
    const topics = [...session.subscriptions.keys()]
    for (const subscription of [...session.subscriptions.values()]) this.#drop(subscription)
    return topics
  }

  /** The session has ended. */
  ended({ id, principal }: TopicMember, topics: string[]): void {
    for (const topic of topics) void this.#leave(topic, { id, principal }).catch(() => {})
  }

  #logs(): TopicLog {
    if (!this.#log) throw new Error('holdfast: this store has no topics')
    return this.#log
  }

  /** Whether the client has not confirmed that its subscription has ended: the argument of `TopicLog.leave`. */
  #unconfirmed(session: HostedSession, topic: string): 'here' | 'elsewhere' | undefined {
    if (session.over) return 'elsewhere'
    return session.unsubscribed?.has(topic) || !session.connected ? 'here' : undefined
  }

  async #leave(topic: string, member: TopicMember, unconfirmed?: 'here' | 'elsewhere'): Promise<void> {
    if (await this.#logs().leave(topic, member, unconfirmed))
      callHandler(() => this.#host.settings.left?.(topic, member))
  }

  /** Subscribes from `since`; otherwise from the client's own position; otherwise from before the newest `last` messages of the log. */
  async #begin(session: HostedSession, topic: string, { since, last = 0 }: SubscribeOptions): Promise<void> {
    const feed = this.#feed(topic)
    const wanted = since ?? session.cursors.get(topic)
    // Usually known at once: then a new client is notified of the topic together with its welcome.
    let from = this.#startIn(feed, wanted, last)
    if (from === undefined) {
      session.subscribing ??= new Map()
      const { subscribing } = session
      const intent = subscribing.get(topic) ?? { calls: 0 }
      subscribing.set(topic, intent)
      let isWanted = false
      intent.calls++
      feed.awaited++
      try {
        from = await this.#awaitStart(feed, wanted, last)
        // Otherwise the session has unsubscribed meanwhile.
        isWanted = subscribing.get(topic) === intent
      } catch (error) {
        // A feed that never became ready has no subscribers; one that did may have others.
        if (!feed.isReady) this.#close(feed)
        throw error
      } finally {
        // Not in `#awaitStart`: before this call goes on, another one might close the feed.
        feed.awaited--
        if (--intent.calls === 0 && subscribing.get(topic) === intent) subscribing.delete(topic)
        if (!isWanted) this.#closeIfUnused(feed)
      }
      if (!isWanted) return
    }
    if (session.over || session.subscriptions.has(topic)) return this.#closeIfUnused(feed)
    const { limits } = this.#host.settings
    const { subscriptions, unresumed = [] } = session
    // Those that it had in another process are resumed in any case: the client would reconnect for them for ever.
    if (!unresumed.includes(topic) && subscriptions.size + unresumed.length >= limits.topics) {
      this.#closeIfUnused(feed)
      throw new RangeError(`holdfast: subscribe: limits.topics allows no more than ${limits.topics} topics`)
    }
    session.cursors.delete(topic)
    session.unsubscribed?.delete(topic)
    removeFrom(session.unresumed, topic)
    const position = parseCursor(wanted)
    const isInLog = position?.epoch === feed.epoch && position.offset <= feed.last
    const at = isInLog ? position.offset : from
    // A cursor is sent to the client, even if the log does not have its position: the client then reports the gap.
    const start = wanted === undefined || wanted === 'now' || wanted === 'beginning' ? undefined : wanted
    const place = start ?? cursorOf(feed.epoch, at)
    const subscription = new Subscription(session, feed, feed.epoch, at, place, this.#host)
    feed.subscriptions.add(subscription)
    session.subscriptions.set(topic, subscription)
    subscription.begin(place)
  }

  /** After which message a new subscription begins; undefined where the feed is not ready, or the log has to be read. */
  #startIn(feed: TopicFeed, wanted: string | undefined, last: number): number | undefined {
    if (!feed.isReady) return undefined
    if (wanted === 'beginning') return 0
    if (wanted !== undefined) return feed.last
    const after = Math.max(0, feed.last - last)
    return after === feed.last || feed.recent(after + 1) ? after : undefined
  }

  async #awaitStart(feed: TopicFeed, wanted: string | undefined, last: number): Promise<number> {
    await feed.ready
    return this.#startIn(feed, wanted, last) ?? (await this.#readStart(feed, last))
  }

  /** The place before the newest `count` messages of the log, or before all that it has. */
  async #readStart(feed: TopicFeed, count: number): Promise<number> {
    const after = Math.max(0, feed.last - count)
    return Math.max(after, (await feed.read(after)).from - 1)
  }

  #feed(topic: string): TopicFeed {
    const known = this.#feeds.get(topic)
    if (known) return known
    const feed = new TopicFeed(
      topic,
      ++this.#numbers,
      this.#logs(),
      this.#host.counters,
      ({ subscriptions }) => {
        for (const subscription of subscriptions) subscription.pump()
      },
    )
    this.#feeds.set(topic, feed)
    return feed
  }

  #drop(subscription: Subscription): void {
    const { session, feed } = subscription
    session.subscriptions.delete(feed.name)
    feed.subscriptions.delete(subscription)
    this.#closeIfUnused(feed)
  }

  #closeIfUnused(feed: TopicFeed): void {
    if (!feed.subscriptions.size && !feed.followers.size && !feed.awaited) this.#close(feed)
  }

  /** The next call for the topic creates another feed. */
  #close(feed: TopicFeed): void {
    if (this.#feeds.get(feed.name) !== feed) return
    this.#feeds.delete(feed.name)
    feed.close()
  }
}
