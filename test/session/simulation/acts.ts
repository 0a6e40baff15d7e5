import type { Clock } from './clock.ts'

/** What may happen in one step, and how likely it is compared with the others. */
export type Act = [weight: number, run: () => unknown]

interface Simulation {
  acts: Act[]
  steps: number
  /** A number from 0 to 1, the same for the same seed. */
  random: () => number
  clock: Clock
  trace?: ((line: string) => void) | undefined
}

/** Chooses an act for each step, and lets everything happen that follows from it. */
export async function perform({ acts, steps, random, clock, trace }: Simulation): Promise<void> {
  const total = acts.reduce((sum, [weight]) => sum + weight, 0)
  for (let step = 0; step < steps; step++) {
    let pick = random() * total
    const act = acts.find(([weight]) => {
      pick -= weight
      return pick < 0
    })
    trace?.(`${clock.now} ${act?.[1]}`.replaceAll(/\s+/g, ' '))
    await act?.[1]()
    await clock.settle()
  }
}
