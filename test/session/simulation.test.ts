import { expect, test } from 'vitest'
import { run } from './simulation/run.ts'
import { runCluster } from './simulation/run-cluster.ts'

const runs = Number(process.env.RUNS ?? 5_000)
const first = Number(process.env.SEED ?? 1)

test(`${runs} random runs of both halves over broken lines lose, double and reorder nothing`, async () => {
  const sum = { up: 0, down: 0, topics: 0, gaps: 0, ends: 0, lines: 0, sessions: 0 }
  for (let seed = first; seed < first + runs; seed++) {
    const tally = await run(seed)
    if (tally.violations.length) expect.fail(`seed ${seed}: ${tally.violations.slice(0, 3).join('; ')}`)
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += tally[name]
  }
  // A simulation in which nothing happens proves nothing.
  expect(sum.up).toBeGreaterThan(runs)
  expect(sum.down).toBeGreaterThan(runs)
  expect(sum.topics).toBeGreaterThan(runs)
  expect(sum.gaps).toBeGreaterThan(runs / 20)
  expect(sum.ends).toBeGreaterThan(runs / 10)
  expect(sum.lines).toBeGreaterThan(2 * runs)
  expect(sum.sessions).toBeGreaterThan(runs)
  console.log(`${runs} runs:`, sum)
}, 3_600_000)

const clusterRuns = Number(process.env.CLUSTER_RUNS ?? Math.ceil(runs / 10))

test(`${clusterRuns} random runs over several processes with one store, which stall, die and lose writes`, async () => {
  const sum = { up: 0, down: 0, topics: 0, gaps: 0, ends: 0, repeated: 0, lines: 0, sessions: 0 }
  for (let seed = first; seed < first + clusterRuns; seed++) {
    const tally = await runCluster(seed)
    if (tally.violations.length) expect.fail(`seed ${seed}: ${tally.violations.slice(0, 3).join('; ')}`)
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += tally[name]
  }
  expect(sum.up).toBeGreaterThan(clusterRuns)
  expect(sum.down).toBeGreaterThan(clusterRuns)
  expect(sum.topics).toBeGreaterThan(clusterRuns)
  expect(sum.gaps).toBeGreaterThan(clusterRuns / 20)
  expect(sum.ends).toBeGreaterThan(clusterRuns / 10)
  expect(sum.repeated).toBeGreaterThan(0)
  expect(sum.sessions).toBeGreaterThan(clusterRuns)
  console.log(`${clusterRuns} runs:`, sum)
}, 3_600_000)
