import { describe, expect, vi } from 'vitest'
import type { Failure } from '../../src/index.ts'
import { HOP, test, tick } from './stage.ts'

describe('a connection that ended', () => {
  test('is dialled again', async ({ server, open }) => {
    const { names, all, socket } = await open()
    server.vanish()
    await tick(HOP)
    expect(socket.status).toBe('waiting')
    await tick(1_000 + HOP)
    expect(names()).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open'])
    expect(all('open').map(({ reconnected }) => reconnected)).toEqual([false, true])
  })

  test('says how it ended, and when the next attempt starts', async ({ server, open }) => {
    const { last } = await open()
    server.hangUp(1012, 'restarting')
    await tick(HOP)
    expect(last('waiting')).toEqual({
      attempt: 0,
      delay: 1_000,
      close: { code: 1012, reason: 'restarting', wasClean: true, cause: 'peer' },
    })
    await tick(999)
    expect(server.dials).toBe(1)
    await tick(1)
    expect(server.dials).toBe(2)
  })

  test.for([1000, 1001, 1005, 1006, 1011, 1012, 1013, 3000, 4000, 4399, 4500])(
    'with %i is dialled anew',
    async (code, { server, open }) => {
      const { socket, last } = await open()
      server.hangUp(code)
      await tick(HOP)
      expect(socket.status).toBe('waiting')
      expect(last('waiting')?.close.code).toBe(code)
    },
  )
})

describe('the wait', () => {
  test('is random, up to 2, 6, and then 10 s', async ({ server, dial }) => {
    server.refuse()
    const { all } = dial()
    await tick(30_000)
    expect(
      all('waiting')
        .slice(0, 4)
        .map(({ delay }) => delay),
    ).toEqual([1_000, 3_000, 5_000, 5_000])
  })

  test('is random for every attempt', async ({ server, dial }) => {
    server.refuse()
    const random = vi.spyOn(Math, 'random')
    for (const value of [0.1, 0.9, 0.2, 0.7]) random.mockReturnValueOnce(value)
    const { all } = dial({ reconnect: { factor: 1 } })
    await tick(2_100)
    expect(all('waiting').map(({ delay }) => delay)).toEqual([200, 1_800, 400])
  })

  test('follows base, factor and max', async ({ server, dial }) => {
    server.refuse()
    const { all } = dial({ reconnect: { base: 100, factor: 2, max: 500 } })
    await tick(1_000)
    expect(
      all('waiting')
        .slice(0, 5)
        .map(({ delay }) => delay),
    ).toEqual([50, 100, 200, 250, 250])
  })

  test('counts the failures in a row', async ({ server, dial }) => {
    server.refuse()
    const { all } = dial()
    await tick(9_013)
    expect(all('waiting').map(({ attempt }) => attempt)).toEqual([0, 1, 2])
    expect(all('connecting').map(({ attempt }) => attempt)).toEqual([0, 1, 2, 3])
  })

  test('starts again once a connection has lasted', async ({ server, open }) => {
    server.refuse()
    const { all } = await open()
    server.accept()
    await tick(1_000 + HOP)
    await tick(5_000)
    server.vanish()
    await tick(HOP)
    expect(all('waiting').map(({ attempt }) => attempt)).toEqual([0, 0])
  })

  test('keeps growing while connections do not last', async ({ server, open }) => {
    const { all } = await open()
    for (const wait of [1_000, 3_000, 5_000]) {
      await tick(4_900)
      server.vanish()
      await tick(HOP + wait + HOP)
    }
    expect(all('waiting').map(({ delay }) => delay)).toEqual([1_000, 3_000, 5_000])
  })

  test('takes stableAfter for what lasting is', async ({ server, open }) => {
    const { all } = await open({ reconnect: { stableAfter: 50 } })
    await tick(60)
    server.vanish()
    await tick(HOP + 1_000 + HOP + 60)
    server.vanish()
    await tick(HOP)
    expect(all('waiting').map(({ attempt }) => attempt)).toEqual([0, 0])
  })

  test('may be longer than a timer can hold', async ({ server, dial }) => {
    server.refuse()
    const { socket } = dial({ reconnect: () => 2 ** 40 })
    await tick(60_000)
    expect([server.dials, socket.status]).toEqual([1, 'waiting'])
  })
})

describe('giving up', () => {
  test('comes after as many further attempts as are allowed', async ({ server, dial }) => {
    server.refuse()
    const { socket, last } = dial({ reconnect: { attempts: 2 } })
    await tick(60_000)
    expect([server.dials, socket.status]).toEqual([3, 'closed'])
    expect(last('closed')).toMatchObject({ code: 1006, wasClean: false, cause: 'peer' })
  })

  test('comes at once without reconnect', async ({ server, open }) => {
    const { socket, names } = await open({ reconnect: false })
    server.hangUp(1001)
    await tick(60_000)
    expect([server.dials, socket.status]).toEqual([1, 'closed'])
    expect(names()).toEqual(['connecting', 'open', 'closed'])
  })

  test('leaves no timer', async ({ server, dial }) => {
    server.refuse()
    dial({ reconnect: { attempts: 1 } })
    await tick(60_000)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a function for reconnect', () => {
  test('is given what failed, and returns ms', async ({ server, dial }) => {
    server.refuse()
    const failures: Failure[] = []
    const { all } = dial({
      reconnect: (failure) => {
        failures.push(failure)
        return 10 * (failure.attempt + 1)
      },
    })
    await tick(50)
    expect(all('waiting').map(({ delay }) => delay)).toEqual([10, 20, 30])
    expect(failures.map(({ attempt, close }) => [attempt, close.cause])).toEqual([
      [0, 'peer'],
      [1, 'peer'],
      [2, 'peer'],
    ])
  })

  test('ends it with null', async ({ server, dial }) => {
    server.refuse()
    const { socket } = dial({ reconnect: ({ attempt }) => (attempt < 1 ? 10 : null) })
    await tick(60_000)
    expect([server.dials, socket.status]).toEqual([2, 'closed'])
  })

  test('may close the socket', async ({ server, dial }) => {
    server.refuse()
    const { socket, names } = dial({
      reconnect: () => {
        socket.close()
        return 10
      },
    })
    await tick(60_000)
    expect(names()).toEqual(['connecting', 'closed'])
    expect(server.dials).toBe(1)
  })
})

describe('reconnect()', () => {
  test('dials at once during a backoff', async ({ server, open }) => {
    const { socket } = await open()
    server.vanish()
    await tick(HOP)
    socket.reconnect()
    await tick(HOP)
    expect([server.dials, socket.status]).toEqual([2, 'open'])
  })

  test('replaces an open connection by a new one', async ({ server, open }) => {
    const { socket, names, last } = await open()
    const { peer } = server
    socket.reconnect()
    await tick(2 * HOP)
    expect(peer.closed?.code).toBe(1000)
    expect([socket.status, server.live.length]).toEqual(['open', 1])
    expect(names()).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open'])
    expect(last('waiting')).toMatchObject({ delay: 0, close: { cause: 'user' } })
  })

  test('abandons an attempt that is under way', async ({ server, dial }) => {
    server.hang()
    const { socket } = dial()
    await tick(100)
    server.accept()
    socket.reconnect()
    await tick(2 * HOP)
    expect([server.dials, server.sockets.length, socket.status]).toEqual([2, 1, 'open'])
  })

  test('starts an idle socket and a closed one', async ({ dial }) => {
    const { socket } = dial({ autoOpen: false })
    socket.reconnect()
    await tick(HOP)
    expect(socket.status).toBe('open')
    socket.close()
    socket.reconnect()
    await tick(HOP)
    expect(socket.status).toBe('open')
  })

  test('is no failure: the waits after it are those of the first', async ({ server, open }) => {
    const { socket, all } = await open()
    socket.reconnect()
    await tick(2 * HOP)
    server.vanish()
    await tick(HOP)
    expect(all('connecting').map(({ attempt }) => attempt)).toEqual([0, 0])
    expect(all('waiting').map(({ delay }) => delay)).toEqual([0, 1_000])
  })

  test('said twice in a row leaves one connection', async ({ server, open }) => {
    const { socket } = await open()
    socket.reconnect()
    socket.reconnect()
    await tick(10 * HOP)
    expect([server.live.length, server.sockets.length, socket.status]).toEqual([1, 1, 'open'])
  })
})

describe('open()', () => {
  test('dials at once during a backoff', async ({ server, open }) => {
    const { socket } = await open()
    server.vanish()
    await tick(HOP)
    socket.open()
    await tick(HOP)
    expect([server.dials, socket.status]).toEqual([2, 'open'])
  })

  test('does nothing while there is a connection or an attempt', async ({ server, dial }) => {
    const { socket } = dial()
    socket.open()
    await tick(HOP)
    socket.open()
    await tick(1_000)
    expect(server.dials).toBe(1)
  })

  test('starts what did not open by itself', async ({ server, dial }) => {
    const { socket, names } = dial({ autoOpen: false })
    await tick(1_000)
    expect([socket.status, server.dials, vi.getTimerCount()]).toEqual(['idle', 0, 0])
    socket.open()
    await tick(HOP)
    expect(names()).toEqual(['connecting', 'open'])
  })
})

describe('the timeout of an attempt', () => {
  test('ends a handshake that is never answered', async ({ server, dial }) => {
    server.hang()
    const { last, socket } = dial()
    await tick(9_999)
    expect(socket.status).toBe('connecting')
    await tick(1)
    expect(last('waiting')?.close).toMatchObject({ code: 1006, wasClean: false, cause: 'timeout' })
  })

  test('closes the hung handshake before the next one is dialled', async ({ server, dial }) => {
    server.hang()
    dial({ reconnect: () => 0 })
    await tick(10_000)
    await tick(HOP)
    expect([server.dials, server.sockets.length]).toEqual([2, 1])
  })

  test('grows by half with each failure, up to a minute', async ({ server, dial }) => {
    server.hang()
    const { socket } = dial({ reconnect: () => 0 })
    let start = Date.now()
    const took: number[] = []
    socket.on('connecting', () => {
      start = Date.now()
    })
    socket.on('waiting', () => took.push(Date.now() - start))
    await tick(260_000)
    expect(took).toEqual([10_000, 15_000, 22_500, 33_750, 50_625, 60_000, 60_000])
  })

  test('can be another, or none', async ({ server, dial }) => {
    server.hang()
    const short = dial({ attemptTimeout: 50 })
    const none = dial({ attemptTimeout: false })
    await tick(50)
    expect(short.socket.status).toBe('waiting')
    await tick(600_000)
    expect(none.socket.status).toBe('connecting')
  })

  test('is over once the connection is open', async ({ open }) => {
    const { socket } = await open({ attemptTimeout: 50, wake: false })
    await tick(60_000)
    expect(socket.status).toBe('open')
    expect(vi.getTimerCount()).toBe(0)
  })
})

test.for(['the server', 'close() and open()'])(
  'failures after a stable connection that %s ended count up again',
  async (who, { server, open }) => {
    const { socket, all } = await open()
    await tick(6_000)
    server.refuse()
    if (who === 'the server') server.vanish()
    else {
      socket.close()
      socket.open()
    }
    await tick(60_000)
    expect(
      all('waiting')
        .slice(0, 4)
        .map(({ attempt }) => attempt),
    ).toEqual([0, 1, 2, 3])
  },
)
