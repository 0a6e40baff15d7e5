import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Figures, figures, fill } from '../../scripts/readme.js'

const readme = () => readFileSync('README.md', 'utf8')

/** The figures as they are now: sizes of this very build, and what the bench has written. */
function measured(): Figures {
  // It fails where a size is over its limit, which is not this test's affair.
  spawnSync(process.execPath, ['scripts/size.js'])
  return figures()
}

test('README.md has the figures that the build and the bench have written: else run "npm run readme"', () => {
  expect(fill(readme(), measured())).toBe(readme())
})

test('a figure that was changed by hand is noticed', () => {
  const changed = readme().replace(/\d\.\d kB/, '0.1 kB')
  expect(changed).not.toBe(readme())
  expect(fill(changed, figures())).toBe(readme())
})

test('README.md without the marks is an error and no silence', () => {
  expect(() => fill('# Holdfast\n', figures())).toThrow('no marks for "sizes"')
})

test('what is said of the rounds, and of our own size, is what the files say', () => {
  const { sizes, results } = figures()
  const rounds = { cost: 12_345, connect: 23_456, 'round-trip': 34_567 }
  const others = sizes.map((size) => ({ ...size, brotli: 9_900 }))
  const filled = fill(readme(), { sizes: others, results: { ...results, rounds } })
  for (const count of Object.values(rounds)) expect(filled).toContain(`${count} `)
  expect(filled).toMatch(/\*\*holdfast\*\* \|.* 9\.9 kB \|/)
})

test.each([
  [0.05, true],
  [1, false],
  [0, false],
])('with %d timers per idle socket, that they share one is said: %s', (timers, said) => {
  const { sizes, results } = figures()
  const idle = structuredClone(results.idle) as { chromium: { holdfast: { timers: number } } }
  idle.chromium.holdfast.timers = timers
  expect(fill(readme(), { sizes, results: { ...results, idle } }).includes('one for all sockets')).toBe(said)
})
