import { report } from '../../emitter.ts'
import type { Answer, Claim, Host, Item, Journal, Kept, Recorder, Store } from '../server/index.ts'
import { Redis, type RedisClient } from './client.ts'
import { RedisJournal, read, written } from './journal.ts'
import { APPEND, CLAIM, DISOWN, END, EVICT } from './scripts.ts'

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
  #perPrincipal = Number.POSITIVE_INFINITY
  #beats = 0
  #ready: Promise<void> | undefined
  #host: Host | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(client: RedisClient, { prefix = 'holdfast:', messages = 10_000 }: RedisStoreOptions = {}) {
    this.#redis = new Redis(client)
    this.#prefix = prefix
    this.#most = messages
  }

  start(
    host: Host,
    { ttl, tombstone, perPrincipal }: { ttl: number; tombstone: number; perPrincipal: number },
  ): void {
    this.#host = host
    this.#ttl = ttl * 1_000
    this.#keep = (ttl + tombstone) * 1_000
    this.#perPrincipal = perPrincipal
    this.#timer = setInterval(() => void this.#beat(), BEAT)
    ;(this.#timer as { unref?: () => void }).unref?.()
    this.#ready = this.#begin()
    this.#ready.catch(report)
  }

  async claim({ name, n, got, principal }: Claim): Promise<Answer> {
    // What failed at the start is tried again with every hello.
    this.#ready = this.#ready?.catch(() => this.#begin())
    await this.#ready
    if (got === undefined && !(await this.#room(principal, name))) return { is: 'refused', why: 'denied' }
    const until = Date.now() + HANDOVER
    for (let force = 0; ; ) {
      const args = [n, got ?? '', principal, this.#node, this.#ttl, this.#keep, force]
      const [is, ...rest] = await this.#redis.script(CLAIM, this.#keys(name), args)
      if (is === 'made') return { is }
      if (is === 'found') {
        const [handled, acked, items] = rest as [string, string, string[]]
        return { is, kept: { got: Number(handled), acked: Number(acked), items: items.map(read) } }
      }
      if (is !== 'owned') {
        const known = rest[0] === undefined || rest[0] === null ? undefined : Number(rest[0])
        return { is: 'refused', why: is as 'gone', got: known }
      }
      // Its owner may have handled more than is recorded: only what is dead is not waited for.
      const owner = rest[0] as string
      if (Number(await this.#redis.command('EXISTS', this.#lease(owner)))) {
        if (Date.now() > until) throw new Error('the process that has the session does not give it back')
        await this.#redis.command('PUBLISH', this.#channel(owner), `give ${name}`)
        await new Promise((resolve) => setTimeout(resolve, 25))
      } else force = 1
    }
  }

  journal(name: string, n: number, { got, acked, items }: Kept, recorder: Recorder): Journal {
    const place = { redis: this.#redis, keys: this.#keys(name), node: this.#node, n, keep: this.#keep }
    const journal = new RedisJournal({ ...place, got, acked, sent: acked + items.length }, recorder)
    this.#live.set(name, journal)
    return journal
  }

  async end(name: string, n: number, got: number): Promise<void> {
    this.#live.delete(name)
    await this.#redis.script(END, this.#keys(name), [n, got, this.#keep]).catch(report)
  }

  async send(name: string, items: Item[]): Promise<boolean> {
    const args = [this.#most, this.#keep, ...items.map(written)]
    const [owner] = await this.#redis.script(APPEND, this.#keys(name), args)
    if (owner === undefined) return false
    if (owner) await this.#redis.command('PUBLISH', this.#channel(owner as string), `wake ${name}`)
    return true
  }

  sweep(): void {}

  async stop(): Promise<void> {
    clearInterval(this.#timer)
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
    try {
      await this.#redis.command('SET', this.#lease(this.#node), 1, 'PX', LEASE)
    } catch (error) {
      if (loud) throw error
    }
    if (++this.#beats % 30 === 0)
      for (const [name, journal] of this.#live) journal.over ? this.#live.delete(name) : journal.wake()
  }

  async #give(name: string): Promise<void> {
    if (await this.#host?.give(name)) return
    await this.#redis.script(DISOWN, this.#keys(name), [this.#node])
  }

  async #room(principal: string, name: string): Promise<boolean> {
    if (this.#perPrincipal === Number.POSITIVE_INFINITY) return true
    const key = `${this.#prefix}principal:${principal}`
    const now = Date.now()
    await this.#redis.command('ZREMRANGEBYSCORE', key, 0, now - this.#ttl)
    if (Number(await this.#redis.command('ZCARD', key)) >= this.#perPrincipal) {
      // The one that came first gives way, if nobody is there.
      const [oldest = ''] = (await this.#redis.command('ZRANGE', key, 0, 0)) as string[]
      const [is] = await this.#redis.script(EVICT, this.#keys(oldest), [this.#keep])
      if (is === 'owned') return false
      await this.#redis.command('ZREM', key, oldest)
    }
    await this.#redis.command('ZADD', key, now, name)
    await this.#redis.command('PEXPIRE', key, this.#keep)
    return true
  }

  #keys(name: string): [string, string] {
    return [`${this.#prefix}{${name}}:session`, `${this.#prefix}{${name}}:outbox`]
  }

  #lease(node: string): string {
    return `${this.#prefix}node:${node}`
  }

  #channel(node: string): string {
    return `${this.#prefix}to:${node}`
  }
}
