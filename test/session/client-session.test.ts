import { expect, test } from 'vitest'
import { Emitter } from '../../src/core/emitter.ts'
import type { Events } from '../../src/core/events.ts'
import type { FrameHandler, Link } from '../../src/core/protocol.ts'
import { ClientSession } from '../../src/session/client/client-session.ts'
import { type Refusal, refusalFrame, welcomeFrame } from '../../src/session/protocol/frames.ts'

const names = ['open', 'closed', 'drop', 'resumed', 'fresh', 'ended', 'topic']

/** The client's half, on a connection of its own on which nothing was said yet. */
function dialled(half = new ClientSession({ messages: 1_000, bytes: 1_000 }, 'token')) {
  const said: unknown[] = []
  const emitter = new Emitter<Events>(names as (keyof Events)[])
  let open = false
  half.attach({ emitter, isOpen: () => open, isClosed: () => false })
  let handler: FrameHandler | undefined
  const link: Link = {
    protocol: 'holdfast.1',
    signal: new AbortController().signal,
    send: (data) => said.push(data),
    open: (next) => {
      open = true
      handler = next
      emitter.emit('open', { protocol: 'holdfast.1', reconnected: false })
    },
    end: ({ code }) => said.push(code),
  }
  handler = half.start(link)
  said.length = 0
  const received: unknown[] = []
  const receive = (data: unknown) => {
    const result = handler?.receive({ data } as MessageEvent)
    if (typeof result === 'object') received.push(result.data)
  }
  const events: unknown[] = []
  const record = (name: string) => emitter.on(name as 'text', (value: unknown) => events.push([name, value]))
  return { half, receive, said, received, events, record }
}

/** The same, welcomed: its window takes two messages. */
function welcomed() {
  const all = dialled()
  all.receive(welcomeFrame({ got: 0, ttl: 1, ping: 1, win: [2, 100] }))
  return all
}

const unclear = { delivered: [], lost: ['three'], unknown: ['two'] }

test.each<[Omit<Refusal, 'why'>, object]>([
  [{}, unclear],
  [{ got: 0 }, unclear],
  [{ got: 1 }, { delivered: [], lost: ['two', 'three'], unknown: [] }],
  [{ got: 2 }, { delivered: ['two'], lost: ['three'], unknown: [] }],
  [{ got: 3 }, unclear],
])('one acknowledged, two written, three waiting: gone with %j gives %j', (refused, outcomes) => {
  const { half, receive, events, record } = welcomed()
  const settled: Record<string, string> = {}
  for (const text of ['one', 'two', 'three'])
    half.push(text, (outcome) => {
      settled[text] = outcome.result
    })
  // The window has room for another one then.
  half.outbox.next = () => undefined
  receive('!a1')
  record('fresh')
  receive(refusalFrame({ why: 'gone', ...refused }))
  expect(events).toEqual([['fresh', { why: 'gone', ...outcomes }]])
  const told = Object.entries(outcomes).flatMap(([outcome, texts]) =>
    texts.map((text: string) => [text, outcome]),
  )
  expect(settled).toEqual({ one: 'delivered', ...Object.fromEntries(told) })
  expect([half.outbox.held, half.outbox.bytes, half.outbox.waiting]).toEqual([[], 0, 0])
})

test.each(['!', '!a1', '!p1', '!w{"got":0,"ttl":1,"ping":1,"win":[1,1]}', '!h{}', '!x{}', '!m1:1:x', '!u1'])(
  '%j, which may not arrive, ends the connection with 4400',
  (frame) => {
    const { receive, said } = welcomed()
    receive(frame)
    expect(said).toEqual([4400])
  },
)

test.each(['!Z', '!Anything{"at":"all"}'])('%j, of a later version, is ignored', (frame) => {
  const { receive, said, received } = welcomed()
  receive(frame)
  receive('data')
  expect([said, received]).toEqual([['!a1'], ['data']])
})

test.each<[Record<string, unknown>, number, number | null | undefined]>([
  [{ why: 'because' }, 1013, undefined],
  [{ why: 'busy', after: 10 }, 1013, 5],
  [{ why: 'moved' }, 1012, undefined],
  [{ why: 'restart', after: 1e15 }, 1012, 30_000],
  [{ why: 'stale' }, 4409, null],
  [{ why: 'taken' }, 4409, null],
  [{ why: 'constructor' }, 1013, undefined],
])('refused with %j it closes with %i and dials after %j ms', (refused, code, delay) => {
  const { half, receive, said } = dialled()
  const { random } = Math
  Math.random = () => 0.5
  try {
    receive(`!x${JSON.stringify(refused)}`)
  } finally {
    Math.random = random
  }
  expect(said).toEqual([code])
  const close = { code, reason: '', wasClean: false, cause: 'peer' } as const
  expect(half.retryDelay(close)).toBe(delay)
})

test('the second 1009 in a row gives up the largest message that was written, and what is behind it goes on', () => {
  const { half, events, record } = welcomed()
  const outcomes: unknown[] = []
  record('drop')
  for (const text of ['one', 'a large one', 'three'])
    half.push(text, (outcome) => outcomes.push([text, outcome]))
  const tooBig = { code: 1009, reason: '', wasClean: true, cause: 'peer' } as const
  half.retryDelay(tooBig)
  const second = dialled(half)
  second.receive(welcomeFrame({ got: 1, ttl: 1, ping: 1, win: [2, 100] }))
  expect(outcomes).toEqual([['one', { result: 'delivered' }]])
  half.retryDelay(tooBig)
  const third = dialled(half)
  third.record('drop')
  third.receive(welcomeFrame({ got: 1, ttl: 1, ping: 1, win: [2, 100] }))
  expect(third.said).toEqual(['three'])
  const reason = expect.stringContaining('11 bytes')
  expect(outcomes[1]).toEqual(['a large one', { result: 'lost', reason }])
  expect([...events, ...third.events]).toEqual([['drop', { data: 'a large one', why: 'overflow', reason }]])
})

test('a message of the server that our own implementation found too large is not held against what was sent', () => {
  const { half } = welcomed()
  half.push('one')
  const error = new RangeError('Max payload size exceeded')
  const tooBig = { code: 1009, reason: '', wasClean: false, cause: 'peer', error } as const
  half.retryDelay(tooBig)
  half.retryDelay(tooBig)
  const second = dialled(half)
  second.receive(welcomeFrame({ got: 0, ttl: 1, ping: 1, win: [2, 100] }))
  expect(second.said).toEqual(['one'])
})

test('of two messages that are equally long, the one that is escaped is the larger one on the wire', () => {
  const { half } = welcomed()
  half.push('1234')
  half.push('!234')
  const tooBig = { code: 1009, reason: '', wasClean: true, cause: 'peer' } as const
  half.retryDelay(tooBig)
  half.retryDelay(tooBig)
  const second = dialled(half)
  second.receive(welcomeFrame({ got: 0, ttl: 1, ping: 1, win: [2, 100] }))
  expect(second.said).toEqual(['1234'])
})

test('messages of a topic: once, in order, with their place; a gap is told', async () => {
  const { half, receive, said, received, events, record } = welcomed()
  record('topic')
  const start = { topic: 'room', as: 7, epoch: 'e', at: 2, last: 4 }
  receive(`!s${JSON.stringify(start)}`)
  receive('!m7:3:three')
  receive('!m7:3:three')
  receive('!m7:4')
  receive(new Uint8Array([4]))
  await Promise.resolve()
  expect(received).toEqual(['three', new Uint8Array([4])])
  expect(half.topics.cursor('room')).toBe('e:4')
  // Announced from an earlier place, what is known is not handed over again.
  receive(`!s${JSON.stringify({ ...start, as: 8, at: 2, last: 4 })}`)
  receive('!m8:4')
  receive(new Uint8Array([4]))
  receive('!m8:5:five')
  receive(`!s${JSON.stringify({ ...start, as: 9, at: 8, last: 8 })}`)
  receive(`!s${JSON.stringify({ ...start, as: 10, epoch: 'f', at: 1, last: 1 })}`)
  receive('!u10')
  await Promise.resolve()
  expect(received.slice(2)).toEqual(['five'])
  expect(events.map((event) => (event as [string, unknown])[1])).toEqual([
    { type: 'subscribed', topic: 'room', cursor: 'e:2' },
    { type: 'caught-up', topic: 'room', cursor: 'e:4' },
    { type: 'caught-up', topic: 'room', cursor: 'e:4' },
    { type: 'gap', topic: 'room', cursor: 'e:8', since: 'e:5', missed: 3 },
    { type: 'caught-up', topic: 'room', cursor: 'e:8' },
    { type: 'gap', topic: 'room', cursor: 'f:1', since: 'e:8' },
    { type: 'caught-up', topic: 'room', cursor: 'f:1' },
    { type: 'unsubscribed', topic: 'room' },
  ])
  expect(said).toEqual([])
  // A number that was skipped cannot be made good.
  receive(`!s${JSON.stringify({ ...start, as: 11 })}`)
  receive('!m11:4:four')
  expect(said).toEqual([4400])
})

test('`delivered` of one turn shares one ping', async () => {
  const { half, said } = welcomed()
  half.push('one')
  half.ask()
  half.push('two')
  half.ask()
  await Promise.resolve()
  expect(said).toEqual(['one', 'two', '!p2'])
})
