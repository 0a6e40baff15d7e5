import type { Ended } from './bounds.ts'
import type { Leases } from './leases.ts'
import type { Redis } from './redis.ts'
import { INSPECT, SETTLE, TAKE } from './scripts.ts'

/** What the sweep requires from the store. Times in ms. */
export interface SweepContext {
  redis: Redis
  leases: Leases
  /** The key of the set of all sessions. */
  all: string
  session: (name: string) => string[]
  ttl: number
  keep: number
  /** The shortest time for which the session of a process that died is kept. */
  stalled: number
  /** Called for each session that has not ended. */
  alive: (name: string, principal: string) => Promise<void>
  ended: (session: Ended) => void
}

/** How many sessions are inspected together, and for how long no other process inspects them, in ms. */
const BATCH = 200
const INSPECTING = 10_000

/** Inspects all sessions that are due. Several processes share the work. */
export async function sweep(context: SweepContext, wanted: () => boolean): Promise<void> {
  const { redis, all, leases } = context
  while (wanted()) {
    // Right after an outage, both leases and clients are late.
    const { steady, died } = await leases.judge()
    if (!steady) return
    const names = (await redis.script(TAKE, [all], [BATCH, INSPECTING])) as string[]
    if (!names.length) return
    const due = await Promise.all(names.map((name) => inspect(context, name, died)))
    await redis.script(SETTLE, [all], due.flat())
    if (names.length < BATCH) return
  }
}

/** Returns the session's name, and in how many ms it is due again; '' for never. */
async function inspect(
  context: SweepContext,
  name: string,
  died: (owner: string) => boolean,
): Promise<[name: string, due: number | '']> {
  const { redis, session, ttl, keep, stalled, alive, ended } = context
  const ask = (...dead: string[]) => redis.script(INSPECT, session(name), [ttl, keep, stalled, ...dead])
  let [is, ...rest] = await ask()
  if (is === 'owned' && died(String(rest[0]))) [is, ...rest] = await ask(String(rest[0]))
  if (is === 'owned') {
    await alive(name, String(rest[1]))
    // A random part, so that sessions that were created together are not always due together.
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
