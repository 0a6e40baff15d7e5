import type { Ended } from './bounds.ts'
import type { Leases } from './leases.ts'
import type { Redis } from './redis.ts'
import { LOOK, SETTLE, TAKE } from './scripts.ts'

/** What the sweep needs of the store. Times in ms. */
export interface SweepPlace {
  redis: Redis
  leases: Leases
  /** The key of the set of all sessions. */
  all: string
  session: (name: string) => string[]
  ttl: number
  keep: number
  /** The shortest time for which the session of a process that died is kept. */
  stalled: number
  /** A session lives. */
  alive: (name: string, principal: string) => Promise<void>
  ended: (session: Ended) => void
}

/** How many sessions are looked at together, and for how long nobody else looks at them, in ms. */
const BATCH = 200
const LOOKING = 10_000

/** Looks at all sessions whose time has come. Several processes share the work. */
export async function sweep(place: SweepPlace, wanted: () => boolean): Promise<void> {
  const { redis, all, leases } = place
  while (wanted()) {
    // Right after an outage everybody is late: processes with their word that they are alive, and clients.
    const { steady, died } = await leases.judge()
    if (!steady) return
    const names = (await redis.script(TAKE, [all], [BATCH, LOOKING])) as string[]
    if (!names.length) return
    const due = await Promise.all(names.map((name) => look(place, name, died)))
    await redis.script(SETTLE, [all], due.flat())
    if (names.length < BATCH) return
  }
}

/** Returns the session's name, and in how many ms to look at it again; '' for never. */
async function look(
  place: SweepPlace,
  name: string,
  died: (owner: string) => boolean,
): Promise<[name: string, due: number | '']> {
  const { redis, session, ttl, keep, stalled, alive, ended } = place
  const ask = (...dead: string[]) => redis.script(LOOK, session(name), [ttl, keep, stalled, ...dead])
  let [is, ...rest] = await ask()
  if (is === 'owned' && died(String(rest[0]))) [is, ...rest] = await ask(String(rest[0]))
  if (is === 'owned') {
    await alive(name, String(rest[1]))
    // Sessions that came together are not looked at together for ever.
    return [name, Math.ceil(ttl * (0.75 + Math.random() / 4))]
  }
  if (is === 'away') {
    await alive(name, String(rest[1]))
    return [name, Number(rest[0])]
  }
  if (is === 'ended') {
    const [principal, acked, sent, topics] = rest as [string, string, string, string[]]
    ended({ name, principal, acked: Number(acked), sent: Number(sent), topics })
  }
  return [name, '']
}
