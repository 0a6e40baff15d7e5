import { bundle } from '../build.ts'
import { save } from '../results.ts'
import { table } from '../table.ts'
import { acceptThenClose, type Delivery, deliver, libraries, type Outage, outage, silent } from './trials.ts'

interface Faults {
  silent: number | null
  outages: Outage[]
  dials: number
  delivery: Delivery
}

const OUTAGES = [1, 5, 30]
const seconds = (ms: number | null) => (ms === null ? 'never' : (ms / 1_000).toFixed(1))

/** All libraries at once, each with a server and a process of its own: the trials are mostly waiting. */
export async function run(): Promise<void> {
  await bundle()
  const all = async <Answer>(trial: (library: string) => Promise<Answer>) =>
    Promise.all(libraries.map(async (name) => [name, await trial(name)] as const))

  const noticed = await all(silent)
  const back: (readonly (readonly [string, Outage])[])[] = []
  for (const down of OUTAGES) back.push(await all((name) => outage(name, down)))
  const dials = await all(acceptThenClose)
  const delivered = await all(deliver)
  const found: [string, Faults][] = libraries.map((name, index) => [
    name,
    {
      silent: noticed[index]?.[1] ?? null,
      outages: back.map((each) => each[index]?.[1] ?? { median: null, attempts: 0 }),
      dials: dials[index]?.[1] ?? 0,
      delivery: delivered[index]?.[1] ?? { lost: 0, doubled: 0, outOfOrder: 0, thrown: 0 },
    },
  ])
  table(
    'Faults (Node): s until a silent peer is noticed; s from up to back (and dials); dials in 3 s at accept-then-close',
    ['', 'silent peer', ...OUTAGES.map((down) => `down ${down} s`), 'accept-then-close'],
    found.map(([name, { silent, outages, dials }]) => [
      name,
      seconds(silent),
      ...outages.map(({ median, attempts }) => `${seconds(median)} (${attempts.toFixed(1)})`),
      `${dials}`,
    ]),
  )
  table(
    '20,000 messages through cuts',
    ['', 'lost', 'of these, send threw', 'doubled', 'out of order'],
    found.map(([name, { delivery }]) => [
      name,
      ...[delivery.lost, delivery.thrown, delivery.doubled, delivery.outOfOrder].map(String),
    ]),
  )
  save('faults', Object.fromEntries(found))
}
