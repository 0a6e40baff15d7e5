import type { Leases } from './leases.ts'
import type { Redis } from './redis.ts'
import { ENTER, EVICT, SAMPLE, SETTLE, SIBLINGS, STATE } from './scripts.ts'

/** A session that has ended without its owner: what the application is to be told. */
export interface Ended {
  name: string
  principal: string
  acked: number
  sent: number
  topics: string[]
}

interface Candidate {
  name: string
  owner: string
  /** Since when it is away, in ms. */
  away: number
  /** Whether it ever carried a message. */
  used: boolean
}

interface Found {
  /** Those that no living process has. */
  away: Candidate[]
  over: string[]
}

/** What the bounds need of the store. */
export interface BoundsPlace {
  redis: Redis
  /** The key of the set of all sessions, and of the set of those of one principal. */
  all: string
  siblings: (principal: string) => string
  session: (name: string) => string[]
  leases: Leases
  ended: (session: Ended) => void
}

/** How many sessions are looked at to find one that may give way, in a store that is full. */
const SAMPLED = 50
/** How long a session may be on the list of its principal before it is made, in ms. */
const BEING_MADE = 10_000

/** How many sessions there may be, in all processes together: of one principal, and of all of them. */
export class SessionBounds {
  readonly #place: BoundsPlace
  /** Sessions that may give way, by the set of their principal. */
  readonly #found = new Map<string, { away: Candidate[]; until: number }>()

  constructor(place: BoundsPlace) {
    this.#place = place
  }

  /**
   * Enters a new session in the set of all, and in that of its principal. False: there is no room, also after the one that was
   * away for longest has given way. Of all sessions, only one that never carried a message does.
   */
  async enter(
    name: string,
    principal: string,
    {
      ttl,
      keep,
      sessions,
      perPrincipal,
    }: { ttl: number; keep: number; sessions: number; perPrincipal: number },
  ): Promise<boolean> {
    const { redis, all, siblings } = this.#place
    const set = siblings(principal)
    if (principal) {
      const enter = () => this.#enter(set, name, 0, perPrincipal, keep)
      if (!(await enter()) && !((await this.#makeRoom(await this.#lately(set), keep)) && (await enter())))
        return false
    }
    const enter = () => this.#enter(all, name, ttl, sessions, '')
    if (await enter()) return true
    const found = await this.#look((await redis.script(SAMPLE, [all], [SAMPLED])) as string[])
    const unused = found.away.filter(({ used }) => !used)
    if ((await this.#makeRoom({ away: unused, over: [] }, keep)) && (await enter())) return true
    if (principal) await redis.script(SETTLE, [set], [name, ''])
    return false
  }

  /** It is over: takes it off the lists. */
  async leave(name: string, principal: string): Promise<void> {
    const { redis, all, siblings } = this.#place
    await Promise.all([
      redis.script(SETTLE, [all], [name, '']),
      principal && redis.script(SETTLE, [siblings(principal)], [name, '']),
    ])
  }

  /** It lives: the list of its principal must not be forgotten. */
  async refresh(name: string, principal: string, keep: number): Promise<void> {
    if (principal) await this.#enter(this.#place.siblings(principal), name, 0, Infinity, keep)
  }

  /** The names of a principal's sessions; some of them may be over. */
  async of(principal: string): Promise<string[]> {
    const found = (await this.#place.redis.script(
      SIBLINGS,
      [this.#place.siblings(principal)],
      [],
    )) as string[]
    return found.filter((_, at) => at % 2 === 0)
  }

  async #enter(set: string, name: string, due: number, most: number, keep: number | ''): Promise<boolean> {
    const limit = Math.min(most, Number.MAX_SAFE_INTEGER)
    const [entered] = await this.#place.redis.script(ENTER, [set], [name, due, limit, keep])
    return Number(entered) === 1
  }

  /** As `#members`, or what was found of it in the last second: a principal may open many sessions in one moment. */
  async #lately(set: string): Promise<Found> {
    const known = this.#found.get(set)
    if (known?.away.length && known.until > performance.now()) return { away: known.away, over: [] }
    const found = await this.#members(set)
    if (this.#found.size > 1_000) this.#found.clear()
    this.#found.set(set, { away: found.away, until: performance.now() + 1_000 })
    return found
  }

  /** The sessions of one principal. Those that are over are taken off the list. */
  async #members(set: string): Promise<Found> {
    const listed = await this.#place.redis.script(SIBLINGS, [set], [])
    const ages = new Map<string, number>()
    for (let at = 0; at < listed.length; at += 2) ages.set(String(listed[at]), Number(listed[at + 1]))
    const { away, over, missing } = await this.#look([...ages.keys()])
    // One that is missing may be about to be made.
    over.push(...missing.filter((name) => (ages.get(name) ?? 0) > BEING_MADE))
    if (over.length) {
      const names = over.flatMap((name) => [name, ''])
      await this.#place.redis.script(SETTLE, [set], names)
    }
    return { away, over }
  }

  async #look(names: string[]): Promise<Found & { missing: string[] }> {
    const { redis, session, leases } = this.#place
    const states = await Promise.all(names.map((name) => redis.script(STATE, session(name), [])))
    const candidates: Candidate[] = []
    const over: string[] = []
    const missing: string[] = []
    for (const [at, [principal, owner, away, used, ended]] of states.entries()) {
      const name = names[at] as string
      if (principal === undefined) missing.push(name)
      else if (ended) over.push(name)
      else candidates.push({ name, owner: String(owner), away: Number(away || Infinity), used: used === 1 })
    }
    const { died } = await leases.judge()
    return { away: candidates.filter(({ owner }) => !owner || died(owner)), over, missing }
  }

  /** Ends the one that has been away for longest, unless others are over anyway. False: none may give way. */
  async #makeRoom({ away, over }: Found, keep: number): Promise<boolean> {
    const { redis, session, ended } = this.#place
    if (over.length) return true
    away.sort((one, other) => one.away - other.away)
    for (let next = away.shift(); next; next = away.shift()) {
      const { name, owner } = next
      const [principal, acked, sent, topics] = await redis.script(EVICT, session(name), [owner, keep])
      // It came back, or gave way to another one, in this very moment.
      if (principal === undefined) continue
      await this.leave(name, String(principal))
      const counts = { acked: Number(acked), sent: Number(sent), topics: topics as string[] }
      ended({ name, principal: String(principal), ...counts })
      return true
    }
    return false
  }
}
