import { describe, expect, test } from 'vitest'
import { backoff, patience } from '../../src/core/policy/backoff.ts'
import { isAllowedCloseCode, isFinal } from '../../src/core/policy/close-codes.ts'
import { SendQueue } from '../../src/core/policy/send-queue.ts'

describe('backoff', () => {
  const limits = { base: 2_000, factor: 3, max: 10_000, attempts: Infinity }
  test.for([
    [0, 0, 0],
    [0, 0.5, 1_000],
    [0, 1, 2_000],
    [1, 1, 6_000],
    [2, 1, 10_000],
    [3, 0.25, 2_500],
    [10_000, 1, 10_000],
  ] as const)('after %i failures, at %f of the dice: %i ms', ([attempt, dice, ms]) => {
    expect(backoff(limits, attempt, dice)).toBe(ms)
  })

  test.for([
    [0, 0, null],
    [3, 2, 0],
    [3, 3, null],
    [3, 4, null],
  ] as const)('of %i attempts, after %i failures: %s', ([attempts, attempt, answer]) => {
    expect(backoff({ ...limits, attempts }, attempt, 0)).toBe(answer)
  })
})

test.for([
  [10_000, 0, 10_000],
  [10_000, 1, 15_000],
  [10_000, 2, 22_500],
  [10_000, 50, 60_000],
  [90_000, 5, 90_000],
  [Infinity, 3, Infinity],
] as const)('patience of %i ms, after %i failures: %i', ([timeout, attempt, ms]) => {
  expect(patience(timeout, attempt)).toBe(ms)
})

test('the final codes are 1003, 1007, 1008, 1010 and 4400 to 4499', () => {
  const final = Array.from({ length: 5_000 }, (_, code) => code).filter((code) => isFinal(code))
  expect(final).toEqual([1003, 1007, 1008, 1010, ...Array.from({ length: 100 }, (_, i) => 4400 + i)])
})

test('script may close with 1000 and 3000 to 4999', () => {
  const allowed = Array.from({ length: 66_000 }, (_, code) => code).filter((code) => isAllowedCloseCode(code))
  expect(allowed).toEqual([1000, ...Array.from({ length: 2_000 }, (_, i) => 3000 + i)])
  for (const code of [-1, NaN, Infinity]) expect([code, isAllowedCloseCode(code)]).toEqual([code, false])
})

describe('the queue', () => {
  const limits = { messages: 3, bytes: 10, overflow: 'newest', ttl: 100 } as const
  const filled = (overflow: 'newest' | 'oldest') => {
    const queue = new SendQueue<string>({ ...limits, overflow })
    for (const item of ['aa', 'bbb', 'cccc']) queue.push(item, item.length, 0)
    return queue
  }

  test.for([
    ['newest', 'd', null, ['aa', 'bbb', 'cccc']],
    ['oldest', 'd', ['aa'], ['bbb', 'cccc', 'd']],
    ['oldest', 'dddddd', ['aa', 'bbb'], ['cccc', 'dddddd']],
    ['oldest', 'dddddddddd', ['aa', 'bbb', 'cccc'], ['dddddddddd']],
    ['oldest', 'ddddddddddd', null, ['aa', 'bbb', 'cccc']],
  ] as const)('full, dropping the %s, given %s: gives up %j, keeps %j', ([overflow, item, gone, kept]) => {
    const queue = filled(overflow)
    expect(queue.push(item, item.length, 0)).toEqual(gone)
    expect(queue.bytes).toBe(kept.join('').length)
    expect(queue.take()).toEqual(kept)
    expect(queue.bytes).toBe(0)
  })

  test('of no messages takes none', () => {
    const queue = new SendQueue<string>({ ...limits, messages: 0, overflow: 'oldest' })
    expect(queue.push('', 0, 0)).toBe(null)
  })

  test.for([
    [100, []],
    [101, ['a']],
    [151, ['a', 'b']],
    [1_000, ['a', 'b']],
  ] as const)('at %i ms, gives up %j', ([now, gone]) => {
    const queue = new SendQueue<string>(limits)
    queue.push('a', 1, 0)
    queue.push('b', 1, 50)
    expect(queue.expired(now)).toEqual(gone)
  })
})
