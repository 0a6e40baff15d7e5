import type { Leases } from './leases.ts'
import type { Redis } from './redis.ts'
import { ENTER, EVICT, SAMPLE, SETTLE, SIBLINGS, STATE } from './scripts.ts'

/** A session that ended while no process owned it: the arguments of the application's `ended`. */
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
  /** Sessions that no living process owns. */
  away: Candidate[]
  over: string[]
}

/** What `SessionBounds` requires from the store. */
export interface BoundsContext {
  redis: Redis
  /** The key of the set of all sessions, and of the set of those of one principal. */
  all: string
  siblings: (principal: string) => string
  session: (name: string) => string[]
  leases: Leases
  ended: (session: Ended) => void
}

/** How many sessions a full store checks to find one that may be removed. */
const SAMPLED = 50
/** How long a session may be on the list of its principal before it is created, in ms. */
const BEING_CREATED = 10_000

/** Limits the number of sessions, in all processes together: of one principal, and of all of them. */
export class SessionBounds {
  readonly #context: BoundsContext
  /** Sessions that may be removed to make room, by the set of their principal. */
  readonly #found = new Map<string, { away: Candidate[]; until: number }>()

  constructor(context: BoundsContext) {
    this.#context = context
  }

  /**
   * Enters a new session in the set of all, and in that of its principal. Returns false if there is no room. To make room,
   * the principal's session that was away for longest is removed; of all sessions, only one that never carried a message.
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
    const { redis, all, siblings } = this.#context
    const set = siblings(principal)
    if (principal) {
      const enter = () => this.#enter(set, name, 0, perPrincipal, keep)
      if (
        !(await enter()) &&
        !((await this.#makeRoom(await this.#recentMembers(set), keep)) && (await enter()))
      )
        return false
    }
    const enter = () => this.#enter(all, name, ttl, sessions, '')
    if (await enter()) return true
    const found = await this.#inspect((await redis.script(SAMPLE, [all], [SAMPLED])) as string[])
    const unused = found.away.filter(({ used }) => !used)
    if ((await this.#makeRoom({ away: unused, over: [] }, keep)) && (await enter())) return true
    if (principal) await redis.script(SETTLE, [set], [name, ''])
    return false
  }

  /** The session has ended: removes it from the lists. */
  async leave(name: string, principal: string): Promise<void> {
    const { redis, all, siblings } = this.#context
    await Promise.all([
      redis.script(SETTLE, [all], [name, '']),
      principal && redis.script(SETTLE, [siblings(principal)], [name, '']),
    ])
  }

  /** The session is alive: keeps the list of its principal from expiring. */
  async refresh(name: string, principal: string, keep: number): Promise<void> {
    if (principal) await this.#enter(this.#context.siblings(principal), name, 0, Infinity, keep)
  }

  /** The names of a principal's sessions; some of them may have ended. */
  async of(principal: string): Promise<string[]> {
    const found = (await this.#context.redis.script(
      SIBLINGS,
      [this.#context.siblings(principal)],
      [],
    )) as string[]
    return found.filter((_, at) => at % 2 === 0)
  }

  async #enter(set: string, name: string, due: number, most: number, keep: number | ''): Promise<boolean> {
    const limit = Math.min(most, Number.MAX_SAFE_INTEGER)
    const [entered] = await this.#context.redis.script(ENTER, [set], [name, due, limit, keep])
    return Number(entered) === 1
  }

  /** As `#members`, or its result of the last second: a principal may open many sessions at once. */
  async #recentMembers(set: string): Promise<Found> {
    const known = this.#found.get(set)
    if (known?.away.length && known.until > performance.now()) return { away: known.away, over: [] }
    const found = await this.#members(set)
    if (this.#found.size > 1_000) this.#found.clear()
    this.#found.set(set, { away: found.away, until: performance.now() + 1_000 })
    return found
  }

  /** The sessions of one principal. Those that have ended are removed from the list. */
  async #members(set: string): Promise<Found> {
    const listed = await this.#context.redis.script(SIBLINGS, [set], [])
    const ages = new Map<string, number>()
    for (let at = 0; at < listed.length; at += 2) ages.set(String(listed[at]), Number(listed[at + 1]))
    const { away, over, missing } = await this.#inspect([...ages.keys()])
    // One that is missing may be about to be created.
    over.push(...missing.filter((name) => (ages.get(name) ?? 0) > BEING_CREATED))
    if (over.length) {
      const names = over.flatMap((name) => [name, ''])
      await this.#context.redis.script(SETTLE, [set], names)
    }
    return { away, over }
  }

  async #inspect(names: string[]): Promise<Found & { missing: string[] }> {
    const { redis, session, leases } = this.#context
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

  /** Ends the session that has been away for longest, unless others have ended already. Returns false if none may be removed. */
  async #makeRoom({ away, over }: Found, keep: number): Promise<boolean> {
    const { redis, session, ended } = this.#context
    if (over.length) return true
    away.sort((one, other) => one.away - other.away)
    for (let next = away.shift(); next; next = away.shift()) {
      const { name, owner } = next
      const [principal, acked, sent, topics] = await redis.script(EVICT, session(name), [owner, keep])
      // Meanwhile it came back, or was removed by another process.
      if (principal === undefined) continue
      await this.leave(name, String(principal))
      const counts = { acked: Number(acked), sent: Number(sent), topics: topics as string[] }
      ended({ name, principal: String(principal), ...counts })
      return true
    }
    return false
  }
}
