// Redis in simulated time: the commands that the store uses, on data that can be lost.
import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import * as sessionScripts from '../../../src/session/redis/scripts.ts'
import * as topicScripts from '../../../src/session/redis/topic-scripts.ts'
import { compile, type Script, Table } from './lua.ts'

type Stream = [id: string, fields: string[]][]
type Value = Map<string, string> | Set<string> | Map<string, number> | Stream

interface Entry {
  value: Value
  expires: number
}

/** The scripts of the store, compiled, by their SHA-1. */
const scripts = new Map<string, Script>()
for (const one of [...Object.values(sessionScripts), ...Object.values(topicScripts)])
  if (typeof one === 'object') scripts.set(createHash('sha1').update(one.lua).digest('hex'), compile(one.lua))

/** Resolves once the store knows their names: they are computed in another thread, which knows no simulated time. */
export const scriptsAreNamed = Promise.all(
  [...Object.values(sessionScripts), ...Object.values(topicScripts)].map(
    (one) => typeof one === 'object' && one.sha1,
  ),
)

/** An id of a stream; one without a second part is the first, or the last, with this number. */
function parseId(id: string, missing: number): [number, number] {
  if (id === '-') return [0, 0]
  if (id === '+') return [Number.POSITIVE_INFINITY, 0]
  const [first, second] = id.split('-')
  return [Number(first), second === undefined ? missing : Number(second)]
}
const isAfter = (one: [number, number], other: [number, number]) =>
  one[0] > other[0] || (one[0] === other[0] && one[1] > other[1])

/** What one process, or a test, uses to get at the data. */
export class SimulatedRedis {
  /** Resolves replies and messages in the process that they are for. */
  readonly #later: (process: unknown, ms: number, run: () => void) => void
  readonly #latency: () => number
  #data = new Map<string, Entry>()
  readonly #clients = new Set<Client>()

  constructor(latency: () => number, later: (process: unknown, ms: number, run: () => void) => void) {
    this.#latency = latency
    this.#later = later
  }

  client(process: object): Client {
    const client = new Client(this, process)
    this.#clients.add(client)
    return client
  }

  remove(process: unknown): void {
    for (const client of this.#clients) if (client.process === process) this.#clients.delete(client)
  }

  /** All data as it is now, for `restore`. */
  snapshot(): Map<string, Entry> {
    const copy = new Map<string, Entry>()
    for (const [key, { value, expires }] of this.#data)
      copy.set(key, {
        value: (Array.isArray(value)
          ? [...value]
          : new (value.constructor as MapConstructor)(value as never)) as Value,
        expires,
      })
    return copy
  }

  /** A replica without the last writes is promoted: the connections break, and commands under way fail. */
  restore(data: Map<string, Entry>): void {
    this.#data = data
    this.cut()
  }

  /** The connections break. A command under way may have taken effect, and its process does not learn whether. */
  cut(): void {
    for (const client of this.#clients) client.broken()
    for (const client of this.#clients) this.#later(client.process, 0, () => client.emit('ready'))
  }

  /** Takes effect after some time, and is answered after some more. */
  send(client: Client, words: string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { life } = client
      const lost = () => reject(new Error('Connection is closed.'))
      // A command may take effect although its connection breaks before the reply.
      this.#later(undefined, client.wait('sent', this.#latency()), () => {
        if (client.life !== life) return this.#later(client.process, 0, lost)
        let run: () => void
        try {
          const value = this.run(words)
          run = () => resolve(value)
        } catch (error) {
          run = () => reject(error)
        }
        this.#later(client.process, client.wait('replied', this.#latency()), () =>
          client.life === life ? run() : lost(),
        )
      })
    })
  }

  run([name = '', ...args]: string[]): unknown {
    if (name !== 'EVALSHA') return reply(this.#command(name, args))
    const [sha = '', count, ...rest] = args
    const script = scripts.get(sha)
    if (!script) throw new Error('simulated Redis: unknown script')
    const [keys, values] = [rest.slice(0, Number(count)), rest.slice(Number(count))]
    const call = (...words: unknown[]) => {
      const [command, ...more] = words.map(String)
      return toLua(this.#command(command as string, more))
    }
    return reply(script(new Table(keys), new Table(values), call))
  }

  #get<Kind extends Value>(key: string): Kind | undefined {
    const entry = this.#data.get(key)
    if (entry && entry.expires <= Date.now()) {
      this.#data.delete(key)
      return undefined
    }
    return entry?.value as Kind | undefined
  }

  #make<Kind extends Value>(key: string, make: () => Kind): Kind {
    const known = this.#get<Kind>(key)
    if (known) return known
    const value = make()
    this.#data.set(key, { value, expires: Number.POSITIVE_INFINITY })
    return value
  }

  /** A container that has become empty does not exist. */
  #tidy(key: string): void {
    const value = this.#get(key)
    if (value && !Array.isArray(value) && value.size === 0) this.#data.delete(key)
  }

  #command(name: string, args: string[]): unknown {
    const [key = '', ...rest] = args
    switch (name) {
      case 'TIME':
        return [String(Math.floor(Date.now() / 1_000)), String((Date.now() % 1_000) * 1_000)]
      case 'INFO':
        return 'maxmemory_policy:noeviction'
      case 'DEL':
        return args.filter((one) => this.#data.delete(one)).length
      case 'PEXPIRE': {
        const entry = this.#get(key) && this.#data.get(key)
        if (entry) entry.expires = Date.now() + Number(rest[0])
        return entry ? 1 : 0
      }
      case 'HGET':
        return this.#get<Map<string, string>>(key)?.get(rest[0] as string) ?? null
      case 'HMGET': {
        const hash = this.#get<Map<string, string>>(key)
        return rest.map((field) => hash?.get(field) ?? null)
      }
      case 'HKEYS':
        return [...(this.#get<Map<string, string>>(key)?.keys() ?? [])]
      case 'HGETALL':
        return [...(this.#get<Map<string, string>>(key) ?? [])].flat()
      case 'HSET': {
        const hash = this.#make(key, () => new Map<string, string>())
        const before = hash.size
        for (let at = 0; at < rest.length; at += 2) hash.set(rest[at] as string, rest[at + 1] as string)
        return hash.size - before
      }
      case 'HDEL': {
        const hash = this.#get<Map<string, string>>(key)
        const count = rest.filter((field) => hash?.delete(field)).length
        this.#tidy(key)
        return count
      }
      case 'SADD':
        this.#make(key, () => new Set<string>()).add(rest[0] as string)
        return 1
      case 'SREM': {
        const was = this.#get<Set<string>>(key)?.delete(rest[0] as string)
        this.#tidy(key)
        return was ? 1 : 0
      }
      case 'SMEMBERS':
        return [...(this.#get<Set<string>>(key) ?? [])]
      case 'PUBLISH':
        for (const client of this.#clients)
          if (client.channels.has(key)) {
            const { life } = client
            this.#later(client.process, client.wait('replied', this.#latency()), () => {
              if (client.life === life) client.emit('message', key, rest[0])
            })
          }
        return 1
      default:
        if (name[0] === 'X') return this.#streamCommand(name, key, rest)
        if (name[0] === 'Z') return this.#sortedSetCommand(name, key, rest)
        throw new Error(`simulated Redis: unknown command ${name}`)
    }
  }

  #streamCommand(name: string, key: string, args: string[]): unknown {
    if (name === 'XLEN') return this.#get<Stream>(key)?.length ?? 0
    if (name === 'XADD') {
      const stream = this.#make<Stream>(key, () => [])
      const [id = '', ...fields] = args
      const last = stream.at(-1)
      if (last && !isAfter(parseId(id, 0), parseId(last[0], 0)))
        throw new Error('ERR The ID specified in XADD is equal or smaller than the target stream top item')
      stream.push([id, fields])
      return id
    }
    const stream = this.#get<Stream>(key)
    if (name === 'XTRIM') {
      const least = parseId(args[1] as string, 0)
      while (stream?.[0] && isAfter(least, parseId(stream[0][0], 0))) stream.shift()
      return 0
    }
    const [from = '', to = '', , count] = args
    const [start, end] = [parseId(from, 0), parseId(to, Number.POSITIVE_INFINITY)]
    const inRange = (stream ?? []).filter(([id]) => {
      const at = parseId(id, 0)
      return !isAfter(start, at) && !isAfter(at, end)
    })
    return count === undefined ? inRange : inRange.slice(0, Number(count))
  }

  #sortedSetCommand(name: string, key: string, args: string[]): unknown {
    const known = this.#get<Map<string, number>>(key)
    const sorted = () => [...(known ?? [])].sort(([, one], [, other]) => one - other)
    switch (name) {
      case 'ZCARD':
        return known?.size ?? 0
      case 'ZSCORE':
        return known?.has(args[0] as string) ? String(known.get(args[0] as string)) : null
      case 'ZREM': {
        const was = known?.delete(args[0] as string)
        this.#tidy(key)
        return was ? 1 : 0
      }
      case 'ZRANGE':
        return sorted().flatMap(([member, score]) => [member, String(score)])
      case 'ZRANDMEMBER':
        return sorted()
          .slice(0, Number(args[0]))
          .map(([member]) => member)
      case 'ZRANGEBYSCORE':
        return sorted()
          .filter(([, score]) => score <= Number(args[1]))
          .slice(0, Number(args[4]))
          .map(([member]) => member)
      case 'ZADD': {
        const [member = '', score] = [args.at(-1), Number(args.at(-2))]
        if (args.includes('XX') && !known?.has(member)) return 0
        const before = known?.get(member)
        this.#make(key, () => new Map<string, number>()).set(member, score)
        return before === score ? 0 : 1
      }
      default:
        throw new Error(`simulated Redis: unknown command ${name}`)
    }
  }
}

/** As `ioredis` behaves, as far as the store uses it; also its connection for pub/sub. */
export class Client extends EventEmitter {
  readonly channels = new Set<string>()
  readonly process: object
  /** Counts its connections. */
  life = 0
  readonly #last = { sent: 0, replied: 0 }
  readonly #redis: SimulatedRedis

  constructor(redis: SimulatedRedis, process: object) {
    super()
    this.#redis = redis
    this.process = process
  }

  call(...words: string[]): Promise<unknown> {
    return this.#redis.send(this, words)
  }

  duplicate(): Client {
    return this.#redis.client(this.process)
  }

  async subscribe(channel: string): Promise<void> {
    await this.#redis.send(this, ['TIME'])
    this.channels.add(channel)
  }

  async unsubscribe(channel: string): Promise<void> {
    this.channels.delete(channel)
  }

  /** Commands, and replies, of one connection do not overtake each other. Returns in how many ms. */
  wait(way: 'sent' | 'replied', ms: number): number {
    const at = Math.max(this.#last[way], Date.now() + ms)
    this.#last[way] = at
    return at - Date.now()
  }

  disconnect(): void {
    this.channels.clear()
  }

  broken(): void {
    this.life++
    this.channels.clear()
  }
}

/** What a command returns inside a script: nil is false. */
function toLua(value: unknown): unknown {
  if (Array.isArray(value)) return new Table(value.map(toLua))
  return value === null ? false : value
}

/** What a script returns to its client. A list ends before the first nil. */
function reply(value: unknown): unknown {
  if (value instanceof Table) {
    const end = value.items.indexOf(undefined)
    return (end < 0 ? value.items : value.items.slice(0, end)).map(reply)
  }
  if (typeof value === 'number') return Math.trunc(value)
  if (value === true) return 1
  return value === false || value === undefined ? null : value
}
