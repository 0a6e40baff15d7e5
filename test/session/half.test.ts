import { expect, test } from 'vitest'
import { ClientSession } from '../../src/session/client/client-session.ts'
import type { Line } from '../../src/session/client/line.ts'
import { type Refusal, refusalFrame, welcomeFrame } from '../../src/session/protocol/frames.ts'

/** A half whose window takes two messages, on a line that it was let in on, and all that it says there. */
function welcomed() {
  const said: unknown[] = []
  const half = new ClientSession(
    {},
    (data) => said.push(data),
    () => 'open',
  )
  const line: Line = {
    onopen: () => half.opened(),
    onmessage: null,
    onclose: ({ code }: { code?: number } = {}) => said.push(code),
    send: (data) => said.push(data),
    close: () => half.farewell(),
  } as Line
  const hear = (data: string) => half.received(line, { data } as MessageEvent)
  hear(welcomeFrame({ got: 0, ttl: 1, ping: 1, win: [2, 100] }))
  return { half, hear, said }
}

const unclear = { delivered: [], lost: ['three'], unknown: ['two'] }

test.each<[Omit<Refusal, 'why'>, object]>([
  [{}, unclear],
  [{ got: 0 }, unclear],
  [{ got: 1 }, { delivered: [], lost: ['two', 'three'], unknown: [] }],
  [{ got: 2 }, { delivered: ['two'], lost: ['three'], unknown: [] }],
  [{ got: 3 }, unclear],
])('one acknowledged, two written, three waiting: gone with %j gives %j', (refused, outcomes) => {
  const { half, hear } = welcomed()
  const settled: Record<string, string> = {}
  for (const text of ['one', 'two', 'three'])
    half.push(text, (outcome) => {
      settled[text] = outcome.result
    })
  // The window has room for another one then.
  half.outbox.next = () => undefined
  hear('!a1')
  const heard: unknown[] = []
  half.on('fresh', (fresh) => heard.push(fresh))
  hear(refusalFrame({ why: 'gone', ...refused }))
  expect(heard).toEqual([{ why: 'gone', ...outcomes }])
  const told = Object.entries(outcomes).flatMap(([outcome, texts]) =>
    texts.map((text: string) => [text, outcome]),
  )
  expect(settled).toEqual({ one: 'delivered', ...Object.fromEntries(told) })
  expect([half.outbox.held, half.outbox.bytes, half.outbox.waiting]).toEqual([[], 0, 0])
})

test('a frame that may not come ends the line with 4400', () => {
  for (const frame of ['!', '!a1', '!p1', '!w{"got":0,"ttl":1,"ping":1,"win":[1,1]}', '!h{}', '!x{}']) {
    const { half, hear, said } = welcomed()
    hear(frame)
    expect(said).toEqual([4400])
    expect(half.connection).toBeUndefined()
  }
})
