import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const measure = async (what: 'messages' | 'reconnects' | 'real' | 'dropIn') => {
  const script = join(import.meta.dirname, 'leaks.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--import',
    'tsx',
    script,
    what,
  ])
  return JSON.parse(stdout)
}

/** Bytes that come and go with the engine. A socket leaked per reconnect, or 2 bytes per message, would be more. */
const NOISE = 600_000

test.for([
  ['1,000,000 messages leave', 'messages', { messages: 1_020_000 }],
  ['2,000 reconnects leave', 'reconnects', { opens: 2_101 }],
  ['200 reconnects on real sockets leave', 'real', { opens: 211 }],
  ['1,000 reconnects of a drop-in socket leave', 'dropIn', { opens: 1_051 }],
] as const)('%s no growth of heap, timers or listeners', async ([, what, heard]) => {
  const { middle, end, after, ...run } = await measure(what)
  expect(run.heard).toMatchObject(heard)
  expect(end.heap - middle.heap).toBeLessThan(NOISE)
  expect([middle.timers, middle.listeners]).toEqual([1, 1])
  expect([end.timers, end.listeners]).toEqual([1, 1])
  expect([after.timers, after.listeners]).toEqual([0, 0])
  // Of 30 that were closed. The engine may hold on to the last one that ran.
  expect(run.left?.sockets ?? 0).toBeLessThan(5)
})
