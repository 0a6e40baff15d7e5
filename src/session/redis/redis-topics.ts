import { report } from '../../core/report.ts'
import type { Item, TopicBounds, TopicLog, TopicMember, TopicPage, TopicPosition } from '../server/index.ts'
import { read, written } from './items.ts'
import type { Redis } from './redis.ts'
import { pause } from './redis-journal.ts'
import { JOIN, LEAVE, PUBLISH, READ_TOPIC } from './topic-scripts.ts'

/** How far this process has seen a topic, and the tag of the message there. */
interface Seen extends TopicPosition {
  tag: string
}

/** A topic that has subscribers in this process. */
interface Followed {
  seen: Seen | undefined
  /** What arrived before the position was known. */
  early: string[]
  reading: Promise<void> | undefined
  /** Whether to read the log once more after the present read. */
  again: boolean
  added: (page: TopicPage) => void
}

/** How many messages, and about how many bytes, are read at once. */
const PAGE = 500
const PAGE_BYTES = 1_048_576
/** How often a followed topic is compared with the store, in beats. A channel may lose messages without a trace. */
const CHECK = 10
/** How long the key of a message is kept, in ms. */
const KEYS_KEPT = 600_000
/** For how long an epoch is known after the last message has left the log, in ms. */
const REMEMBERED = 3_600_000

/**
 * One log per topic: a stream. A message is written once, and reaches each process over the topic's channel; messages that
 * the channel lost are read from the log.
 */
export class RedisTopics implements TopicLog {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #tag = crypto.randomUUID().slice(0, 8)
  readonly #session: (name: string) => string[]
  readonly #unsubscribed: (owner: string, name: string, topic: string, isHere: boolean) => Promise<void>
  readonly #followed = new Map<string, Followed>()
  /** The last message that this process has published to topics that it does not follow. */
  readonly #published = new Map<string, Seen>()
  #bounds: TopicBounds = { messages: 0, bytes: 0, age: 0 }
  #keep = 0
  #beats = 0
  #over = false

  /**
   * `unsubscribed` notifies the owner of a session that one of its subscriptions has ended. `isHere`: if this process is the
   * owner, it is not notified: it ended the subscription itself, and may have subscribed the session again since then.
   */
  constructor(
    redis: Redis,
    prefix: string,
    session: (name: string) => string[],
    unsubscribed: (owner: string, name: string, topic: string, isHere: boolean) => Promise<void>,
  ) {
    this.#unsubscribed = unsubscribed
    this.#redis = redis
    this.#prefix = prefix
    this.#session = session
  }

  start(bounds: TopicBounds, keep: number): void {
    this.#bounds = bounds
    this.#keep = keep
  }

  async publish(topic: string, item: Item, key?: string): Promise<TopicPosition> {
    const { messages, bytes } = this.#bounds
    const args = [...this.#opening(topic), limit(messages), limit(bytes), this.#tag]
    const kept = Math.min(this.#age, KEYS_KEPT)
    const rest = [this.#channel(topic), this.#age + REMEMBERED, written(item), kept]
    const keys = this.#keys(topic)
    if (key !== undefined) keys.push(`${this.#prefix}topic:{${escaped(topic)}}:key:${key}`)
    const answer = await this.#redis.script(PUBLISH, keys, [...args, ...rest])
    const [epoch, offset] = [String(answer[0]), Number(answer[1])]
    // Another process may have published the first message with this key.
    if (!answer[2]) this.#note(topic, { epoch, offset, tag: this.#tag })
    return { epoch, offset }
  }

  async read(topic: string, after: number, limit: number): Promise<TopicPage> {
    return (await this.#page(topic, after, limit)).page
  }

  async follow(topic: string, added: (page: TopicPage) => void): Promise<TopicPosition> {
    const followed: Followed = { seen: undefined, early: [], reading: undefined, again: false, added }
    this.#followed.set(topic, followed)
    await this.#redis.listen(this.#channel(topic), (message) => this.#received(topic, followed, message))
    const { page } = await this.#page(topic, 0, 0)
    followed.seen = { epoch: page.epoch, offset: page.last, tag: '' }
    for (const message of followed.early.splice(0)) this.#received(topic, followed, message)
    return { epoch: page.epoch, offset: page.last }
  }

  unfollow(topic: string): void {
    const followed = this.#followed.get(topic)
    if (!followed) return
    this.#followed.delete(topic)
    // What this process has published last may not have arrived over the channel.
    if (followed.seen) this.#note(topic, followed.seen)
    void this.#redis.unlisten(this.#channel(topic)).catch(() => {})
  }

  async join(topic: string, { id, principal }: TopicMember): Promise<boolean> {
    const [isJoined] = await this.#redis.script(JOIN, this.#session(id), [topic, this.#keep])
    if (!isJoined) return false
    const members = this.#members(topic)
    return Number(await this.#redis.command(members, 'HSET', members, id, principal)) === 1
  }

  async leave(topic: string, { id }: TopicMember, unconfirmed?: 'here' | 'elsewhere'): Promise<boolean> {
    const args = [topic, unconfirmed ? 1 : '', this.#keep]
    const [owner] = await this.#redis.script(LEAVE, this.#session(id), args)
    const members = this.#members(topic)
    const was = Number(await this.#redis.command(members, 'HDEL', members, id)) === 1
    if (owner) await this.#unsubscribed(String(owner), id, topic, unconfirmed === 'here')
    return was
  }

  async leaveConfirmed(topic: string, id: string): Promise<void> {
    const [, , topics = ''] = this.#session(id)
    await this.#redis.command(topics, 'SREM', topics, `-${topic}`)
  }

  async members(topic: string): Promise<TopicMember[]> {
    const members = this.#members(topic)
    const ids = (await this.#redis.command(members, 'HKEYS', members)) as string[]
    if (!ids.length) return []
    const principals = (await this.#redis.command(members, 'HMGET', members, ...ids)) as (string | null)[]
    return ids.flatMap((id, at) => {
      const principal = principals[at]
      return principal === null || principal === undefined ? [] : [{ id, principal }]
    })
  }

  /** The session has ended while no process owned it. Returns the topics that it was subscribed to until now. */
  async leaveAll(topics: string[], member: TopicMember): Promise<string[]> {
    const left: string[] = []
    for (const topic of topics) {
      const members = this.#members(topic)
      for (let done = false; !done && !this.#over; ) {
        try {
          if (Number(await this.#redis.command(members, 'HDEL', members, member.id))) left.push(topic)
          done = true
        } catch {
          await pause()
        }
      }
    }
    return left
  }

  /** Called every second. */
  beat(): void {
    const turn = this.#beats++ % CHECK
    let at = 0
    for (const [topic, followed] of this.#followed)
      if (at++ % CHECK === turn) void this.#catchUp(topic, followed)
    if (this.#published.size > 10_000) this.#published.clear()
  }

  /** Messages of the channels may have been lost, or Redis was replaced. */
  missed(): void {
    for (const [topic, followed] of this.#followed) void this.#catchUp(topic, followed)
  }

  /** After a failover: compares the logs with what this process has published. @throws {Error} when Redis does not answer */
  async verify(): Promise<void> {
    await Promise.all([...this.#published].map(([topic, seen]) => this.#page(topic, seen.offset, 0, seen)))
  }

  stop(): void {
    this.#over = true
    this.#followed.clear()
  }

  #received(topic: string, followed: Followed, message: string): void {
    const { seen } = followed
    if (!seen) return void followed.early.push(message)
    const [epoch = '', number, tag = ''] = message.split(' ', 3)
    const offset = Number(number)
    if (epoch === seen.epoch && offset <= seen.offset) return
    // Something is missing in between, or is just being read.
    if (epoch !== seen.epoch || offset !== seen.offset + 1 || followed.reading)
      return void this.#catchUp(topic, followed)
    followed.seen = { epoch, offset, tag }
    const data = message.slice(epoch.length + (number?.length ?? 0) + tag.length + 3)
    this.#add(followed, { epoch, from: offset, items: [read(data)], last: offset })
  }

  /** Reads the messages that the channel did not deliver. */
  async #catchUp(topic: string, followed: Followed): Promise<void> {
    followed.again = true
    followed.reading ??= this.#readOn(topic, followed).finally(() => {
      followed.reading = undefined
    })
    await followed.reading
  }

  async #readOn(topic: string, followed: Followed): Promise<void> {
    const wanted = () => this.#followed.get(topic) === followed && !this.#over
    while (followed.again && wanted()) {
      followed.again = false
      const { seen } = followed
      if (!seen) return
      try {
        let found = await this.#page(topic, seen.offset, PAGE, seen)
        // The log was created again: read it from its beginning.
        if (found.page.epoch !== seen.epoch) found = await this.#page(topic, 0, PAGE)
        if (!wanted()) return
        const { page, tag } = found
        const { epoch, from, items, last } = page
        if (epoch === seen.epoch && !items.length && last <= seen.offset) continue
        const offset = from + items.length - 1
        followed.seen = { epoch, offset, tag }
        followed.again ||= offset < last
        this.#add(followed, page)
      } catch {
        followed.again = true
        await pause()
      }
    }
  }

  #add(followed: Followed, page: TopicPage): void {
    try {
      followed.added(page)
    } catch (error) {
      report(error)
    }
  }

  /** `known`: the position that this process has seen itself. Positions of clients are not trusted. */
  async #page(
    topic: string,
    after: number,
    count: number,
    known?: Seen,
  ): Promise<{ page: TopicPage; tag: string }> {
    const args = [...this.#opening(topic, known), after, count, PAGE_BYTES, this.#age + REMEMBERED]
    const [epoch, last, from, tag, items] = await this.#redis.script(READ_TOPIC, this.#keys(topic), args)
    const page = {
      epoch: String(epoch),
      from: Number(from),
      items: (items as string[]).map(read),
      last: Number(last),
    }
    return { page, tag: String(tag) }
  }

  /** The first arguments of both scripts. */
  #opening(topic: string, known = this.#known(topic)): (string | number)[] {
    const { epoch, offset, tag } = known ?? { epoch: '', offset: 0, tag: '' }
    return [crypto.randomUUID(), epoch, offset, tag, this.#age]
  }

  /** The last message of the topic that this process has published or received. */
  #known(topic: string): Seen | undefined {
    const [published, received] = [this.#published.get(topic), this.#followed.get(topic)?.seen]
    if (!published || !received) return published ?? received
    return published.epoch === received.epoch && published.offset > received.offset ? published : received
  }

  #note(topic: string, seen: Seen): void {
    const { epoch, offset = 0 } = this.#published.get(topic) ?? {}
    if (epoch !== seen.epoch || offset < seen.offset) this.#published.set(topic, seen)
  }

  get #age(): number {
    // Redis refuses a time of 0.
    return Math.max(1, limit(this.#bounds.age * 1_000))
  }

  #channel(topic: string): string {
    return `${this.#prefix}topic:${topic}`
  }

  #members(topic: string): string {
    return `${this.#prefix}topic:{${escaped(topic)}}:members`
  }

  #keys(topic: string): string[] {
    const start = `${this.#prefix}topic:{${escaped(topic)}}:`
    return [`${start}log`, `${start}state`]
  }
}

/** Times and sizes as Redis accepts them. */
export const limit = (value: number) => Math.floor(Math.min(value, 1e14))

/** A brace would end the part of the key that decides the slot. */
const escaped = (topic: string) => topic.replace(/[%{}]/g, (one) => `%${one.charCodeAt(0).toString(16)}`)
