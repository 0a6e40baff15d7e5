import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const script = join(import.meta.dirname, '../../scripts/tally.js')

/** One file of a vitest report per list of results. */
const tally = (...files: string[][]) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tally-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const testResults = files.map((results) => ({
    status: results.length === 0 || results.includes('failed') ? 'failed' : 'passed',
    assertionResults: results.map((status) => ({ status })),
  }))
  writeFileSync(join(folder, 'tests.json'), JSON.stringify({ testResults }))
  return run(join(folder, 'tests.json'))
}

const run = (path: string) => {
  const { stdout, status } = spawnSync(process.execPath, [script, path], { encoding: 'utf8' })
  return [stdout.trim().split('\n').at(-1), status]
}

test.for<[what: string, files: string[][], line: string, code: number]>([
  ['what passed', [['passed', 'passed'], ['passed']], '3 passed, 0 failed', 0],
  ['what failed', [['passed', 'failed']], '1 passed, 1 failed', 1],
  ['a file that could not be loaded', [['passed'], []], '1 passed, 1 failed', 1],
  ['what was skipped, as a reason to fail', [['passed', 'skipped']], '1 passed, 0 failed', 1],
])('the tally counts %s', ([, files, line, code]) => {
  expect(tally(...files)).toEqual([line, code])
})

test('without a report nothing has passed', () => {
  expect(run('nowhere.json')).toEqual(['0 passed, 0 failed', 1])
})
