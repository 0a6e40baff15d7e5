import { measureAllocation } from './allocation.ts'
import { measureConnect } from './connect.ts'
import { type Cost, measureCost } from './cost.ts'
import { measureIdle } from './idle.ts'
import { type Kind, kinds } from './payload.ts'
import { peersOf } from './peers.ts'
import type { Rig } from './rigs.ts'
import { measureRoundTrip } from './round-trip.ts'
import type { Remote } from './rpc.ts'
import { measureSizes } from './sizes.ts'
import type { Ratio } from './statistics.ts'
import { table } from './table.ts'

export interface Place {
  rigs: Record<Rig['name'], (words?: string[]) => Promise<Rig>>
  server: Remote
  url: string
  rounds: number
}

type Figures<Value> = Record<Rig['name'], Record<string, Value>>

/** Runs one after the other in each of the two places, and prints a row for each library. */
async function inBoth<Value>(
  { rigs }: Place,
  title: string,
  run: (rig: Rig) => Promise<Record<string, Value>>,
  show: Record<string, (value: Value) => string>,
): Promise<Figures<Value>> {
  const figures: Partial<Figures<Value>> = {}
  for (const name of ['chromium', 'node'] as const) {
    const rig = await rigs[name]()
    const found = await run(rig)
    await rig.close()
    figures[name] = found
    print(`${name}: ${title}`, found, show)
  }
  return figures as Figures<Value>
}

function print<Value>(
  title: string,
  found: Record<string, Value>,
  show: Record<string, (value: Value) => string>,
) {
  const rows = Object.entries(found).map(([peer, value]) => [
    peer,
    ...Object.values(show).map((as) => as(value)),
  ])
  table(title, ['', ...Object.keys(show)], rows)
}

const words = ({ ratio, error }: Ratio) => `${ratio.toFixed(3)} ± ${error.toFixed(3)}`

/** Messages per round: about as much time for each kind, and little, because one disturbance spoils a whole round. */
const counts: Record<Rig['name'], Record<Kind, number>> = {
  chromium: { text: 500, json: 500, binary: 80 },
  node: { text: 5_000, json: 2_500, binary: 250 },
}
const ROUNDS_EACH = 4

/** How many rounds a part makes, where so many are asked for. */
export function roundsOf(part: string, asked: number): number | undefined {
  if (part === 'cost') return asked * ROUNDS_EACH
  return part === 'connect' || part === 'round-trip' ? asked : undefined
}

/** Processor time per message, to raw. */
async function cost(place: Place): Promise<Record<string, Figures<Cost>>> {
  const figures: Record<string, Figures<Cost>> = {}
  for (const way of ['receive', 'send'] as const) {
    for (const kind of kinds) {
      figures[`${way} ${kind}`] = await inBoth(
        place,
        `processor time to ${way} a message (${kind})`,
        (rig) => {
          const task = { way, kind, count: counts[rig.name][kind], rounds: place.rounds * ROUNDS_EACH }
          return measureCost(rig, place.server, place.url, task)
        },
        { 'to raw': words, µs: ({ us }) => us.toFixed(2) },
      )
    }
  }
  return figures
}

const roundTrip = (place: Place) =>
  inBoth(place, 'round trip of a short text', (rig) => measureRoundTrip(rig, place.url, place.rounds), {
    'p50 to raw': ({ p50 }) => words(p50),
    'p99 to raw': ({ p99 }) => words(p99),
    'p50, ms': ({ ms }) => ms.p50.toFixed(3),
    'p99, ms': ({ ms }) => ms.p99.toFixed(3),
  })

const connect = (place: Place) =>
  inBoth(place, 'time to connect', (rig) => measureConnect(rig, place.url, place.rounds), {
    'to raw': words,
    ms: ({ ms }) => ms.toFixed(2),
    'processor time to raw': ({ cpu }) => words(cpu),
  })

const idle = (place: Place) =>
  inBoth(place, 'an idle socket', (rig) => measureIdle(place.rigs[rig.name], peersOf(rig), place.url), {
    'heap, bytes': ({ bytes }) => `${bytes}`,
    'to raw': ({ ratio }) => ratio.toFixed(2),
    timers: ({ timers }) => `${timers}`,
  })

async function size() {
  const sizes = await measureSizes()
  print('Bytes that a page pays for the library', sizes, {
    minified: ({ minified }) => `${minified}`,
    gzip: ({ gzip }) => `${gzip}`,
    brotli: ({ brotli }) => `${brotli}`,
  })
  return sizes
}

async function allocation() {
  const { received, watched, sent, object } = await measureAllocation()
  const found = {
    'a message received': received,
    'with a heartbeat': watched,
    'a message sent': sent,
    '(a small object)': object,
  }
  print('Bytes allocated by Holdfast, beside the event (Node)', found, { bytes: (bytes) => `${bytes}` })
  return { received, watched, sent, object }
}

/** What can be measured, by the word that asks for it. */
export const parts = { size, allocation, idle, connect, 'round-trip': roundTrip, cost } as const
