import { expect, test } from 'vitest'
import type { Credit } from '../../src/session/protocol/frames.ts'
import { Inbox } from '../../src/session/protocol/inbox.ts'

test.each<[Credit, number, number, boolean]>([
  [[1000, 1_000_000], 127, 1, false],
  [[1000, 1_000_000], 128, 1, true],
  [[10, 1_000_000], 4, 1, false],
  [[10, 1_000_000], 5, 1, true],
  [[1, 1_000_000], 1, 0, true],
  [[1000, 1_000_000], 1, 65_535, false],
  [[1000, 1_000_000], 1, 65_536, true],
  [[1000, 100], 1, 50, true],
  [[1000, 1_000_000], 0, 0, false],
])('credit %j, %d messages of %d bytes: due %j', (credit, messages, bytes, due) => {
  const inbox = new Inbox(credit)
  for (let i = 0; i < messages; i++) inbox.received(bytes)
  expect(inbox.due(inbox.got)).toBe(due)
})

test('once told, it owes nothing', () => {
  const inbox = new Inbox([2, 100])
  inbox.received(90)
  expect(inbox.acknowledge(inbox.got)).toBe(1)
  expect(inbox.due(inbox.got)).toBe(false)
})

test('what is not handled is not owed', () => {
  const inbox = new Inbox([2, 100])
  inbox.received(90)
  expect(inbox.due(0)).toBe(false)
})

test('a line that starts earlier than what is here repeats, and repeats are known', () => {
  const inbox = new Inbox([1000, 1000])
  for (let i = 0; i < 3; i++) inbox.received(1)
  inbox.resume(1)
  expect([inbox.received(1), inbox.received(1), inbox.received(1)]).toEqual([false, false, true])
  expect([inbox.at, inbox.got]).toEqual([4, 4])
})
