import { describe, expect, vi } from 'vitest'
import type { Options } from '../../src/index.ts'
import { constructorOf, HOP, test, tick } from './stage.ts'

/** Every part of every option, undefined. */
const nothing: Options = {
  protocols: undefined,
  reconnect: {
    base: undefined,
    factor: undefined,
    max: undefined,
    attempts: undefined,
    stableAfter: undefined,
  },
  final: undefined,
  attemptTimeout: undefined,
  heartbeat: undefined,
  greet: undefined,
  queue: { messages: undefined, bytes: undefined, overflow: undefined, ttl: undefined, perSecond: undefined },
  wake: undefined,
  suspendHidden: undefined,
  binaryType: undefined,
  schema: undefined,
  parse: undefined,
  stringify: undefined,
  signal: undefined,
  autoOpen: undefined,
}

test('an explicit undefined is the default, everywhere', async ({ server, open }) => {
  const { socket, last } = await open(nothing)
  socket.on('json', () => {})
  expect([socket.status, socket.binaryType]).toEqual(['open', 'blob'])
  server.vanish()
  await tick(HOP)
  expect(last('waiting')?.delay).toBe(1_000)
  expect(socket.sendJson({})).toBe('queued')
})

test('a heartbeat with nothing but a ping has the default times', async ({ server, open }) => {
  await open({ heartbeat: { ping: 'ping', pong: undefined, interval: undefined, timeout: undefined } })
  await tick(24_999)
  expect(server.received).toEqual([])
  await tick(1 + HOP)
  expect(server.received).toEqual(['ping'])
})

test('false turns a part off', async ({ server, open }) => {
  const { socket } = await open({
    reconnect: false,
    queue: false,
    heartbeat: false,
    greet: false,
    wake: false,
  })
  expect(vi.getTimerCount()).toBe(0)
  server.vanish()
  await tick(HOP)
  expect(socket.status).toBe('closed')
})

test('options are read once: what is done to the object later changes nothing', async ({ server, open }) => {
  const reconnect = { base: 100, factor: 1 }
  const options: Options = { reconnect, queue: { messages: 1 } }
  const { socket, last } = await open(options)
  reconnect.base = 60_000
  options.queue = false
  server.vanish()
  await tick(HOP)
  expect(last('waiting')?.delay).toBe(50)
  expect(socket.send('a')).toBe('queued')
})

test('options may be shared by many sockets', async ({ open }) => {
  const options: Options = { binaryType: 'blob' }
  const first = await open(options)
  const second = await open(options)
  first.socket.binaryType = 'arraybuffer'
  expect([second.socket.binaryType, options.binaryType]).toEqual(['blob', 'blob'])
})

describe('the constructor to dial with', () => {
  test('is the global one where none is given, looked up at each attempt', async ({ server, dial }) => {
    const made: string[] = []
    const standIn = (name: string) =>
      class {
        constructor() {
          made.push(name)
          throw new Error('unusable')
        }
      }
    vi.stubGlobal('WebSocket', standIn('first'))
    const { last } = dial({ WebSocket: undefined, reconnect: () => 10 }, () => server.url)
    await tick(1)
    vi.stubGlobal('WebSocket', standIn('second'))
    await tick(10)
    expect(made).toEqual(['first', 'second'])
    expect(last('waiting')?.close).toMatchObject({ cause: 'refused', error: new Error('unusable') })
  })

  test('a missing global is reported when it dials, and a later one is used', async ({ server, dial }) => {
    vi.stubGlobal('WebSocket', undefined)
    const { socket, last } = dial({ WebSocket: undefined, reconnect: () => 10 }, () => server.url)
    expect(socket.send('kept')).toBe('queued')
    await tick(1)
    expect(last('waiting')?.close).toMatchObject({
      cause: 'refused',
      reason: 'holdfast: there is no global WebSocket here. Pass one as the option WebSocket.',
    })
    vi.stubGlobal('WebSocket', constructorOf(server))
    await tick(10 + 3 * HOP)
    expect([socket.status, server.received]).toEqual(['open', ['kept']])
  })
})

test('the status is idle, connecting, open, waiting, closed', async ({ server, dial }) => {
  const { socket } = dial({ autoOpen: false })
  const seen = [socket.status]
  socket.open()
  seen.push(socket.status)
  await tick(HOP)
  seen.push(socket.status)
  server.vanish()
  await tick(HOP)
  seen.push(socket.status)
  socket.close()
  seen.push(socket.status)
  expect(seen).toEqual(['idle', 'connecting', 'open', 'waiting', 'closed'])
})
