import type { Formula } from './formulas.ts'
import { type Report, report } from './scenarios.ts'

/** What a formula must do, all of it. In ms, where it is a time. */
export const targets = { peak: 0.07, allBack: 60_000, attempts: 6.5, back: [1_000, 2_500, 3_000] } as const

/** How far over its targets a formula is in the worst of them; below 1 it meets all. */
export function strain({ peak, allBack, attempts, back }: Report): number {
  return Math.max(
    peak / targets.peak,
    (allBack ?? Number.POSITIVE_INFINITY) / targets.allBack,
    attempts / targets.attempts,
    ...back.map((ms, index) => ms / (targets.back[index] ?? 1)),
  )
}

/** The share of a wait that is not left to chance: 0 is full jitter, 0.5 is equal jitter. */
const fixed = [0, 0.1, 0.25, 0.5]
const bases = [1_500, 1_750, 2_000, 2_250, 2_500]
const factors = [1.5, 2, 2.5, 3, 4]
const limits = [6_000, 8_000, 9_000, 10_000, 11_000, 12_000, 15_000]

const few = { herd: 20_000, outage: 5_000 }

interface Candidate {
  name: string
  formula: Formula
}

function* candidates(): Generator<Candidate> {
  for (const share of fixed)
    for (const base of bases)
      for (const factor of factors)
        for (const max of limits)
          yield {
            name: `${base} × ${factor}, max ${max}, ${share ? `${share} fixed` : 'full jitter'}`,
            formula: () => (attempt) =>
              (share + (1 - share) * Math.random()) * Math.min(max, base * factor ** attempt),
          }
}

/** The best of all combinations, measured again with the whole herd. */
export function search(count: number): { name: string; report: Report }[] {
  return [...candidates()]
    .map((candidate) => ({ ...candidate, strain: strain(report(candidate.formula, few)) }))
    .sort((a, b) => a.strain - b.strain)
    .slice(0, count)
    .map(({ name, formula }) => ({ name, report: report(formula) }))
    .sort((a, b) => strain(a.report) - strain(b.report))
}
