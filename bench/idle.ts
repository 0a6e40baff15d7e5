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
/** Chromium opens 255 in all. */
const COUNTED = 20
/** Some libraries keep a timer for their first five seconds. In ms. */
const SETTLED = 6_000
const AT_ONCE = 3

const settled = () => new Promise((resolve) => setTimeout(resolve, SETTLED))

async function open(rig: Rig, peer: string, url: string, first: number, count: number): Promise<void> {
  for (let i = first; i < first + count; i++) await rig.call('open', peer, `idle ${peer} ${i}`, url, 'text')
}

/** Opens many sockets in a process of their own, as many again, and looks at what the second half takes. */
async function heap(rig: Rig, peer: string, url: string): Promise<number> {
  // The first half brings what all of them share: the code that V8 compiles, and compiles better later on.
  await open(rig, peer, url, 0, SOCKETS)
  await settled()
  const before = await rig.heap()
  await open(rig, peer, url, SOCKETS, SOCKETS)
  await settled()
  const bytes = ((await rig.heap()) - before) / SOCKETS
  await rig.close()
  return bytes
}

/** In another one: what counts the timers is on the heap too. */
async function count(rig: Rig, peer: string, url: string): Promise<number> {
  await open(rig, peer, url, 0, COUNTED)
  await settled()
  const timers = await rig.call<number>('timers')
  await rig.close()
  return round(timers / COUNTED, 2)
}

export async function measureIdle(
  make: (words?: string[]) => Promise<Rig>,
  peers: readonly string[],
  url: string,
): Promise<Record<string, Idle>> {
  const found: Record<string, { bytes: number; timers: number }> = {}
  for (let i = 0; i < peers.length; i += AT_ONCE) {
    await Promise.all(
      peers.slice(i, i + AT_ONCE).map(async (peer) => {
        const bytes = await heap(await make(), peer, url)
        found[peer] = { bytes, timers: await count(await make(['timers']), peer, url) }
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
