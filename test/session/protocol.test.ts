import { expect, test } from 'vitest'
import {
  decode,
  escaped,
  fromClient,
  fromServer,
  type Hello,
  refusalFrame as refusal,
  welcomeFrame as welcome,
} from '../../src/session/protocol/frames.ts'

type Read = (data: unknown) => { type: string; body?: unknown }
/** What each half reads. */
const client: Read = (data) => decode(data, fromServer)
const server: Read = (data) => decode(data, fromClient)
const halves: [string, Read][] = [
  ['the client', client],
  ['the server', server],
]
const hello = (body: Hello) => `!h${JSON.stringify(body)}`
const id = 'kq3v0Jb5mQ2hXc1uT8wYrA'
const win = [1000, 1048576] as const

const both: [unknown, object][] = [
  ['hello', { type: 'data', body: 'hello' }],
  ['', { type: 'data', body: '' }],
  [' !a1', { type: 'data', body: ' !a1' }],
  [new Uint8Array([33, 97]), { type: 'data', body: new Uint8Array([33, 97]) }],
  ['!!', { type: 'data', body: '!' }],
  ['!!!', { type: 'data', body: '!!' }],
  ['!!a1', { type: 'data', body: '!a1' }],
  ['!a0', { type: 'ack', body: 0 }],
  ['!p42', { type: 'ping', body: 42 }],
  ['!q9007199254740991', { type: 'pong', body: Number.MAX_SAFE_INTEGER }],
]
const fromTheClient: [string, object][] = [
  ['!tabc', { type: 'token', body: 'abc' }],
  ['!t', { type: 'token', body: '' }],
  ['!t{"no', { type: 'token', body: '{"no' }],
  [hello({ v: 1, id, n: 1 }), { type: 'hello', body: { v: 1, id, n: 1 } }],
  [
    hello({ v: 1, id, n: 3, got: 0, auth: 'x' }),
    { type: 'hello', body: { v: 1, id, n: 3, got: 0, auth: 'x' } },
  ],
]
const fromTheServer: [string, object][] = [
  [
    welcome({ got: 1, ttl: 120, ping: 25, win }),
    { type: 'welcome', body: { got: 1, ttl: 120, ping: 25, win } },
  ],
  [refusal({ why: 'gone' }), { type: 'refusal', body: { why: 'gone' } }],
  [refusal({ why: 'restart', after: 5 }), { type: 'refusal', body: { why: 'restart', after: 5 } }],
]

test.each([...both, ...fromTheClient])('%j is read by the server as what it says', (data, frame) => {
  expect(server(data)).toEqual(frame)
})

test.each([
  ...both,
  ...fromTheServer,
  [new ArrayBuffer(0), { type: 'data', body: new ArrayBuffer(0) }],
  [new Blob(['!a1']), { type: 'data', body: new Blob(['!a1']) }],
])('%j is read by the client as what it says', (data, frame) => {
  expect(client(data)).toEqual(frame)
})

test.each(halves)('%s knows the end of a session', (_, read) => {
  expect(read('!f').type).toBe('end')
})

test('neither reads what only it may say', () => {
  for (const [data] of fromTheClient) expect(client(data)).toEqual({ type: 'malformed' })
  for (const [data] of fromTheServer) expect(server(data)).toEqual({ type: 'malformed' })
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
  '!x{"why":1}',
  '!x{"why":["gone"],"got":1.5}',
  `!__proto__{}`,
  '!constructor',
])('%j is malformed', (data) => {
  for (const [, read] of halves) expect(read(data)).toEqual({ type: 'malformed' })
})

test.each(['', 'a', '!', '!!', '!a1', '!f', '!h{}', 'a!', '😀'])('%j comes back as it went', (text) => {
  for (const [, read] of halves) expect(read(escaped(text))).toEqual({ type: 'data', body: text })
})

test('random text never throws, and is data only where it should be', () => {
  const letters = '!!!apqtfhwx0123{}[]":,.-e\n\u0000😀'
  for (let run = 0; run < 20_000; run++) {
    let text = ''
    for (let left = Math.random() * 8; left > 0; left--)
      text += letters[Math.floor(Math.random() * letters.length)]
    for (const [, read] of halves)
      expect(read(text).type === 'data').toBe(!text.startsWith('!') || text.startsWith('!!'))
  }
})

test('binary is the same object, not a copy', () => {
  const bytes = new Uint8Array([33, 33])
  expect(escaped(bytes)).toBe(bytes)
  for (const [, read] of halves) expect(read(bytes).body).toBe(bytes)
})
