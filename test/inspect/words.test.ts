import { describe, expect, test } from 'vitest'
import { describeClose, type Transition, timeline } from '../../src/inspect/index.ts'
import { bytes, duration, plural, wholeSeconds } from '../../src/inspect/words.ts'
import { closed } from './fake-socket.ts'

/** Transitions at the given seconds. */
function transitions(...entries: [at: number, status: Transition['status'], more?: object][]): Transition[] {
  return entries.map(([at, status, more], index) => ({
    type: 'transition' as const,
    id: index + 1,
    at: at * 1000,
    status,
    ...more,
  }))
}

describe('the timeline', () => {
  test('a connection, an outage with its attempts, and a connection', () => {
    const restart = closed({ code: 1012 })
    const refused = closed()
    const periods = timeline(
      transitions(
        [0, 'connecting', { url: 'ws://a/' }],
        [1, 'open', { protocol: 'chat' }],
        [61, 'waiting', { close: restart, delay: 800 }],
        [62, 'connecting'],
        [63, 'waiting', { close: refused, delay: 2000 }],
        [65, 'connecting'],
        [66, 'open', { session: 'resumed' }],
      ),
    )
    expect(periods).toMatchObject([
      { kind: 'outage', start: 0, end: 1000, lasted: 0, steps: [{ kind: 'connecting', url: 'ws://a/' }] },
      { kind: 'connected', start: 1000, end: 61_000, protocol: 'chat', steps: [] },
      {
        kind: 'outage',
        start: 61_000,
        end: 66_000,
        close: restart,
        lasted: 60_000,
        steps: [
          { kind: 'waiting', start: 61_000, end: 62_000, delay: 800 },
          { kind: 'connecting', start: 62_000, end: 63_000, close: refused },
          { kind: 'waiting', start: 63_000, end: 65_000 },
          { kind: 'connecting', start: 65_000, end: 66_000 },
        ],
      },
      { kind: 'connected', start: 66_000, session: 'resumed' },
    ])
    expect(periods[0]).not.toHaveProperty('close')
    expect(periods[2]?.steps[3]).not.toHaveProperty('close')
    expect(periods.at(-1)).not.toHaveProperty('end')
  })

  test('closed, suspended and opened again are periods of their own', () => {
    const kinds = timeline(
      transitions(
        [0, 'idle'],
        [1, 'connecting'],
        [2, 'open'],
        [3, 'suspended'],
        [4, 'connecting'],
        [5, 'closed', { close: closed() }],
      ),
    ).map(({ kind, lasted }) => [kind, lasted])
    expect(kinds).toEqual([
      ['idle', 0],
      ['outage', 0],
      ['connected', 0],
      ['suspended', 1000],
      ['outage', 0],
      ['closed', 0],
    ])
  })

  test('nothing gives nothing', () => {
    expect(timeline([])).toEqual([])
  })
})

describe('how a connection ended, in words', () => {
  test('1006 means one thing before the connection was open, and another after it', () => {
    const before = describeClose(closed(), { opened: false })
    const after = describeClose(closed(), { opened: true })
    expect(before.summary).toMatch(/could not be opened/)
    expect(before.hint).toMatch(/401, 403, 404, 502/)
    expect(after.summary).toMatch(/broke/)
  })

  test.each([60_000, 60_900, 100_100, 600_500])(
    'a connection that broke after %i ms names the idle limit',
    (lasted) => {
      expect(describeClose(closed(), { opened: true, lasted }).hint).toMatch(/idle limit.*heartbeat/)
    },
  )

  test('one that broke at another time does not', () => {
    expect(describeClose(closed(), { opened: true, lasted: 30_000 }).hint).not.toMatch(/idle limit/)
  })

  const causes = ['peer', 'silent', 'wake', 'timeout', 'url', 'refused', 'blocked', 'user', 'signal'] as const
  test('each cause has words of its own, and each is made of whole sentences', () => {
    const all = causes.map((cause) => describeClose(closed({ cause }) as Parameters<typeof describeClose>[0]))
    expect(new Set(all.map(({ summary }) => summary)).size).toBe(causes.length)
    for (const { summary, hint } of all) {
      expect(summary).toMatch(/^[A-Z].*\.$/)
      expect(hint).toMatch(/\.$/)
    }
  })

  test('a blocked connection names connect-src', () => {
    expect(describeClose({ ...closed(), cause: 'blocked' as 'peer' }).hint).toContain('connect-src')
  })

  test('every code that a server can close with has words', () => {
    const codes = [1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015]
    const applications = [
      2999, 3000, 3003, 3008, 3999, 4000, 4400, 4401, 4403, 4404, 4408, 4409, 4410, 4425, 4429, 4450, 4999,
    ]
    for (const code of [...codes, ...applications]) {
      const { summary, hint } = describeClose(closed({ code }))
      expect(summary, `${code}`).toMatch(/^[A-Z].*\.$/)
      expect(hint, `${code}`).toMatch(/^[A-Z].*\.$/)
    }
    expect(describeClose(closed({ code: 1012 })).summary).toMatch(/restarting/)
    expect(describeClose(closed({ code: 4450 })).summary).toContain('4450')
  })

  test('offline is the reason of whatever ended then, unless the page ended it', () => {
    const summaryOf = (close: object) =>
      describeClose(closed({ ...close, offline: true }), { opened: true }).summary
    expect(summaryOf({})).toBe('The device was offline.')
    expect(summaryOf({ cause: 'silent' })).toBe('The device was offline.')
    expect(summaryOf({ cause: 'user' })).toMatch(/page closed/)
  })
})

test.each([
  [-5, '0 ms'],
  [0, '0 ms'],
  [412.4, '412 ms'],
  [999.6, '1.0 s'],
  [1234, '1.2 s'],
  [9949, '9.9 s'],
  [9950, '10 s'],
  [59_499, '59 s'],
  [59_600, '1 min'],
  [185_000, '3 min 5 s'],
  [3_600_000, '1 h'],
  [7_800_000, '2 h 10 min'],
  [273_600_000, '3 d 4 h'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

test.each([
  [0, '0 s'],
  [999, '0 s'],
  [1999, '1 s'],
  [9999, '9 s'],
  [10_400, '10 s'],
  [-100, '0 s'],
])('%i ms is %s in whole seconds', (ms, text) => {
  expect(wholeSeconds(ms)).toBe(text)
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9949, '9.9 kB'],
  [9950, '10 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
])('%i bytes are %s', (count, text) => {
  expect(bytes(count)).toBe(text)
})

test('one is not many', () => {
  expect([plural(0, 'ping'), plural(1, 'ping'), plural(2, 'ping')]).toEqual(['0 pings', '1 ping', '2 pings'])
})
