import { describe, expect, vi } from 'vitest'
import { type Data, Socket } from '../../src/index.ts'
import { fake, HOP } from '../support/fakes.ts'
import { constructorOf, test, tick } from './stage.ts'

/*
 * The faults of other libraries that fake timers and a fake socket show best; those of the wire are in
 * test/node/faults.test.ts.
 */

/** Chance that can be repeated: a linear congruential generator. */
function dice(seed: number) {
  let state = seed * 2_654_435_761
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

test('a silent peer goes unnoticed, or is noticed and then waited for? It is dropped at once, and the next one dialled', async ({
  server,
  open,
}) => {
  const { socket, last } = await open({ heartbeat: { ping: 'ping', interval: 1_000, timeout: 400 } })
  server.mute()
  await tick(1_400)
  expect(last('waiting')?.close).toMatchObject({ cause: 'silent', wasClean: false })
  server.unmute()
  await tick(1_000 + HOP)
  // The old native socket may take a minute to close; nobody waits for it.
  const live = server.sockets.filter(({ readyState }) => readyState === 1)
  expect([socket.status, live.length]).toEqual(['open', 1])
})

describe('accept-then-close hammers the server: counter reset on open?', () => {
  test.for([0, 20])('at most 5 dials in the first 3 s, closed after %i ms, whatever the dice', async (ms) => {
    const dials: number[] = []
    for (let seed = 0; seed < 500; seed++) {
      vi.spyOn(Math, 'random').mockImplementation(dice(seed))
      const { server, FakeWebSocket } = fake()
      server.onConnection = (peer) => void setTimeout(() => peer.vanish(), ms)
      const socket = new Socket(server.url, { WebSocket: FakeWebSocket })
      await tick(3_000)
      dials.push(server.dials)
      socket.close()
      server.stop()
      await tick(100)
    }
    expect(Math.max(...dials)).toBeLessThanOrEqual(5)
    expect(Math.min(...dials)).toBeGreaterThanOrEqual(1)
  })
})

test('no jitter, or one random number per page load: thundering herd? Every client and every attempt has its own wait', async ({
  server,
  dial,
}) => {
  vi.spyOn(Math, 'random').mockImplementation(dice(1))
  server.refuse()
  const clients = Array.from({ length: 50 }, () => dial())
  await tick(10_000)
  const firsts = clients.map(({ all }) => all('waiting')[0]?.delay)
  const seconds = clients.map(({ all }) => all('waiting')[1]?.delay)
  expect(new Set([...firsts, ...seconds]).size).toBeGreaterThan(95)
  for (const tenth of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    const inTenth = firsts.filter((delay = -1) => Math.floor(delay / 200) === tenth).length
    expect(inTenth).toBeLessThan(15)
  }
})

test('the URL (token) provider rejects or never settles: dead or hung for good? Asked again, with backoff', async ({
  server,
  dial,
}) => {
  const answers = [
    () => Promise.reject(new Error('no')),
    () => new Promise<string>(() => {}),
    () => server.url,
  ]
  const { all, socket } = dial({}, () => (answers.shift() ?? (() => server.url))())
  await tick(1_000 + 15_000 + 3_000 + HOP)
  expect(all('waiting').map(({ close }) => close.cause)).toEqual(['url', 'timeout'])
  expect(socket.status).toBe('open')
})

test('`reconnect()` during backoff does nothing; connect lock stuck for ever? It dials at once, every time', async ({
  server,
  open,
}) => {
  const { socket } = await open({ reconnect: () => 60_000 })
  for (let i = 1; i <= 5; i++) {
    server.vanish()
    await tick(HOP)
    expect(socket.status).toBe('waiting')
    socket.reconnect()
    await tick(HOP)
    expect([socket.status, server.dials]).toEqual(['open', 1 + i])
  }
})

test('`close()` during backoff still reconnects? Never', async ({ server, open }) => {
  const { socket } = await open()
  server.vanish()
  await tick(HOP)
  socket.close()
  await tick(3_600_000)
  expect([server.dials, socket.status]).toEqual([1, 'closed'])
})

test('a throwing listener ends reconnecting, or starves the other listeners? Neither', async ({
  server,
  open,
  reports,
}) => {
  const { socket } = await open()
  const heard: string[] = []
  for (const name of ['waiting', 'connecting', 'open'] as const) {
    socket.on(name, () => {
      throw new Error(name)
    })
    socket.on(name, () => heard.push(name))
  }
  server.vanish()
  await tick(HOP + 1_000 + HOP)
  expect(heard).toEqual(['waiting', 'connecting', 'open'])
  expect(reports()).toHaveLength(3)
})

test('a listener that removes itself, or adds one, during dispatch corrupts the list? Everybody hears each event once', async ({
  server,
  open,
}) => {
  const { socket } = await open()
  const heard: string[] = []
  const offs = ['a', 'b', 'c'].map((name) =>
    socket.on('text', (text) => {
      heard.push(name + text)
      if (text === '1') {
        offs[name === 'a' ? 0 : 1]?.()
        socket.on('text', (later) => heard.push(`after ${name} ${later}`))
      }
    }),
  )
  server.send('1')
  server.send('2')
  await tick(HOP)
  expect(heard).toEqual(['a1', 'b1', 'c1', 'c2', 'after a 2', 'after b 2', 'after c 2'])
})

describe('two live sockets after offline/online or a double reconnect; late events of the old socket hit the new one?', () => {
  test('one live socket', async ({ server, page, open }) => {
    const { socket } = await open()
    for (let i = 0; i < 5; i++) {
      page.tell('offline')
      page.tell('online')
      socket.reconnect()
      socket.reconnect()
      page.show('visible')
      await tick(100)
    }
    await tick(1_000)
    expect([server.sockets.length, server.live.length, socket.status]).toEqual([1, 1, 'open'])
  })

  test('no late events', async ({ server, open }) => {
    const { socket, all } = await open()
    const texts: string[] = []
    socket.on('text', (text) => texts.push(text))
    const old = server.peer
    old.send('late')
    old.close(4400, 'late')
    socket.reconnect()
    await tick(10 * HOP)
    expect(texts).toEqual([])
    expect(all('waiting')).toHaveLength(1)
    expect(socket.status).toBe('open')
  })

  test('no greeting over a native socket that opens after its attempt was over', async ({ server, dial }) => {
    class Deaf extends constructorOf(server) {
      override close() {}
    }
    const greet = vi.fn()
    const { socket } = dial({ WebSocket: Deaf, greet })
    await tick(1)
    expect(server.dials).toBe(1)
    socket.close()
    await tick(10 * HOP)
    expect(greet).not.toHaveBeenCalled()
  })

  test('not even of a native socket that goes on after close()', async ({ server, dial }) => {
    class Deaf extends constructorOf(server) {
      override close() {}
    }
    const { socket, names } = dial({ WebSocket: Deaf })
    const texts: string[] = []
    socket.on('text', (text) => texts.push(text))
    await tick(HOP)
    const old = server.peer
    socket.reconnect()
    old.send('late')
    await tick(3 * HOP)
    old.vanish()
    await tick(10 * HOP)
    expect(texts).toEqual([])
    expect(names()).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open'])
  })
})

test('close data invented (1000, wasClean) for a failed connect, so "do not retry on 1000" stops at once? 1006, and retried', async ({
  server,
  dial,
}) => {
  server.refuse()
  const { last, socket } = dial({ final: [1000] })
  await tick(HOP)
  expect(last('waiting')?.close).toMatchObject({ code: 1006, reason: '', wasClean: false, cause: 'peer' })
  server.accept()
  await tick(1_000 + HOP)
  expect(socket.status).toBe('open')
})

test('`close(1001)` swallowed, server connection left open? It throws as the platform does', async ({
  server,
  open,
}) => {
  const { socket } = await open()
  expect(() => socket.close(1001)).toThrow(expect.objectContaining({ name: 'InvalidAccessError' }))
  socket.close(1000)
  await tick(3 * HOP)
  expect(server.sockets).toEqual([])
})

test('close reason cut by characters, not bytes: `close()` throws? Measured in bytes, before anything happens', async ({
  server,
  open,
}) => {
  const { socket } = await open()
  expect(() => socket.close(1000, '🙂'.repeat(31))).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
  expect(socket.status).toBe('open')
  const { peer } = server
  socket.close(1000, `${'🙂'.repeat(30)}abc`)
  await tick(HOP)
  expect(peer.closed?.reason).toBe(`${'🙂'.repeat(30)}abc`)
})

test('binary view over a larger buffer: wrong bytes? Its own bytes', async ({ server, dial }) => {
  const { socket } = dial()
  const whole = new Uint8Array([0, 1, 2, 3, 4, 5])
  socket.send(whole.subarray(2, 4))
  await tick(HOP)
  socket.send(new DataView(whole.buffer, 4, 1))
  await tick(HOP)
  expect(server.received).toEqual([new Uint8Array([2, 3]), new Uint8Array([4])])
})

test('`bufferedAmount` counted in UTF-16 units; queue unbounded; drops told to nobody? Bytes, bounded, told', ({
  dial,
}) => {
  const { socket, all } = dial({ queue: { bytes: 9 } })
  const results = ['€', '🙂', 'ab', 'c'].map((data) => socket.send(data))
  expect(results).toEqual(['queued', 'queued', 'queued', 'dropped'])
  expect(socket.bufferedAmount).toBe(9)
  expect(all('drop')).toMatchObject([
    { data: 'c', why: 'overflow', reason: expect.stringMatching(/queue\./) },
  ])
})

test('queued data sent before the auth message of the `open` listener? After it', async ({
  server,
  dial,
}) => {
  const { socket } = dial()
  socket.send('queued')
  socket.on('open', () => socket.send('auth'))
  await tick(2 * HOP)
  expect(server.received).toEqual(['auth', 'queued'])
})

test('`binaryType` lost on reconnect? Kept', async ({ server, open }) => {
  const { socket } = await open()
  socket.binaryType = 'arraybuffer'
  for (let i = 0; i < 3; i++) {
    socket.reconnect()
    await tick(3 * HOP)
    expect(server.sockets.map(({ binaryType }) => binaryType)).toEqual(['arraybuffer'])
  }
})

test('one malformed JSON message kills the stream? It is told, and the next one comes', async ({
  server,
  open,
}) => {
  const { socket, all } = await open()
  const heard: unknown[] = []
  socket.on('json', (message) => heard.push(message))
  for (const text of ['1', '{', '2']) server.send(text)
  await tick(HOP)
  expect([heard, all('invalid').map(({ text }) => text)]).toEqual([[1, 2], ['{']])
})

test('events fire after close(); timers survive close()? Neither', async ({ server, open }) => {
  const { socket, names } = await open({ heartbeat: { ping: 'ping' } })
  server.send('late')
  server.hangUp(1011)
  socket.close()
  await tick(3 * HOP)
  expect(vi.getTimerCount()).toBe(0)
  await tick(3_600_000)
  expect(names()).toEqual(['connecting', 'open', 'closed'])
})

test('an event cloned per message, even with no listener? The native one is handed on', async ({
  server,
  dial,
}) => {
  let made = 0
  class Counted extends MessageEvent<Data> {
    constructor(...args: ConstructorParameters<typeof MessageEvent<Data>>) {
      super(...args)
      made++
    }
  }
  vi.stubGlobal('MessageEvent', Counted)
  const { socket } = dial({ WebSocket: constructorOf(server) })
  await tick(HOP)
  for (let i = 0; i < 10; i++) server.send('text')
  await tick(HOP)
  // The fake makes one for each message, as a browser does; nobody else does.
  expect(made).toBe(10)
  let heard: unknown
  socket.on('message', (event) => {
    heard = event
  })
  server.send('text')
  await tick(HOP)
  expect([made, heard instanceof Counted]).toEqual([11, true])
})
