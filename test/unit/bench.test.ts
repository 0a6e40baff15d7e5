import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { missing } from '../../bench/install.ts'
import { roundsOf } from '../../bench/parts.ts'
import { within } from '../../bench/patience.ts'
import { order, ratio } from '../../bench/statistics.ts'

test('nobody always follows the same one, and everybody comes first as often', () => {
  const names = ['a', 'b', 'c', 'd']
  const turns = Array.from({ length: 8 }, (_, turn) => order(names, turn))
  for (const place of [0, 1, 2, 3])
    expect(turns.map((turn) => turn[place]).sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd'])
  const before = (name: string) => new Set(turns.map((turn) => turn[turn.indexOf(name) - 1]))
  for (const name of names) expect(before(name).size).toBeGreaterThan(2)
})

test('a round that is disturbed as a whole disturbs no ratio', () => {
  expect(ratio([11, 110, 11], [10, 100, 10])).toEqual({ ratio: 1.1, error: 0 })
})

test('each part tells how many rounds it makes', () => {
  expect(['cost', 'connect', 'round-trip', 'idle'].map((part) => roundsOf(part, 10))).toEqual([
    40,
    10,
    10,
    undefined,
  ])
})

test('who never answers is named, and who does is not waited for', async () => {
  await expect(within(new Promise(() => {}), 'chromium, open sockette', 10)).rejects.toThrow(
    'Nothing within 0.01 s: chromium, open sockette',
  )
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  expect(await within(Promise.resolve(7), 'node, open raw', 10)).toBe(7)
  await expect(within(Promise.reject(new Error('refused')), 'node, open raw')).rejects.toThrow('refused')
  expect(vi.getTimerCount()).toBe(0)
})

test('a peer that is not there, or in another version, is installed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  const write = (path: string, value: object) => {
    mkdirSync(join(folder, path), { recursive: true })
    writeFileSync(join(folder, path, 'package.json'), JSON.stringify(value))
  }
  write('', { dependencies: { there: '1.0.0', '@away/older': '2.0.0', absent: '3.0.0' } })
  write('node_modules/there', { version: '1.0.0' })
  write('node_modules/@away/older', { version: '1.9.9' })
  expect(missing(folder)).toEqual(['@away/older', 'absent'])
  rmSync(folder, { recursive: true })
})
