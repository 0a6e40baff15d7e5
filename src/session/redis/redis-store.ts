import { report } from '../../core/report.ts'
import { numberFrom, type OptionRules, ofType, resolveGroup } from '../../core/validate.ts'
import type { Answer, Bounds, Claim, Host, Item, Journal, Kept, Recorder, Store } from '../server/index.ts'
import { withTimeout } from '../server/with-timeout.ts'
import { AcceptedMessages } from './accepted.ts'
import { type Ended, SessionBounds } from './bounds.ts'
import { read, written } from './items.ts'
import { Leases, processOf } from './leases.ts'
import { Mailbox } from './mailbox.ts'
import { Redis, type RedisClient } from './redis.ts'
import { pause, RedisJournal, type SessionKeys } from './redis-journal.ts'
import { limit, RedisTopics } from './redis-topics.ts'
import { APPEND, CLAIM, DISOWN, END } from './scripts.ts'
import { sweep } from './sweep.ts'
import { leftTopics, subscribedTopics } from './topic-scripts.ts'

export interface RedisStoreOptions {
  /** What all keys and channels start with. @default 'holdfast:' */
  prefix?: string
  /** How many messages may wait for one client in all, from all processes. @default 10_000 */
  messages?: number
  /**
   * How long a process may take to hand over a session whose client has come to another process, in ms. A handler that takes
   * longer is treated as if its process had crashed: the next process gets the same message again, with the same key.
   * @default 5_000
   */
  grace?: number
}

const rules: OptionRules<Required<RedisStoreOptions>> = {
  prefix: ofType('string', 'holdfast:'),
  messages: numberFrom(0, 10_000),
  grace: numberFrom(0, 5_000),
}

/** How many tags a process has: one for each session that it owns, and one for each message to a session of another process. */
const TAGS = 2 ** 20
/** How often a process renews its lease, in ms. */
const BEAT = 1_000
/** How often an idle session is compared with the store, in beats. */
const CHECK = 60
/** How long to wait for an answer of the process that has a session, before it is asked again, in ms. */
const ASK_AGAIN = 500
/** How long messages, and clients, wait for earlier messages that are being forwarded, in ms. */
const FORWARDING = 2_000
/** A session whose process died or stalled, or whose Redis was unavailable, is kept for at least this long, in ms. */
const STALLED = 15_000

/** Sessions in Redis 7, shared by all processes that are given the same Redis and prefix. */
export class RedisStore implements Store {
  readonly shared = true
  readonly topics: RedisTopics
  readonly #redis: Redis
  readonly #prefix: string
  readonly #most: number
  readonly #grace: number
  /** The id of this process, and the first of the tags of the messages that it stores. */
  readonly #process = crypto.randomUUID()
  readonly #tag = (crypto.getRandomValues(new Uint32Array(1))[0] as number) * TAGS
  #tags = 0
  readonly #leases: Leases
  readonly #mailbox: Mailbox
  readonly #bounds: SessionBounds
  readonly #accepted: AcceptedMessages
  readonly #journals = new Map<string, RedisJournal>()
  /** Sessions that are being claimed here. */
  readonly #claiming = new Map<string, number>()
  #claims = 0
  /** The ownership of each successful claim: its journal writes under the same one. */
  readonly #ownerships = new WeakMap<Kept, string>()
  /** Hand-overs that are under way, with the processes that wait for them. */
  readonly #releasing = new Map<string, Set<string>>()
  #limits = { ttl: 0, keep: 0, sessions: Infinity, perPrincipal: Infinity }
  #beats = 0
  /** Messages that are being forwarded, by session: later ones must not overtake them. */
  readonly #forwarding = new Map<string, Promise<boolean>>()
  /** Redis was unavailable, or was replaced: what it has must be compared with what was stored. */
  #suspect = false
  #sweeping = false
  #over = false
  #ready: Promise<void> | undefined
  #host: Host | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  /**
   * @throws {TypeError | RangeError} for anything that is not a client of Redis, and for options that are unknown or cannot work
   */
  constructor(client: RedisClient, options: RedisStoreOptions = {}) {
    const { prefix, messages, grace } = resolveGroup('RedisStore.', options, rules)
    this.#redis = new Redis(client)
    this.#prefix = prefix
    this.#most = messages
    this.#grace = grace
    this.#leases = new Leases(this.#redis, `${prefix}processes`, this.#process)
    this.#mailbox = new Mailbox(this.#redis, prefix, this.#process)
    const session = (name: string) => this.#keys(name)
    this.#accepted = new AcceptedMessages(this.#redis, session)
    this.topics = new RedisTopics(this.#redis, prefix, session, async (owner, name, topic, isHere) => {
      const process = processOf(owner)
      if (!isHere || process !== this.#process) await this.#mailbox.unsubscribed(process, name, topic)
    })
    this.#bounds = new SessionBounds({
      redis: this.#redis,
      leases: this.#leases,
      all: this.#all,
      siblings: (principal) => `${prefix}principal:${principal}`,
      session,
      ended: (ended) => this.#ended(ended),
    })
    this.#redis.onReconnect(() => {
      this.#accepted.reconnected()
      this.#suspect = true
    })
    this.#redis.onMissed = () => this.#missed()
  }

  start(host: Host, { ttl, tombstone, sessions, perPrincipal, topics }: Bounds): void {
    this.#host = host
    const keep = limit((ttl + tombstone) * 1_000) + STALLED
    this.#limits = { ttl: limit(ttl * 1_000), keep, sessions, perPrincipal }
    this.topics.start(topics, this.#limits.keep)
    this.#timer = setInterval(() => void this.#beat(), BEAT)
    ;(this.#timer as { unref?: () => void }).unref?.()
    this.#ready = this.#begin()
    this.#ready.then(() => this.#checkPolicy()).catch(report)
  }

  async claim(claim: Claim): Promise<Answer> {
    // What failed at the start is tried again with every hello.
    this.#ready = this.#ready?.catch(() => this.#begin())
    await this.#ready
    const { name, principal, got } = claim
    this.#claiming.set(name, (this.#claiming.get(name) ?? 0) + 1)
    const { lapses } = this.#leases
    try {
      await this.#forwarded(name)
      const held = await this.#hold(claim)
      const hasRoom = held || got !== undefined || (await this.#bounds.enter(name, principal, this.#limits))
      const answer = held ?? (hasRoom ? await this.#take(claim) : undefined)
      // The process stalled meanwhile: another one may have taken the session already.
      const isLate = !this.#leases.held || this.#leases.lapses !== lapses
      if (!answer || (isLate && answer.type !== 'refused')) return { type: 'refused', why: 'busy' }
      return answer
    } finally {
      const others = (this.#claiming.get(name) ?? 1) - 1
      if (others) this.#claiming.set(name, others)
      else this.#claiming.delete(name)
    }
  }

  journal(name: string, n: number, kept: Kept, recorder: Recorder): Journal {
    const tag = this.#nextTag()
    const context = {
      redis: this.#redis,
      keys: this.#keys(name),
      ownership: this.#ownerships.get(kept) ?? '',
      n,
      tag,
      keep: this.#limits.keep,
      stalled: () => (this.#leases.steadyFor < STALLED ? Math.max(0, STALLED - this.#limits.ttl) : 0),
      leases: this.#leases,
      lapses: this.#leases.lapses,
      left: (number: number, compared: boolean) => {
        if (compared) return this.#accepted.add(name, number, tag)
        this.#accepted.suspect(name, number, tag)
        this.#suspect = true
      },
      forward: (items: Item[]) => this.#forward(name, items),
    }
    const journal = new RedisJournal(context, kept, recorder)
    this.#journals.set(name, journal)
    return journal
  }

  async end(name: string, n: number, got: number): Promise<boolean> {
    const journal = this.#journals.get(name)
    this.#journals.delete(name)
    if (journal) journal.over = true
    // Repeated until it is stored: otherwise a client that returns would find the session alive.
    while (!this.#over) {
      try {
        const { keep } = this.#limits
        const args = [journal?.ownership ?? '-', n, got, keep]
        const [principal, moved] = await this.#redis.script(END, this.#keys(name), args)
        if (moved) return false
        await this.#bounds.leave(name, String(principal ?? ''))
        return true
      } catch {
        await pause()
      }
    }
    return true
  }

  async send(name: string, items: Item[]): Promise<boolean> {
    await this.#forwarded(name)
    return this.#append(name, items, this.#nextTag())
  }

  /** With the same tag, the same messages are stored once. */
  async #append(name: string, items: Item[], tag: number): Promise<boolean> {
    const args = [this.#most, this.#limits.keep, tag, ...items.map(written)]
    const [owner, number] = await this.#redis.script(APPEND, this.#keys(name), args)
    if (owner === undefined) return false
    this.#accepted.add(name, Number(number), tag)
    // The message is stored even if the owner cannot be notified now.
    if (owner) await this.#wake(String(owner), name)
    return true
  }

  sessionsOf(principal: string): Promise<string[]> {
    return this.#bounds.of(principal)
  }

  async sweep(): Promise<void> {
    if (this.#sweeping) return
    this.#sweeping = true
    const { ttl, keep } = this.#limits
    try {
      await sweep(
        {
          redis: this.#redis,
          leases: this.#leases,
          all: this.#all,
          session: (name) => this.#keys(name),
          ttl,
          keep,
          stalled: STALLED,
          alive: (name, principal) => this.#bounds.refresh(name, principal, keep),
          ended: (ended) => this.#ended(ended),
        },
        () => !this.#over,
      )
    } catch {
      // Again in a second.
    } finally {
      this.#sweeping = false
    }
  }

  async stop(): Promise<void> {
    this.#over = true
    clearInterval(this.#timer)
    this.topics.stop()
    for (const journal of this.#journals.values()) journal.stop()
    await this.#leases.drop().catch(() => {})
    this.#redis.stop()
  }

  /** Resumes a session that this process owns; undefined if it owns none of that name. */
  async #hold({ name, n, got, principal }: Claim): Promise<Answer | undefined> {
    const journal = this.#journals.get(name)
    if (!journal || journal.over) return
    const [result, known] = await journal.hold(n, got ?? 0, principal)
    if (result === 'held') return { type: 'resumed' }
    if (result === 'moved' || journal.over) return
    if (result === 'lost' || result === 'gone') journal.wake()
    return refused(result, known)
  }

  /** Takes the session from the store, after the process that owns it has released it. */
  async #take({ name, n, got, principal }: Claim): Promise<Answer> {
    const { keep } = this.#limits
    const until = performance.now() + this.#grace
    for (let free = ''; ; ) {
      const ownership = `${this.#process}:${++this.#claims}`
      const args = [n, got ?? '', principal, ownership, this.#process, free, keep]
      const [result, ...rest] = await this.#redis.script(CLAIM, this.#keys(name), args)
      if (result === 'created' || result === 'resumed') {
        const [handled, acked, items, topics] = rest as [string, string, string[], string[]]
        const kept = {
          got: Number(handled),
          acked: Number(acked),
          items: items.map(read),
          topics: subscribedTopics(topics),
          left: leftTopics(topics),
        }
        this.#ownerships.set(kept, ownership)
        return { type: result, kept }
      }
      if (result !== 'owned') return refused(result, rest[0])
      const owner = String(rest[0])
      // The owner may have handled more than is recorded: wait for it, unless it died or takes too long.
      const { died } = await this.#leases.judge()
      if (died(owner) || performance.now() > until) free = owner
      else await this.#mailbox.want(processOf(owner), name, n, ASK_AGAIN)
    }
  }

  /** Stores messages for a session that another process owns now. Resolves with false if it has ended. */
  async #forward(name: string, items: Item[]): Promise<boolean> {
    const before = this.#forwarding.get(name)
    const forward = async () => {
      await before
      const tag = this.#nextTag()
      while (!this.#over) {
        try {
          return await this.#append(name, items, tag)
        } catch {
          await pause()
        }
      }
      return false
    }
    const forwarding = forward()
    this.#forwarding.set(name, forwarding)
    const isStored = await forwarding
    if (this.#forwarding.get(name) === forwarding) this.#forwarding.delete(name)
    return isStored
  }

  /** Waits for the messages of the session that are being forwarded. @throws {Error} when that takes too long */
  async #forwarded(name: string): Promise<void> {
    const forwarding = this.#forwarding.get(name)
    if (forwarding) await withTimeout(forwarding, FORWARDING, 'Redis')
  }

  async #begin(): Promise<void> {
    await this.#leases.renew()
    await this.#mailbox.open({
      wake: (name) => this.#journals.get(name)?.wake(),
      wanted: (name, by, n) => void this.#release(name, by, n).catch(() => {}),
      unsubscribed: (name, topic) => this.#host?.unsubscribed?.(name, topic),
    })
  }

  /** Renews the lease, and compares a part of the sessions with the store: each once a minute. */
  async #beat(): Promise<void> {
    try {
      const { lapses } = this.#leases
      await this.#leases.renew()
      // Confirms that this process still owns its sessions.
      if (this.#leases.lapses !== lapses) this.#missed()
      if (this.#suspect) await this.#verify()
    } catch {
      this.#suspect = true
    }
    const turn = this.#beats++ % CHECK
    let at = 0
    for (const [name, journal] of this.#journals) {
      if (journal.over) this.#journals.delete(name)
      else if (at++ % CHECK === turn) journal.wake()
    }
    this.topics.beat()
  }

  /** Redis may have lost its newest writes: ends the sessions whose stored messages are missing. */
  async #verify(): Promise<void> {
    this.#suspect = false
    const [ended] = await Promise.all([this.#accepted.verify(), this.topics.verify()])
    await Promise.all(ended.map(([name, owner]) => owner && this.#wake(owner, name)))
    this.#missed()
  }

  /** Notifications for this process were lost: reads the state of all its sessions, spread over a few seconds. */
  #missed(): void {
    let at = 0
    for (const journal of this.#journals.values())
      setTimeout(() => journal.wake(), Math.floor(at++ / 100) * 10)
    this.topics.missed()
  }

  async #wake(owner: string, name: string): Promise<void> {
    await this.#mailbox.wake(processOf(owner), name).catch(() => {})
  }

  /** Another process wants the session. It may ask again while the hand-over is under way. */
  async #release(name: string, by: string, n: number): Promise<void> {
    const others = this.#releasing.get(name)
    if (others) return void others.add(by)
    const waiting = new Set([by])
    this.#releasing.set(name, waiting)
    try {
      if (!(await this.#host?.handOver(name, n)) && !this.#claiming.has(name))
        await this.#redis.script(DISOWN, this.#keys(name), [this.#process])
      await Promise.all([...waiting].map((process) => this.#mailbox.released(process, name)))
    } finally {
      this.#releasing.delete(name)
    }
  }

  #ended({ name, principal, acked, sent, topics }: Ended): void {
    void this.topics.leaveAll(subscribedTopics(topics), { id: name, principal }).then((left) => {
      for (const topic of left) this.#host?.left?.(topic, { id: name, principal })
      this.#host?.expired(name, principal, acked, sent)
    })
    if (principal) void this.#bounds.leave(name, principal).catch(() => {})
  }

  /** With any other policy Redis removes keys when its memory is full, and sessions with them. */
  async #checkPolicy(): Promise<void> {
    for (const info of await this.#redis.info('memory')) {
      const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1]
      if (policy && policy !== 'noeviction') {
        const cure = 'Set it to noeviction.'
        report(new Error(`holdfast: Redis has maxmemory-policy ${policy} and may delete sessions. ${cure}`))
        return
      }
    }
  }

  #nextTag(): number {
    return this.#tag + (this.#tags++ % TAGS)
  }

  get #all(): string {
    return `${this.#prefix}sessions`
  }

  #keys(name: string): SessionKeys {
    const start = `${this.#prefix}{${name}}:`
    return [`${start}session`, `${start}outbox`, `${start}topics`]
  }
}

/** After `lost` (the store has lost a part of the session), how many messages were handled is unknown. */
function refused(result: unknown, known: unknown): Answer {
  if (result === 'lost') return { type: 'refused', why: 'gone' }
  const why = result as 'denied' | 'stale' | 'gone'
  return known === undefined || known === null
    ? { type: 'refused', why }
    : { type: 'refused', why, got: Number(known) }
}
