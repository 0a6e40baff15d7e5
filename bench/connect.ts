import { peersOf } from './peers.ts'
import type { Rig } from './rigs.ts'
import { median, order, type Ratio, ratio, round } from './statistics.ts'

/** From the constructor to the `open` event. */
export interface Connect extends Ratio {
  /** On this machine. */
  ms: number
}

const TIMES = 5

/** The time to connect: each round, the median of a few connections that are closed again. */
export async function measureConnect(
  rig: Rig,
  url: string,
  rounds: number,
): Promise<Record<string, Connect>> {
  const peers = peersOf(rig)
  const all = new Map<string, number[]>(peers.map((peer) => [peer, []]))
  const run = async (peer: string) => {
    const times: number[] = []
    for (let i = 0; i < TIMES; i++) {
      times.push(await rig.call<number>('open', peer, `connect ${peer}`, url, 'text'))
      await rig.call('close', `connect ${peer}`)
    }
    return median(times)
  }
  for (let turn = -2; turn < rounds; turn++) {
    for (const peer of order(peers, turn + 2)) {
      const time = await run(peer)
      if (turn >= 0) all.get(peer)?.push(time)
    }
  }
  const of = (peer: string) => all.get(peer) ?? []
  const floor = of('raw').map((time, index) => (time + (of('raw again')[index] ?? time)) / 2)
  return Object.fromEntries(
    peers.map((peer) => [peer, { ...ratio(of(peer), floor), ms: round(median(of(peer)), 2) }]),
  )
}
