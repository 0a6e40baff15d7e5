import { report } from '../../core/report.ts'
import type { Answer, Bounds, Claim, Host, Item, Journal, Kept, Recorder, Store } from '../server/index.ts'
import { Redis, type RedisClient } from './redis.ts'
import { again, type Keys, RedisJournal, read, written } from './redis-journal.ts'
import { APPEND, CLAIM, DISOWN, END, SWEEP } from './scripts.ts'

export interface RedisStoreOptions {
  /** What all keys and channels start with. @default 'holdfast:' */
  prefix?: string
  /** How many messages may wait for one client in all, from all processes. @default 10_000 */
  messages?: number
}

/** How long a process counts as alive after it last said so, how often it says so, and how long one waits for it, in ms. */
const LEASE = 3_000
const BEAT = 1_000
const HANDOVER = 8_000

/** Sessions in Redis 7, shared by all processes that are given the same Redis and prefix. */
export class RedisStore implements Store {
  readonly shared = true
  readonly #redis: Redis
  readonly #prefix: string
  readonly #most: number
  /** This process. */
  readonly #node = crypto.randomUUID()
  readonly #live = new Map<string, RedisJournal>()
  #ttl = 0
  #keep = 0
  #sessions = 0
  #perPrincipal: number | '' = ''
  #beats = 0
  /** When the word that we are alive, as far as it is known to be in Redis, was given. */
  #alive = 0
  /** Since when Redis has answered whenever it was asked; 0 when it has not. */
  #answers = 0
  #sweeping = false
  #over = false
  #ready: Promise<void> | undefined
  #host: Host | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(client: RedisClient, { prefix = 'holdfast:', messages = 10_000 }: RedisStoreOptions = {}) {
    this.#redis = new Redis(client)
    this.#prefix = prefix
    this.#most = messages
  }

  start(host: Host, { ttl, tombstone, sessions, perPrincipal }: Bounds): void {
    this.#host = host
    this.#ttl = ttl * 1_000
    this.#keep = (ttl + tombstone) * 1_000
    this.#sessions = Math.min(sessions, Number.MAX_SAFE_INTEGER)
    if (perPrincipal < Number.POSITIVE_INFINITY) this.#perPrincipal = perPrincipal
    this.#timer = setInterval(() => void this.#beat(), BEAT)
    ;(this.#timer as { unref?: () => void }).unref?.()
    this.#ready = this.#begin()
    this.#ready.catch(report)
  }

  async claim({ name, n, got, principal }: Claim): Promise<Answer> {
    // What failed at the start is tried again with every hello.
    this.#ready = this.#ready?.catch(() => this.#begin())
    await this.#ready
    const until = Date.now() + HANDOVER
    for (let force = 0; ; ) {
      const who = [n, got ?? '', principal, this.#node, this.#ttl, this.#keep, force, name]
      const bounds = [this.#prefix, this.#sessions, this.#perPrincipal]
      const [is, ...rest] = await this.#redis.script(CLAIM, this.#keys(name), [...who, ...bounds])
      if (is === 'made' || is === 'found') {
        const [handled, acked, items] = rest as [string, string, string[]]
        return { is, kept: { got: Number(handled), acked: Number(acked), items: items.map(read) } }
      }
      if (is !== 'owned') {
        const known = rest[0] === undefined || rest[0] === null ? undefined : Number(rest[0])
        return { is: 'refused', why: is as 'gone', got: known }
      }
      // Its owner may have handled more than is recorded: only what is dead is not waited for. When Redis itself was away,
      // those alive have yet to say so again.
      const owner = rest[0] as string
      const alive = Number(await this.#redis.command('EXISTS', this.#lease(owner)))
      if (alive || !this.#answers || Date.now() - this.#answers < LEASE) {
        if (Date.now() > until) throw new Error('the process that has the session does not give it back')
        await this.#redis.command('PUBLISH', this.#channel(owner), `give ${name}`)
        await new Promise((resolve) => setTimeout(resolve, 25))
      } else force = 1
    }
  }

  journal(name: string, n: number, { got, acked, items }: Kept, recorder: Recorder): Journal {
    const held = () => Date.now() - this.#alive < LEASE
    const place = { redis: this.#redis, keys: this.#keys(name), node: this.#node, n, keep: this.#keep, held }
    const journal = new RedisJournal({ ...place, got, acked, sent: acked + items.length }, recorder)
    this.#live.set(name, journal)
    return journal
  }

  async end(name: string, n: number, got: number): Promise<void> {
    this.#live.delete(name)
    // What its client was told must not be undone by its return.
    while (!this.#over) {
      try {
        await this.#redis.script(END, this.#keys(name), [n, got, this.#keep, name])
        return
      } catch {
        await again()
      }
    }
  }

  async send(name: string, items: Item[]): Promise<boolean> {
    const args = [this.#most, this.#keep, ...items.map(written)]
    const [owner] = await this.#redis.script(APPEND, this.#keys(name), args)
    if (owner === undefined) return false
    if (owner) await this.#redis.command('PUBLISH', this.#channel(owner as string), `wake ${name}`)
    return true
  }

  async sweep(): Promise<void> {
    if (this.#sweeping) return
    this.#sweeping = true
    try {
      for (let more: unknown = 1; Number(more) && !this.#over; ) {
        const args = [this.#prefix, this.#ttl, this.#keep]
        const [left, ended] = await this.#redis.script(SWEEP, [this.#all], args)
        more = left
        for (const [name, principal, acked, sent] of ended as [string, string, string, string][])
          this.#host?.expired(name, principal, Number(acked), Number(sent))
      }
    } catch {
      // In a second, then.
    } finally {
      this.#sweeping = false
    }
  }

  async stop(): Promise<void> {
    this.#over = true
    clearInterval(this.#timer)
    for (const journal of this.#live.values()) journal.over = true
    await this.#redis.command('DEL', this.#lease(this.#node)).catch(() => {})
    this.#redis.stop()
  }

  async #begin(): Promise<void> {
    await this.#beat(true)
    const heard = (message: string) => {
      const [what, name = ''] = message.split(' ')
      if (what === 'wake') this.#host?.wake(name)
      else void this.#give(name).catch(report)
    }
    await this.#redis.listen(this.#channel(this.#node), heard, () => {})
  }

  /** Says that this process is alive; twice a minute also that its sessions are, quiet ones included. */
  async #beat(loud = false): Promise<void> {
    const now = Date.now()
    try {
      await this.#redis.command('SET', this.#lease(this.#node), 1, 'PX', LEASE)
      this.#alive = Math.max(this.#alive, now)
      this.#answers ||= Date.now()
    } catch (error) {
      this.#answers = 0
      if (loud) throw error
    }
    if (++this.#beats % 30 === 0)
      for (const [name, journal] of this.#live) journal.over ? this.#live.delete(name) : journal.wake()
  }

  async #give(name: string): Promise<void> {
    if (await this.#host?.give(name)) return
    await this.#redis.script(DISOWN, this.#keys(name), [this.#node])
  }

  get #all(): string {
    return `${this.#prefix}sessions`
  }

  #keys(name: string): Keys {
    return [`${this.#prefix}{${name}}:session`, `${this.#prefix}{${name}}:outbox`, this.#all]
  }

  #lease(node: string): string {
    return `${this.#prefix}node:${node}`
  }

  #channel(node: string): string {
    return `${this.#prefix}to:${node}`
  }
}
