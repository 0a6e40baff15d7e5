import type { Formula } from './formulas.ts'
import { repeatable } from './random.ts'
import { type Outcome, simulate } from './simulate.ts'

/** What one formula does in all that is asked of it. */
export interface Report extends Omit<Outcome, 'median'> {
  /** Median time from up to back after 1, 5 and 30 s down, where the server has room for everybody. In ms. */
  back: [number, number, number]
}

const HOUR = 3_600_000
const SEED = 1

/** How much of the whole is simulated: a search has no need of every client. */
const whole = { herd: 100_000, outage: 20_000 }

/** The server is rarely away for a whole number of seconds, and a formula without chance would gain or lose by it. */
const around = [0.9, 0.94, 0.98, 1.02, 1.06, 1.1]

/** A server that takes 2,000 clients a second and is back at once: for 100,000 clients, 50 s is its own limit. */
export function report(formula: Formula, size = whole): Report {
  return repeatable(SEED, () => {
    const room = (200 * size.herd) / whole.herd
    const { peak, allBack, attempts } = simulate(formula, {
      clients: size.herd,
      down: 0,
      room,
      end: 2 * HOUR,
    })
    const outage = { clients: size.outage, room: Number.POSITIVE_INFINITY, end: HOUR }
    const back = (seconds: number) =>
      around.reduce(
        (sum, near) => sum + simulate(formula, { ...outage, down: seconds * near * 1_000 }).median,
        0,
      ) / around.length
    return { peak, allBack, attempts, back: [back(1), back(5), back(30)] }
  })
}
