import { expect, test } from 'vitest'
import { TokenBucket } from '../../demo/server/chat/token-bucket.ts'

test('so many at once, then so many per second, and a pause saves up no more than the first rush', () => {
  const bucket = new TokenBucket({ burst: 3, perSecond: 2 }, 1_000)
  const rush = (now: number) => Array.from({ length: 4 }, () => bucket.take(now))
  expect(rush(1_000)).toEqual([0, 0, 0, 500])
  expect(bucket.take(1_400)).toBe(100)
  expect(bucket.take(1_500)).toBe(0)
  expect(bucket.take(1_500)).toBe(500)
  expect(rush(3_600_000)).toEqual([0, 0, 0, 500])
})
