import { readFileSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { isReactive, reactive, ref, shallowRef } from 'vue'
import { messages, request, Socket, upload } from '../../src/index.ts'
import { Session } from '../../src/session/client/index.ts'
import { constructorOf, HOP, test, tick } from './stage.ts'

/** Ways in which a framework, or an application, gets a proxy of a socket. */
const wraps: [string, <Value extends object>(value: Value) => Value][] = [
  ['a Proxy that does nothing', (value) => new Proxy(value, {})],
  ["Vue's ref()", (value) => ref(value).value as typeof value],
  ["Vue's reactive({ socket })", (value) => reactive({ value }).value as typeof value],
  ["Vue's shallowRef()", (value) => shallowRef(value).value],
]

describe('a socket inside', () => {
  test.for(wraps)('%s works in every member', async ([, wrap], { server, dial }) => {
    server.onMessage = (peer, data) => peer.send(String(data))
    const { socket } = dial<{ id: number }, object>({ autoOpen: false })
    const wrapped = wrap(socket)
    const seen: unknown[] = []
    const off = wrapped.on('text', (text) => seen.push(text))
    const any = (name: string) => seen.push(name)
    wrapped.on('*', any)
    wrapped.off('*', any)
    expect([wrapped.status, wrapped.url, wrapped.attempt, wrapped.protocol]).toEqual(['idle', '', 0, ''])
    wrapped.open()
    await Promise.all([wrapped.opened(), tick(HOP)])
    expect(wrapped.send('text')).toBe('sent')
    await tick(2 * HOP)
    off()
    wrapped.binaryType = 'arraybuffer'
    expect([wrapped.binaryType, wrapped.bufferedAmount, wrapped.closed]).toEqual([
      'arraybuffer',
      0,
      undefined,
    ])
    const replies = messages(wrapped)
    const [reply] = await Promise.all([request(wrapped, { ask: 1 }), tick(2 * HOP)])
    expect(reply).toMatchObject({ ask: 1 })
    expect((await replies.next()).value).toEqual(reply)
    await Promise.all([upload(wrapped, 'file'), wrapped.drained(), tick(100)])
    wrapped.check()
    wrapped.reconnect()
    await tick(2 * HOP)
    wrapped.suspend()
    expect(wrapped.status).toBe('suspended')
    wrapped.close(4000, 'bye')
    expect([wrapped.status, socket.status, wrapped.closed?.code, seen]).toEqual([
      'closed',
      'closed',
      4000,
      ['text'],
    ])
  })

  test.for(wraps)('%s is a Socket', ([, wrap], { dial }) => {
    expect(wrap(dial({ autoOpen: false }).socket)).toBeInstanceOf(Socket)
  })

  test('Vue is not made reactive itself: nothing is observed for each message', ({ dial }) => {
    expect(isReactive(reactive({ socket: dial({ autoOpen: false }).socket }).socket)).toBe(false)
  })
})

describe('a session inside', () => {
  test.for(wraps)('%s works', async ([, wrap], { server }) => {
    const session = wrap(new Session(server.url, { WebSocket: constructorOf(server), autoOpen: false }))
    const names: string[] = []
    session.on('ended', () => names.push('ended'))
    session.on('closed', () => names.push('closed'))
    server.onMessage = (peer, data) => {
      if (String(data).startsWith('!h'))
        peer.send(`!w${JSON.stringify({ v: 1, got: 0, win: [100, 10_000] })}`)
    }
    session.open()
    await tick(3 * HOP)
    expect([session.status, session.send('a'), session.bufferedAmount > 0]).toEqual(['open', 'sent', true])
    await tick(2 * HOP)
    session.close()
    await tick(HOP)
    expect(names.sort()).toEqual(['closed', 'ended'])
  })
})

test('a method that is detached from its socket says so, and a function around it works', async ({
  server,
  open,
}) => {
  const { socket } = await open()
  const { send } = socket
  // The words that docs/troubleshooting.md has as a heading.
  const [, words] = /^## "(Cannot read [^"]+)"/m.exec(readFileSync('docs/troubleshooting.md', 'utf8')) ?? []
  expect(() => send('a')).toThrow(new TypeError(words))
  const sendText = (text: string) => socket.send(text)
  sendText('b')
  await tick(HOP)
  expect(server.received).toEqual(['b'])
})
