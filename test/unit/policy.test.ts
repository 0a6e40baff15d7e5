import { describe, expect, test } from 'vitest'
import { attemptTimeout, backoff, longestDelay } from '../../src/core/policy/backoff.ts'
import {
  isAllowedCloseCode,
  isFinal,
  isFinalCode,
  isUnauthorized,
} from '../../src/core/policy/close-codes.ts'
import { Heartbeat } from '../../src/core/policy/heartbeat.ts'
import { SendQueue } from '../../src/core/policy/send-queue.ts'
import { allowance } from '../../src/core/policy/send-rate.ts'
import { Unsent } from '../../src/core/policy/unsent.ts'

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
  [0, 2_000],
  [1, 6_000],
  [2, 10_000],
  [50, 10_000],
] as const)('the longest delay after %i failures is %i ms', ([attempt, ms]) => {
  expect(longestDelay({ base: 2_000, factor: 3, max: 10_000 }, attempt)).toBe(ms)
})

test.for([0, 0.5, 1 - Number.EPSILON])(
  'an endless delay is endless for every random number, such as %f',
  (random) => {
    const limits = { base: Infinity, factor: 3, max: Infinity, attempts: Infinity }
    expect(backoff(limits, 0, random)).toBe(Infinity)
  },
)

describe('the largest and smallest numbers that options accept give no NaN', () => {
  const edges = [0, Number.MIN_VALUE, 1, 1e308, Infinity]
  const counts = [0, 1, 2, 1_100]

  test('for delays and attempts', () => {
    for (const base of edges)
      for (const factor of edges)
        for (const max of edges)
          for (const attempt of counts) {
            const limits = { base, factor, max, attempts: Infinity }
            const found = [
              longestDelay(limits, attempt),
              attemptTimeout(base, attempt),
              ...[0, 0.5, 1].map((random) => backoff(limits, attempt, random)),
            ]
            expect(
              found.filter((ms) => ms === null || !(ms >= 0)),
              JSON.stringify({ limits, attempt }),
            ).toEqual([])
          }
  })

  test('for heartbeats', () => {
    const lengths = [1, 25_000, 1e308, Infinity]
    const timings = lengths.flatMap((interval) => [
      { interval, timeout: 0, silence: interval },
      ...lengths.map((timeout) => ({ interval, timeout, silence: 0 })),
    ])
    for (const timing of timings)
      for (const isProbe of [false, true])
        for (const inOneStep of [false, true]) {
          const heartbeat = new Heartbeat(timing, 0, 8)
          for (const now of [0, 1, 10_000, 1e9]) {
            heartbeat.check(now, 0, isProbe)
            const ms = heartbeat.nextCheck(now, inOneStep)
            expect(ms >= 0, JSON.stringify({ timing, now, ms })).toBe(true)
          }
        }
  })

  test('for the queue', () => {
    for (const perSecond of [Number.MIN_VALUE, 1, 1e308, Infinity])
      for (const elapsed of [0, 1, 1e9]) {
        if (perSecond !== Infinity) expect(allowance(perSecond, elapsed)).toBeGreaterThanOrEqual(0)
        for (const limit of edges) {
          const queue = new SendQueue({
            messages: limit,
            bytes: limit,
            overflow: 'oldest',
            ttl: limit,
            perSecond,
          })
          queue.push('a', 1, 0)
          queue.push('b', 1, elapsed)
          expect([queue.bytes, queue.expiresIn(elapsed)].filter((value) => !(value >= 0))).toEqual([])
        }
      }
  })
})

test('no base is no delay, however large the factor', () => {
  expect(longestDelay({ base: 0, factor: Infinity, max: 10_000 }, 3)).toBe(0)
})

test.for([
  [10_000, 0, 10_000],
  [10_000, 1, 15_000],
  [10_000, 2, 22_500],
  [10_000, 50, 60_000],
  [90_000, 5, 90_000],
  [Infinity, 3, Infinity],
] as const)('an attempt of %i ms, after %i in a row that timed out: %i', ([timeout, timeouts, ms]) => {
  expect(attemptTimeout(timeout, timeouts)).toBe(ms)
})

const codes = Array.from({ length: 5_000 }, (_, code) => code)

test('the final codes are 1003, 1007, 1008, 1010 and 4400 to 4499 but 4408, 4425, 4429', () => {
  const expected = [1003, 1007, 1008, 1010, ...Array.from({ length: 100 }, (_, i) => 4400 + i)].filter(
    (code) => ![4408, 4425, 4429].includes(code),
  )
  expect(codes.filter((code) => isFinal({ code, cause: 'peer' }))).toEqual(expected)
  expect(codes.filter(isFinalCode)).toEqual(expected)
})

test.for(['silent', 'wake', 'timeout', 'url', 'refused', 'blocked', 'user', 'signal'])(
  'no code is final where the cause is %s and not the peer',
  (cause) => {
    expect(codes.filter((code) => isFinal({ code, cause }))).toEqual([])
  },
)

test('fresh credentials may help after 1008 and 4401', () => {
  expect(codes.filter(isUnauthorized)).toEqual([1008, 4401])
})

test('script may close with 1000 and 3000 to 4999', () => {
  const allowed = Array.from({ length: 66_000 }, (_, code) => code).filter((code) => isAllowedCloseCode(code))
  expect(allowed).toEqual([1000, ...Array.from({ length: 2_000 }, (_, i) => 3000 + i)])
  for (const code of [-1, 3000.5, NaN, Infinity])
    expect([code, isAllowedCloseCode(code)]).toEqual([code, false])
})

describe('the queue', () => {
  const limits = { messages: 3, bytes: 10, overflow: 'newest', ttl: 100, perSecond: Infinity } as const
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
  ] as const)('full, dropping the %s, given %s: drops %j, keeps %j', ([overflow, item, gone, kept]) => {
    const queue = filled(overflow)
    expect(queue.push(item, item.length, 0)).toEqual(gone)
    expect(queue.bytes).toBe(kept.join('').length)
    const taken: string[] = []
    queue.takeWhile((kept) => taken.push(kept) > 0)
    expect(taken).toEqual(kept)
    expect(queue.bytes).toBe(0)
  })

  test('of no messages takes none', () => {
    const queue = new SendQueue<string>({ ...limits, messages: 0, overflow: 'oldest' })
    expect(queue.push('', 0, 0)).toBe(null)
  })

  test('does not make room where it is told not to', () => {
    const queue = filled('oldest')
    expect(queue.push('d', 1, 0, false)).toBe(null)
    expect(queue.length).toBe(3)
  })

  test('takes from the front only what is accepted, and at most so many', () => {
    const queue = filled('newest')
    queue.takeWhile(() => true, 1)
    expect([queue.length, queue.bytes]).toEqual([2, 7])
    queue.takeWhile((item) => item === 'bbb')
    expect([queue.length, queue.bytes]).toEqual([1, 4])
    expect(queue.clear()).toEqual(['cccc'])
    expect([queue.length, queue.bytes]).toEqual([0, 0])
  })

  test.for([
    [99, []],
    [100, ['a']],
    [149, ['a']],
    [150, ['a', 'b']],
    [1_000, ['a', 'b']],
  ] as const)('at %i ms, drops %j, which are 100 ms old', ([now, gone]) => {
    const queue = new SendQueue<string>(limits)
    queue.push('a', 1, 0)
    queue.push('b', 1, 50)
    expect(queue.expired(now)).toEqual(gone)
  })

  test('says in how many ms its oldest message expires', () => {
    const queue = new SendQueue<string>(limits)
    expect(queue.expiresIn(0)).toBe(Infinity)
    queue.push('a', 1, 0)
    queue.push('b', 1, 50)
    expect([queue.expiresIn(30), queue.expiresIn(100), queue.expiresIn(500)]).toEqual([70, 0, 0])
  })

  test.for([
    [10, 100, 1],
    [10, 99, 0],
    // After a long time no more than one at once: the server counts them.
    [10, 60_000, 1],
    [1_000, 4, 4],
    [1_000, 60_000, 20],
  ] as const)('of %i per second, after %i ms: %i now', ([perSecond, ms, most]) => {
    expect(allowance(perSecond, ms)).toBe(most)
  })
})

describe('what the browser may still hold', () => {
  test('are the last bytes that it was given', () => {
    const unsent = new Unsent<string>()
    for (const message of ['aa', 'bbb', 'cccc']) unsent.add(message, message.length)
    expect(unsent.keepLast(9)).toEqual(['aa', 'bbb', 'cccc'])
    expect(unsent.keepLast(5)).toEqual(['bbb', 'cccc'])
    expect(unsent.keepLast(4)).toEqual(['cccc'])
    expect([unsent.keepLast(0), unsent.isEmpty]).toEqual([[], true])
  })

  test('counts messages that are of no interest', () => {
    const unsent = new Unsent<string>()
    unsent.add('a', 1)
    unsent.add(undefined, 5)
    expect(unsent.keepLast(5)).toEqual([])
    expect(unsent.isEmpty).toBe(false)
  })
})
