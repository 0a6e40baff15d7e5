import { peersOf } from './peers.ts'
import type { Rig } from './rigs.ts'
import { median, order, type Ratio, ratio, round } from './statistics.ts'

/** From the constructor to the `open` event. */
export interface Connect extends Ratio {
  /** On this machine. */
  ms: number
  /** Processor time of the client, from the constructor to `close()`. */
  cpu: Ratio
}

const TIMES = 10

/**
 * What connecting takes: each round, a few connections that are closed again; of their times the median. Each library holds
 * one more connection all the time, so that what the connections of a page share is set up once.
 */
export async function measureConnect(
  rig: Rig,
  url: string,
  rounds: number,
): Promise<Record<string, Connect>> {
  const peers = peersOf(rig)
  const all = new Map(peers.map((peer) => [peer, { time: [] as number[], cpu: [] as number[] }]))
  const run = async (peer: string) => {
    const before = await rig.cpu()
    const times = await rig.call<number[]>('connects', peer, `connect ${peer}`, url, TIMES)
    return { time: median(times), cpu: (await rig.cpu()) - before }
  }
  for (const peer of peers) await rig.call('open', peer, `held ${peer}`, url, 'text')
  for (let turn = -2; turn < rounds; turn++) {
    for (const peer of order(peers, turn + 2)) {
      const { time, cpu } = await run(peer)
      if (turn < 0) continue
      all.get(peer)?.time.push(time)
      all.get(peer)?.cpu.push(cpu)
    }
  }
  for (const peer of peers) await rig.call('close', `held ${peer}`)
  const of = (peer: string, what: 'time' | 'cpu') => all.get(peer)?.[what] ?? []
  const toRaw = (peer: string, what: 'time' | 'cpu') => {
    const again = of('raw again', what)
    return ratio(
      of(peer, what),
      of('raw', what).map((value, index) => (value + (again[index] ?? value)) / 2),
    )
  }
  return Object.fromEntries(
    peers.map((peer) => [
      peer,
      { ...toRaw(peer, 'time'), ms: round(median(of(peer, 'time')), 2), cpu: toRaw(peer, 'cpu') },
    ]),
  )
}
