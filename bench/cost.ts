import { within } from './patience.ts'
import type { Kind } from './payload.ts'
import { peersOf } from './peers.ts'
import type { Rig } from './rigs.ts'
import type { Remote } from './rpc.ts'
import { median, order, type Ratio, ratio, round } from './statistics.ts'

/** What one message costs the client. */
export interface Cost extends Ratio {
  /** Processor time per message, in µs, on this machine. */
  us: number
}

export interface Task {
  way: 'receive' | 'send'
  kind: Kind
  /** Messages per round. Short rounds, and many: a disturbance then spoils few of them. */
  count: number
  rounds: number
}

const WARM_UP = 6

/** The processor time of the client for so many messages through each library, in rounds that take turns. */
export async function measureCost(
  rig: Rig,
  server: Remote,
  url: string,
  { way, kind, count, rounds }: Task,
): Promise<Record<string, Cost>> {
  const peers = peersOf(rig)
  const totals = new Map<string, number>()
  const times = new Map<string, number[]>(peers.map((peer) => [peer, []]))
  /** Of rounds without a message. */
  const bare: number[] = []
  const key = (peer: string) => `${way} ${kind} ${peer}`
  for (const peer of peers) await rig.call('open', peer, key(peer), url, kind)

  const run = async (peer: string, count: number) => {
    const total = (totals.get(peer) ?? 0) + count
    totals.set(peer, total)
    const before = await rig.cpu()
    if (way === 'receive') {
      const all = rig.call('heard', key(peer), total)
      await server.call('burst', key(peer), kind, count)
      await all
    } else {
      const all = within(
        server.call('got', key(peer), total),
        `${rig.name}, ${key(peer)}: ${total} at the server`,
      )
      await rig.call('send', key(peer), count)
      await all
    }
    return (await rig.cpu()) - before
  }

  // No garbage is collected by force between the rounds: V8 would throw away the code with it.
  for (let turn = -WARM_UP; turn < rounds; turn++) {
    const nothing = await run('raw', 0)
    if (turn >= 0) bare.push(nothing)
    for (const peer of order(peers, turn + WARM_UP)) {
      const time = await run(peer, count)
      if (turn >= 0) times.get(peer)?.push(time)
    }
  }
  for (const peer of peers) await rig.call('close', key(peer))

  // What the bench itself takes would make all of them look alike.
  const own = median(bare)
  const of = (peer: string) => (times.get(peer) ?? []).map((time) => time - own)
  const floor = of('raw').map((time, index) => (time + (of('raw again')[index] ?? time)) / 2)
  return Object.fromEntries(
    peers.map((peer) => [
      peer,
      { ...ratio(of(peer), floor), us: round((median(of(peer)) / count) * 1_000, 2) },
    ]),
  )
}
