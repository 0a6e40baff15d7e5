import { peersOf } from './peers.ts'
import type { Rig } from './rigs.ts'
import { median, order, quantile, type Ratio, ratio, round } from './statistics.ts'

/** A short text to the server and back. */
export interface RoundTrip {
  p50: Ratio
  p99: Ratio
  /** In ms, on this machine. */
  ms: { p50: number; p99: number }
}

const TRIPS = 50

/** The time of a round trip with nothing else on the line, in rounds that take turns. */
export async function measureRoundTrip(
  rig: Rig,
  url: string,
  rounds: number,
): Promise<Record<string, RoundTrip>> {
  const peers = peersOf(rig)
  const all = new Map<string, number[][]>(peers.map((peer) => [peer, []]))
  const key = (peer: string) => `echo ${peer}`
  for (const peer of peers) await rig.call('open', peer, key(peer), url, 'text')
  for (let turn = -2; turn < rounds; turn++) {
    for (const peer of order(peers, turn + 2)) {
      const times = await rig.call<number[]>('roundTrips', key(peer), TRIPS)
      if (turn >= 0) all.get(peer)?.push(times)
    }
  }
  for (const peer of peers) await rig.call('close', key(peer))

  const of = (peer: string, share: number) => (all.get(peer) ?? []).map((times) => quantile(times, share))
  const against = (peer: string, share: number) => {
    const again = of('raw again', share)
    return ratio(
      of(peer, share),
      of('raw', share).map((time, index) => (time + (again[index] ?? time)) / 2),
    )
  }
  return Object.fromEntries(
    peers.map((peer) => [
      peer,
      {
        p50: against(peer, 0.5),
        p99: against(peer, 0.99),
        ms: { p50: round(median(of(peer, 0.5))), p99: round(median(of(peer, 0.99))) },
      },
    ]),
  )
}
