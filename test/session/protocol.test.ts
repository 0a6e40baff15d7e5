import { expect, test } from 'vitest'
import {
  escaped,
  fromClient,
  fromServer,
  hello,
  decode as read,
  refusal,
  welcome,
} from '../../src/session/protocol.ts'

const decode = (data: unknown) => read(data, { ...fromClient, ...fromServer })
const id = 'kq3v0Jb5mQ2hXc1uT8wYrA'
const win = [1000, 1048576] as const

test.each([
  ['hello', { is: 'data' }],
  ['', { is: 'data' }],
  [' !a1', { is: 'data' }],
  [new ArrayBuffer(0), { is: 'data' }],
  [new Uint8Array([33, 97]), { is: 'data' }],
  [new Blob(['!a1']), { is: 'data' }],
  ['!!', { is: 'data', text: '!' }],
  ['!!!', { is: 'data', text: '!!' }],
  ['!!a1', { is: 'data', text: '!a1' }],
  ['!a0', { is: 'a', count: 0 }],
  ['!p42', { is: 'p', count: 42 }],
  ['!q9007199254740991', { is: 'q', count: Number.MAX_SAFE_INTEGER }],
  ['!tabc', { is: 't', token: 'abc' }],
  ['!t', { is: 't', token: '' }],
  ['!f', { is: 'f' }],
  [hello({ v: 1, id, n: 1 }), { is: 'h', body: { v: 1, id, n: 1 } }],
  [hello({ v: 1, id, n: 3, got: 0, auth: 'x' }), { is: 'h', body: { v: 1, id, n: 3, got: 0, auth: 'x' } }],
  [welcome({ got: 1, ttl: 120, ping: 25, win }), { is: 'w', body: { got: 1, ttl: 120, ping: 25, win } }],
  [refusal({ why: 'gone' }), { is: 'x', body: { why: 'gone' } }],
  [refusal({ why: 'restart', after: 5 }), { is: 'x', body: { why: 'restart', after: 5 } }],
])('%j is read as what it says', (data, frame) => {
  expect(decode(data)).toEqual(frame)
})

test.each([
  '!',
  '! ',
  '!a',
  '!a-1',
  '!a+1',
  '!a01',
  '!a1.5',
  '!a1e3',
  '!a1 ',
  '!a1\n',
  '!a9007199254740992',
  '!aNaN',
  '!p',
  '!qx',
  '!ff',
  '!z',
  '!h',
  '!hnull',
  '!h[]',
  '!h1',
  '!h{',
  '!h{}',
  `!h{"v":2,"id":"${id}","n":1}`,
  '!h{"v":1,"id":"short","n":1}',
  `!h{"v":1,"id":"${'x'.repeat(129)}","n":1}`,
  `!h{"v":1,"id":"${id}/","n":1}`,
  `!h{"v":1,"id":["${id}"],"n":1}`,
  `!h{"v":1,"id":"${id}","n":0}`,
  `!h{"v":1,"id":"${id}","n":"1"}`,
  `!h{"v":1,"id":"${id}","n":1,"got":-1}`,
  `!h{"v":1,"id":"${id}","n":1,"got":null}`,
  `!h{"v":1,"id":"${id}","n":1,"auth":{}}`,
  '!w{"got":0,"ttl":1,"ping":1,"win":[0,1]}',
  '!w{"got":0,"ttl":1,"ping":1}',
  '!x{}',
  '!x{"why":"because"}',
  '!x{"why":["gone"],"got":1.5}',
  `!__proto__{}`,
  '!constructor',
])('%j is malformed', (data) => {
  expect(decode(data)).toEqual({ is: '!' })
})

test.each(['', 'a', '!', '!!', '!a1', '!f', '!h{}', 'a!', '😀'])('%j comes back as it went', (text) => {
  const frame = decode(escaped(text))
  expect(frame.is).toBe('data')
  expect(frame.is === 'data' && (frame.text ?? escaped(text))).toBe(text)
})

test('random text never throws, and is data only where it should be', () => {
  const letters = '!!!apqtfhwx0123{}[]":,.-e\n\u0000😀'
  for (let run = 0; run < 20_000; run++) {
    let text = ''
    for (let left = Math.random() * 8; left > 0; left--)
      text += letters[Math.floor(Math.random() * letters.length)]
    const { is } = decode(text)
    expect(is === 'data').toBe(!text.startsWith('!') || text.startsWith('!!'))
  }
})

test('binary is the same object, not a copy', () => {
  const bytes = new Uint8Array([33, 33])
  expect(escaped(bytes)).toBe(bytes)
})
