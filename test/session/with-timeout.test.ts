import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { withTimeout } from '../../src/session/server/with-timeout.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

// Options such as `ttl` and `grace` may be Infinity, and a timer fires at once for what it does not take.
test.for([Infinity, 3_000_000_000])('a time limit of %f ms is not over at once', async (ms) => {
  let isOver = false
  const answer = withTimeout(new Promise((resolve) => setTimeout(resolve, 60_000, 'done')), ms, 'It')
  answer.catch(() => {
    isOver = true
  })
  await vi.advanceTimersByTimeAsync(59_999)
  expect(isOver).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(await answer).toBe('done')
  expect(vi.getTimerCount()).toBe(0)
})

test('after a time limit the error says who did not answer', async () => {
  const answer = withTimeout(new Promise(() => {}), 1_000, 'Redis')
  const failed = expect(answer).rejects.toThrow('holdfast: Redis did not answer within 1000 ms')
  await vi.advanceTimersByTimeAsync(1_000)
  await failed
})
