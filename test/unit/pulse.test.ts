import { expect, test } from 'vitest'
import { Heartbeat, type HeartbeatTiming, type Verdict } from '../../src/core/policy/heartbeat.ts'

const patient: HeartbeatTiming = { interval: 25_000, timeout: 10_000, silence: 0 }
const brief: HeartbeatTiming = { interval: 1_000, timeout: 400, silence: 0 }
const listening: HeartbeatTiming = { interval: 1_000, timeout: 0, silence: 1_000 }

/** At this time, the answer, and in how many ms to look again. `!`: the page asks for a look now. */
type Look = [at: number | `${number}!`, verdict: Verdict, next: number]

test.for<[what: string, rhythm: HeartbeatTiming, looks: Look[]]>([
  [
    'asks after the interval and judges after the timeout',
    patient,
    [
      [0, undefined, 25_000],
      [25_000, 'ping', 10_000],
      [34_999, undefined, 1],
      [35_000, 'silent', 0],
    ],
  ],
  [
    'has an open question answered sooner when the page asks as well',
    patient,
    [
      [0, undefined, 25_000],
      [25_000, 'ping', 10_000],
      ['26000!', undefined, 5_000],
      [31_000, 'silent', 0],
    ],
  ],
  [
    'never gives an open question more time when the page asks as well',
    patient,
    [
      [0, undefined, 25_000],
      [25_000, 'ping', 10_000],
      ['33000!', undefined, 2_000],
      [35_000, 'silent', 0],
    ],
  ],
  [
    'gives 5 s to answer when its own timer was late',
    brief,
    [
      [0, undefined, 1_000],
      [2_501, 'ping', 1_000],
      [3_501, undefined, 1_000],
      [4_501, undefined, 1_000],
      [5_501, undefined, 1_000],
      [6_501, undefined, 1_000],
      [7_501, 'silent', 0],
    ],
  ],
  [
    'gives no more than the timeout when its timer was hardly late',
    brief,
    [
      [0, undefined, 1_000],
      [2_500, 'ping', 400],
      [2_900, 'silent', 0],
    ],
  ],
  [
    'gives a late silence 5 s as well, and asks nothing',
    listening,
    [
      [0, undefined, 1_000],
      [2_501, undefined, 1_000],
      [3_501, undefined, 1_000],
      [4_501, undefined, 1_000],
      [5_501, undefined, 1_000],
      [6_501, undefined, 1_000],
      [7_501, 'silent', 0],
    ],
  ],
  [
    'looks once in an interval, though the answer may take longer',
    { interval: 1_000, timeout: 4_000, silence: 0 },
    [
      [0, undefined, 1_000],
      [1_000, 'ping', 1_000],
      [2_000, undefined, 1_000],
      [4_500, undefined, 500],
      [5_000, 'silent', 0],
    ],
  ],
])('%s', ([, rhythm, looks]) => {
  const pulse = new Heartbeat(rhythm, 0)
  const answers = looks.map(([when]): Look => {
    const now = Number.parseInt(String(when), 10)
    const verdict = pulse.check(now, 0, String(when).endsWith('!'))
    return [when, verdict, verdict === 'silent' ? 0 : pulse.nextCheck(now)]
  })
  expect(answers).toEqual(looks)
})

test('the next check is due after whole ms, because browsers cut the fraction off and would come too early', () => {
  const heartbeat = new Heartbeat(patient, 0.25)
  expect(heartbeat.nextCheck(1)).toBe(25_000)
  expect(heartbeat.check(25_001, 0)).toBe('ping')
})
