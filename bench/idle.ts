import type { Rig } from './rigs.ts'
import { round } from './statistics.ts'

/** What an open socket takes while nothing happens. */
export interface Idle {
  /** Bytes on the heap, the native socket included. */
  bytes: number
  /** Over a raw socket. */
  ratio: number
  timers: number
}

const SOCKETS = 100
/** Some libraries keep a timer for their first five seconds. In ms. */
const SETTLED = 6_000
const AT_ONCE = 3

/** Opens many sockets in a process of their own and looks at its heap, before and after. */
async function look(rig: Rig, peer: string, url: string): Promise<{ bytes: number; timers: number }> {
  const open = async (first: number, count: number) => {
    for (let i = first; i < first + count; i++) await rig.call('open', peer, `idle ${peer} ${i}`, url, 'text')
  }
  // The first few bring what all of them share.
  await open(0, 5)
  const heap = await rig.heap()
  await open(5, SOCKETS)
  await new Promise((resolve) => setTimeout(resolve, SETTLED))
  const bytes = ((await rig.heap()) - heap) / SOCKETS
  const timers = (await rig.call<number>('timers')) / (SOCKETS + 5)
  await rig.close()
  return { bytes, timers: round(timers, 2) }
}

export async function measureIdle(
  make: () => Promise<Rig>,
  peers: readonly string[],
  url: string,
): Promise<Record<string, Idle>> {
  const found: Record<string, { bytes: number; timers: number }> = {}
  for (let i = 0; i < peers.length; i += AT_ONCE) {
    await Promise.all(
      peers.slice(i, i + AT_ONCE).map(async (peer) => {
        found[peer] = await look(await make(), peer, url)
      }),
    )
  }
  const floor = ((found.raw?.bytes ?? 0) + (found['raw again']?.bytes ?? 0)) / 2
  return Object.fromEntries(
    peers.map((peer) => {
      const { bytes = 0, timers = 0 } = found[peer] ?? {}
      return [peer, { bytes: round(bytes, 0), ratio: round(bytes / floor, 2), timers }]
    }),
  )
}
