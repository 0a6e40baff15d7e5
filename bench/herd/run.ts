import { bundle } from '../build.ts'
import { save } from '../results.ts'
import { round } from '../statistics.ts'
import { table } from '../table.ts'
import { formulas } from './formulas.ts'
import { CLIENTS, real } from './real.ts'
import { type Report, report } from './scenarios.ts'
import { search, strain, targets } from './search.ts'

const seconds = (ms: number) => (Number.isFinite(ms) ? (ms / 1_000).toFixed(1) : 'never')

/** One row for each formula. */
export const row = (name: string, { peak, allBack, attempts, back }: Report): string[] => [
  name,
  `${(peak * 100).toFixed(1)} %`,
  allBack === null ? 'never' : seconds(allBack),
  attempts.toFixed(1),
  ...back.map(seconds),
]
export const head = ['', 'peak per 100 ms', 'all back, s', 'attempts', 'after 1 s down', '5 s', '30 s']

export async function run(): Promise<void> {
  const reports = Object.entries(formulas).map(([name, formula]) => [name, report(formula)] as const)
  table(
    '100,000 clients, 2,000 connects/s (simulated); median time back in s after a server was down',
    head,
    reports.map(([name, found]) => row(name, found)),
  )
  const figures = reports.map(([name, { peak, allBack, attempts, back }]) => [
    name,
    {
      peak: round(peak, 4),
      allBack,
      attempts: round(attempts, 2),
      back: back.map((ms) => (Number.isFinite(ms) ? round(ms, 0) : null)),
    },
  ])
  save('herd', Object.fromEntries(figures))

  await bundle()
  const libraries = ['holdfast', 'reconnecting-websocket', 'partysocket']
  const found: [string, Awaited<ReturnType<typeof real>>][] = []
  // One after the other: a library that dials in lockstep would hold up the clock of its neighbours.
  for (const name of libraries) found.push([name, await real(name)])
  table(
    `${CLIENTS} real clients of each, 10 connects/s`,
    head.slice(0, 4),
    found.map(([name, outcome]) => row(name, { ...outcome, back: [0, 0, 0] }).slice(0, 4)),
  )
  save(
    'herd of real clients',
    Object.fromEntries(
      found.map(([name, { peak, allBack, attempts }]) => [
        name,
        { peak: round(peak, 3), allBack: allBack && round(allBack, 0), attempts: round(attempts, 2) },
      ]),
    ),
  )
  if (process.argv.includes('--search')) {
    table(
      'The best of 700 parameters: worst figure over its target, and the figures',
      [...head, 'strain'],
      search(12).map(({ name, report }) => [...row(name, report), strain(report).toFixed(3)]),
    )
    console.log(`  targets: ${JSON.stringify(targets)}`)
  }
}
