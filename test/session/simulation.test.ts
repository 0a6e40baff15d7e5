import { expect, test } from 'vitest'
import { run } from './simulation/run.ts'

const runs = Number(process.env.RUNS ?? 5_000)
const first = Number(process.env.SEED ?? 1)

test(`${runs} random runs of both halves over broken lines lose, double and reorder nothing`, async () => {
  const sum = { up: 0, down: 0, topics: 0, gaps: 0, lines: 0, sessions: 0 }
  for (let seed = first; seed < first + runs; seed++) {
    const tally = await run(seed)
    if (tally.violations.length) expect.fail(`seed ${seed}: ${tally.violations.slice(0, 3).join('; ')}`)
    for (const name of ['up', 'down', 'topics', 'gaps', 'lines', 'sessions'] as const)
      sum[name] += tally[name]
  }
  // A simulation in which nothing happens proves nothing.
  expect(sum.up).toBeGreaterThan(runs)
  expect(sum.down).toBeGreaterThan(runs)
  expect(sum.topics).toBeGreaterThan(runs)
  expect(sum.gaps).toBeGreaterThan(runs / 20)
  expect(sum.lines).toBeGreaterThan(2 * runs)
  expect(sum.sessions).toBeGreaterThan(runs)
  console.log(`${runs} runs:`, sum)
}, 3_600_000)
