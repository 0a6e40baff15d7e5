import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Figures, figures, fill, missing, pages } from '../../scripts/readme.js'

const read = (page: string) => readFileSync(page, 'utf8')
const benchmarks = () => read('docs/benchmarks.md')

/** The figures as they are now: sizes of this very build, and what the benchmarks have written. */
function measured(): Figures {
  // It fails where a size is over its limit, which another check reports.
  spawnSync(process.execPath, ['scripts/size.js'])
  return figures()
}

test('the docs have the figures that the build and the benchmarks have written: else run "npm run readme"', () => {
  const now = measured()
  for (const page of pages()) expect(fill(read(page), now), page).toBe(read(page))
})

test('a figure that was changed by hand is noticed', () => {
  const changed = benchmarks().replace(/\d\.\d kB/, '0.1 kB')
  expect(changed).not.toBe(benchmarks())
  expect(fill(changed, figures())).toBe(benchmarks())
})

test('every section of figures has its place in a page', () => {
  expect(missing(pages().map(read))).toEqual([])
  expect(missing(['# Holdfast\n'])).toContain('sizes')
})

test('what is said of the rounds, and of our own size, is what the files say', () => {
  const { sizes, results, runtimes } = figures()
  const rounds = { cost: 12_345, connect: 23_456, 'round-trip': 34_567 }
  const others = sizes.map((size) => ({ ...size, brotli: 9_900 }))
  const filled = fill(benchmarks(), { sizes: others, results: { ...results, rounds }, runtimes })
  for (const count of Object.values(rounds)) expect(filled).toContain(`${count} `)
  expect(filled).toMatch(/\*\*holdfast\*\* \|.* 9\.9 kB \|/)
})

test('the size of a session in README.md is that of the socket and of what the session adds', () => {
  const { sizes, results, runtimes } = figures()
  const others = sizes.map((size) => ({ ...size, brotli: size.name === '{ Socket }' ? 5_000 : 2_300 }))
  expect(fill(read('README.md'), { sizes: others, results, runtimes })).toContain(
    '| **holdfast, session** | 7.3 kB |',
  )
})

test.each([
  [0.05, true],
  [1, false],
  [0, false],
])('with %d timers per idle socket, the docs say that sockets share one: %s', (timers, said) => {
  const { sizes, results, runtimes } = figures()
  const idle = structuredClone(results.idle) as { chromium: { holdfast: { timers: number } } }
  idle.chromium.holdfast.timers = timers
  const filled = fill(benchmarks(), { sizes, results: { ...results, idle }, runtimes })
  expect(filled.includes('share one timer')).toBe(said)
})
