import { expect, test } from 'vitest'
import type { Credit } from '../../src/session/protocol/frames.ts'
import { Outbox } from '../../src/session/protocol/outbox.ts'

const wide: Credit = [1000, 1_000_000]
const filled = (...sizes: number[]) => {
  const outbox = new Outbox<{ bytes: number }>()
  for (const bytes of sizes) outbox.push({ bytes })
  return outbox
}
const write = (outbox: Outbox<{ bytes: number }>, credit: Credit) => {
  const sizes: number[] = []
  for (let item = outbox.next(credit); item; item = outbox.next(credit)) sizes.push(item.bytes)
  return sizes
}

test.each<[string, number[], Credit, number[]]>([
  ['all that fits', [1, 2, 3], wide, [1, 2, 3]],
  ['as many as the window has', [1, 2, 3], [2, 100], [1, 2]],
  ['as many bytes as the window has', [5, 5, 1], [10, 10], [5, 5]],
  ['one that is larger than the window, alone', [50, 1], [10, 10], [50]],
  ['the small ones before a large one', [1, 50, 1], [10, 10], [1]],
  ['empty messages, which count as messages', [0, 0, 0], [2, 10], [0, 0]],
])('it writes %s', (_, sizes, credit, written) => {
  expect(write(filled(...sizes), credit)).toEqual(written)
})

test('an ack makes room, and numbers go on', () => {
  const outbox = filled(1, 2, 3)
  write(outbox, [2, 100])
  expect(outbox.ack(1)).toEqual([{ bytes: 1 }])
  expect(write(outbox, [2, 100])).toEqual([3])
  expect([outbox.acked, outbox.written, outbox.held.length, outbox.bytes, outbox.waiting]).toEqual([
    1, 3, 2, 5, 0,
  ])
})

test.each([
  [0, undefined],
  [1, []],
  [2, [{ bytes: 2 }]],
  [3, undefined],
  [4, undefined],
])('with 1 acknowledged and 2 written, ack(%j) gives %j', (got, gone) => {
  const outbox = filled(1, 2, 3)
  write(outbox, [2, 100])
  outbox.ack(1)
  outbox.written = 2
  expect(outbox.ack(got)).toEqual(gone)
})

test.each([
  [0, [1, 2, 3]],
  [1, [2, 3]],
  [2, [3]],
  [3, undefined],
])('resumed at %j it writes %j', (got, again) => {
  const outbox = filled(1, 2, 3)
  write(outbox, [2, 100])
  const gone = outbox.resume(got)
  expect(gone && write(outbox, wide)).toEqual(again)
})

test('what was never written cannot have been received, on a second line either', () => {
  const outbox = filled(1, 2, 3)
  write(outbox, [2, 100])
  outbox.resume(0)
  expect(outbox.ack(1)).toBeUndefined()
  expect(outbox.resume(2)).toHaveLength(2)
})
