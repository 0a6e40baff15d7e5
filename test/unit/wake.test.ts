import { describe, expect, vi } from 'vitest'
import type { Socket } from '../../src/index.ts'
import { HOP, type Page, setClock, sleep, test, tick } from './stage.ts'

const heartbeat = { ping: 'ping', interval: 25_000, timeout: 10_000 }

const signs: [string, (page: Page) => unknown][] = [
  ['the page is shown', (page) => page.show('visible')],
  ['the page comes out of the back/forward cache', (page) => page.tell('pageshow', { persisted: true })],
  ['the page is resumed after a freeze', (page) => page.resume()],
]

describe('while waiting', () => {
  test.for(signs)('dials now when %s', async ([, sign], { page, server, open }) => {
    const { socket } = await open({ reconnect: () => 10_000 })
    server.vanish()
    await tick(HOP)
    sign(page)
    await tick(HOP)
    expect([server.dials, socket.status]).toEqual([2, 'open'])
  })

  test('dials now when the machine has slept, though nothing tells the page', async ({ server, open }) => {
    const { socket } = await open({ reconnect: () => 1_000_000 })
    server.vanish()
    await tick(HOP)
    sleep(100_000)
    await tick(10_000 + HOP)
    expect([server.dials, socket.status]).toEqual([2, 'open'])
  })

  test('holds still when the network goes, however long ago the page was looked at', async ({
    page,
    server,
    open,
  }) => {
    // Without a heartbeat: it has the page looked at, until it is closed.
    const { socket } = await open()
    socket.close()
    await open({ heartbeat, reconnect: () => 1_000_000 })
    server.vanish()
    await tick(HOP)
    sleep(100_000)
    page.setOnline(false)
    await tick(HOP)
    expect(server.dials).toBe(2)
  })

  test('does not dial when the page is hidden, or shown for the first time', async ({
    page,
    server,
    open,
  }) => {
    await open({ reconnect: () => 10_000 })
    server.vanish()
    await tick(HOP)
    page.show('hidden')
    page.tell('pageshow', { persisted: false })
    await tick(9_000)
    expect(server.dials).toBe(1)
  })

  test('dials soon after online, but not all pages at once', async ({ page, server, open }) => {
    await open({ reconnect: () => 10_000 })
    server.vanish()
    await tick(HOP)
    page.tell('online')
    await tick(249)
    expect(server.dials).toBe(1)
    await tick(1)
    expect(server.dials).toBe(2)
  })

  test('takes up to 500 ms after online', async ({ page, server, open }) => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999999)
    await open({ reconnect: () => 10_000 })
    server.vanish()
    await tick(HOP)
    page.tell('online')
    await tick(500)
    expect(server.dials).toBe(2)
  })

  test('holds still after offline, until online', async ({ page, server, open }) => {
    await open({ reconnect: () => 1_000 })
    server.vanish()
    await tick(HOP)
    page.tell('offline')
    await tick(9_000)
    expect(server.dials).toBe(1)
    page.tell('online')
    await tick(500)
    expect(server.dials).toBe(2)
  })

  test('dials once a minute while the browser says offline, because it may be wrong', async ({
    page,
    server,
    open,
  }) => {
    await open()
    server.vanish()
    await tick(HOP)
    server.refuse()
    page.setOnline(false)
    await tick(59_999)
    expect(server.dials).toBe(1)
    await tick(1)
    expect(server.dials).toBe(2)
    await tick(59_000)
    expect(server.dials).toBe(2)
    await tick(1_000 + 2 * HOP)
    expect(server.dials).toBe(3)
  })

  test('dials nothing while offline, though the page is shown or the reconnect function says at once', async ({
    page,
    server,
    open,
  }) => {
    await open({ reconnect: () => 0 })
    server.refuse()
    page.setOnline(false)
    server.vanish()
    await tick(30_000)
    page.show('visible')
    await tick(25_000)
    expect(server.dials).toBe(1)
  })

  test('tells the new delay when the network goes', async ({ page, server, open }) => {
    const { last } = await open({ reconnect: () => 1_000 })
    server.vanish()
    await tick(HOP)
    page.setOnline(false)
    expect(last('waiting')).toMatchObject({ delay: 60_000, close: { cause: 'peer' } })
  })
})

describe('while open, with a heartbeat, a wake with evidence asks the peer:', () => {
  const evidence: [string, (page: Page) => unknown][] = [
    ['the page comes out of the back/forward cache', (page) => page.tell('pageshow', { persisted: true })],
    ['the page is resumed after a freeze', (page) => page.resume()],
    [
      'the network is back after it was away',
      (page) => {
        page.tell('offline')
        page.tell('online')
      },
    ],
    [
      'the machine has slept',
      (page) => {
        sleep(100_000)
        page.tell('online')
      },
    ],
  ]

  test.for(evidence)('%s', async ([, sign], { page, server, open }) => {
    const { socket } = await open({ heartbeat })
    sign(page)
    await tick(HOP)
    expect(server.received).toEqual(['ping'])
    server.send('here')
    await tick(20_000)
    expect(socket.status).toBe('open')
  })

  test('the page is shown, and nothing was received for the interval', async ({ page, server, open }) => {
    const { socket } = await open({ heartbeat })
    await tick(20_000)
    // Sent, and so no ping is due; but nothing was received.
    sleep(6_000)
    page.show('visible')
    await tick(HOP)
    expect(server.received).toEqual(['ping'])
    expect(socket.status).toBe('open')
  })

  test.for(evidence)(
    'the peer that does not answer within 5 s is dropped: %s',
    async ([, sign], { page, server, open }) => {
      const { socket, last } = await open({ heartbeat })
      await tick(1)
      server.mute()
      sign(page)
      await tick(4_999)
      expect(socket.status).toBe('open')
      await tick(1)
      expect([socket.status, last('waiting')?.close.cause]).toEqual(['waiting', 'silent'])
    },
  )

  test('it has no more time than the timeout of the heartbeat', async ({ page, server, open }) => {
    const { socket } = await open({ heartbeat: { ...heartbeat, timeout: 700 } })
    server.mute()
    page.resume()
    await tick(699)
    expect(socket.status).toBe('open')
    await tick(1)
    expect(socket.status).toBe('waiting')
  })

  test('it is asked once, however many signs there are', async ({ page, server, open }) => {
    await open({ heartbeat })
    await tick(1)
    page.tell('pageshow', { persisted: true })
    page.resume()
    page.tell('offline')
    page.tell('online')
    await tick(HOP)
    expect(server.received).toEqual(['ping'])
  })

  test('further signs do not put off its end', async ({ page, server, open }) => {
    const { socket } = await open({ heartbeat })
    await tick(1)
    server.mute()
    for (let ms = 0; ms < 5_000; ms += 500) {
      page.resume()
      await tick(500)
    }
    expect(socket.status).toBe('waiting')
  })

  test('after it, the next dial comes within 500 ms and not after a backoff', async ({
    page,
    server,
    open,
  }) => {
    const { last } = await open({ heartbeat, reconnect: () => 100_000 })
    server.mute()
    page.resume()
    await tick(5_000)
    expect(last('waiting')).toMatchObject({ delay: 250, close: { cause: 'silent' } })
  })
})

describe('while open, with a heartbeat, a sign without evidence asks nothing:', () => {
  test.for<[string, (page: Page) => unknown]>([
    ['the page is shown soon after a frame', (page) => page.show('visible')],
    ['the page is hidden', (page) => page.show('hidden')],
    ['the network goes', (page) => page.tell('offline')],
    ['the browser says online, and never said offline', (page) => page.tell('online')],
    ['the page is shown for the first time', (page) => page.tell('pageshow', { persisted: false })],
    [
      'the clock is set two hours forward',
      (page) => {
        setClock(7_200_000)
        page.tell('online')
      },
    ],
  ])('%s', async ([what, sign], { page, server, open }) => {
    const { socket } = await open({ heartbeat })
    await tick(1_000)
    server.send('news')
    await tick(HOP)
    sign(page)
    await tick(HOP)
    // A clock that jumped may be a sleep on a system that stops the monotonic clock: asking costs nothing.
    expect(server.received).toEqual(what.includes('clock') ? ['ping'] : [])
    server.send('news')
    await tick(20_000)
    expect([socket.status, server.dials]).toEqual(['open', 1])
  })
})

test('a question in the same millisecond as a frame is still a question', async ({ page, server, open }) => {
  const { socket } = await open({ heartbeat })
  server.send('news')
  await tick(HOP)
  server.mute()
  page.resume()
  await tick(5_000)
  expect(socket.status).toBe('waiting')
})

describe('while open, without a heartbeat', () => {
  test('does not trust the connection after offline and online', async ({ page, server, open }) => {
    const { socket, last } = await open()
    page.tell('offline')
    await tick(1_000)
    expect(socket.status).toBe('open')
    page.tell('online')
    expect(last('waiting')).toMatchObject({
      delay: 250,
      close: { code: 1006, wasClean: false, cause: 'wake' },
    })
    await tick(500 + HOP)
    expect([socket.status, server.live.length]).toEqual(['open', 1])
  })

  test('does not trust it either when the page was shown in between', async ({ page, open }) => {
    const { last } = await open()
    page.tell('offline')
    page.show('visible')
    page.resume()
    page.tell('online')
    expect(last('waiting')?.close.cause).toBe('wake')
  })

  test('trusts it after online alone', async ({ page, server, open }) => {
    await open()
    page.tell('online')
    await tick(20_000)
    expect(server.dials).toBe(1)
  })

  test('does not trust it after a sleep of more than a minute', async ({ page: _, open }) => {
    const { last } = await open()
    sleep(100_000)
    await tick(30_000)
    expect(last('waiting')?.close.cause).toBe('wake')
  })

  test('is back at once after such a sleep', async ({ page: _, server, open }) => {
    const { socket } = await open({ reconnect: () => 100_000 })
    sleep(100_000)
    await tick(10_000 + HOP)
    expect([server.dials, server.live.length, socket.status]).toEqual([2, 1, 'open'])
  })

  test.for([7_200_000, -7_200_000])(
    'trusts it when the clock is set by %i ms',
    async (ms, { page, server, open }) => {
      const { socket } = await open()
      setClock(ms)
      page.show('visible')
      page.tell('online')
      await tick(60_000)
      expect([socket.status, server.dials]).toEqual(['open', 1])
    },
  )

  test('does not trust it when shown after a sleep of more than a minute', async ({ page, open }) => {
    const { last } = await open()
    sleep(100_000)
    page.show('visible')
    expect(last('waiting')?.close.cause).toBe('wake')
  })

  test('trusts it when the page was only hidden for a while', async ({ page, server, open }) => {
    await open()
    page.show('hidden')
    await tick(20_000)
    page.show('visible')
    await tick(20_000)
    expect(server.dials).toBe(1)
  })

  test('is not fooled by timers that are held to one a minute', async ({ page: _, server, open }) => {
    await open()
    for (let i = 0; i < 10; i++) {
      sleep(29_000)
      await tick(30_000)
    }
    expect(server.dials).toBe(1)
  })
})

describe('while connecting', () => {
  test.for<[string, (page: Page, socket: Socket) => unknown]>([
    ...signs,
    ['the network comes back', (page) => page.tell('online')],
    ['the application says check()', (_, socket) => socket.check()],
    ['the application says open()', (_, socket) => socket.open()],
  ])('an attempt of 2 s or more is replaced at once when %s', async ([, sign], { page, server, dial }) => {
    server.hang()
    const { socket, names } = dial()
    await tick(2_000)
    server.accept()
    sign(page, socket)
    await tick(HOP)
    expect([server.dials, socket.status]).toEqual([2, 'open'])
    await tick(2 * HOP)
    expect(server.sockets.length).toBe(1)
    expect(names()).toEqual(['connecting', 'connecting', 'open'])
  })

  test.for<[string, (page: Page, socket: Socket) => unknown]>([
    ...signs,
    ['the network comes back', (page) => page.tell('online')],
    ['the network goes', (page) => page.tell('offline')],
    ['the application says check()', (_, socket) => socket.check()],
    ['the application says open()', (_, socket) => socket.open()],
  ])('an attempt younger than 2 s is left alone when %s', async ([, sign], { page, server, dial }) => {
    server.hang()
    const { socket } = dial()
    await tick(1_999)
    sign(page, socket)
    await tick(HOP)
    expect([server.dials, socket.status]).toEqual([1, 'connecting'])
  })

  test('refusals while hidden cost nothing once the page is shown and the attempt under way is dead', async ({
    page,
    server,
    open,
  }) => {
    const { socket } = await open()
    page.show('hidden')
    server.refuse()
    server.vanish()
    await tick(120_000)
    server.hang()
    const { dials } = server
    while (server.dials === dials) await tick(100)
    await tick(3_000)
    server.accept()
    page.show('visible')
    await tick(HOP)
    expect(socket.status).toBe('open')
  })

  test('failures count from 0 after a wake', async ({ page, server, dial }) => {
    server.refuse()
    const { socket, last } = dial()
    await tick(60_000)
    expect(socket.attempt).toBeGreaterThan(3)
    page.show('visible')
    await tick(HOP)
    expect(last('waiting')).toMatchObject({ attempt: 0, delay: 0 })
    await tick(2 * HOP)
    expect(last('waiting')).toMatchObject({ attempt: 1, delay: 3_000 })
  })
})

describe('the listeners of the page', () => {
  /** online, offline, beforeunload, pagehide, pageshow; visibilitychange, resume. */
  const count = 7

  test('are taken back on close, and there again on open', async ({ page, open }) => {
    const { socket } = await open()
    const { listeners } = page
    expect(listeners()).toBe(count)
    socket.close()
    expect(listeners()).toBe(0)
    socket.open()
    expect(listeners()).toBe(count)
    socket.close()
    expect(listeners()).toBe(0)
  })

  test('are shared by all sockets of the page', async ({ page, open }) => {
    const [first, second] = [await open(), await open({ heartbeat })]
    expect(page.listeners()).toBe(count)
    first.socket.close()
    expect(page.listeners()).toBe(count)
    second.socket.close()
    expect(page.listeners()).toBe(0)
  })

  test('do not pile up over reconnects', async ({ page, open }) => {
    const { socket } = await open()
    for (let i = 0; i < 10; i++) {
      socket.reconnect()
      await tick(2 * HOP)
    }
    expect(page.listeners()).toBe(count)
  })

  test('are none with wake: false, and none before the first open', async ({ page, dial }) => {
    dial({ wake: false })
    dial({ autoOpen: false })
    expect(page.listeners()).toBe(0)
  })

  test('are not needed: a worker has no document, and Node nothing at all', async ({ open }) => {
    const { socket } = await open()
    expect(socket.status).toBe('open')
  })
})

test.for(['online', 'offline'])(
  'what another socket closes on %s stays closed',
  async (sign, { page, server, open }) => {
    const first = await open()
    const second = await open()
    // Having waited before, it would know how to wait again.
    server.vanish()
    await tick(1_000 + 2 * HOP)
    const off = first.socket.on('waiting', () => second.socket.close())
    page.tell('offline')
    page.tell('online')
    off()
    page.tell(sign)
    await tick(60_000)
    expect(second.names().slice(-2)).toEqual(['open', 'closed'])
  },
)

test.for(['online', 'offline'])(
  'what is closed because of a sleep stays closed on %s',
  async (sign, { page, server, open }) => {
    const { socket, names } = await open()
    server.vanish()
    await tick(1_000 + 2 * HOP)
    socket.on('waiting', () => socket.close())
    sleep(100_000)
    page.tell(sign)
    await tick(60_000)
    expect(names().slice(-3)).toEqual(['open', 'waiting', 'closed'])
  },
)

test('what is closed and opened again on a sign does not receive the same signal again', async ({
  page,
  server,
  open,
}) => {
  const { socket } = await open()
  server.vanish()
  await tick(HOP)
  let told = 0
  socket.on('waiting', () => {
    if (++told > 10) return
    socket.close()
    socket.open()
  })
  page.tell('online')
  expect(told).toBe(1)
})

test('a socket that was opened while it waited receives a signal once', async ({ page, server, open }) => {
  const { socket, all } = await open()
  for (let i = 0; i < 3; i++) {
    server.vanish()
    await tick(HOP)
    socket.open()
    await tick(HOP)
  }
  server.vanish()
  await tick(HOP)
  const before = all('waiting').length
  page.tell('offline')
  expect(all('waiting').length - before).toBe(1)
})

test('a heartbeat by silence has no question to ask when the page comes back', async ({
  page,
  server,
  open,
}) => {
  const { socket } = await open({ heartbeat: { silence: 60_000 } })
  page.resume()
  await tick(20_000)
  expect([socket.status, server.dials, server.received]).toEqual(['open', 1, []])
})

test('nothing wakes what was closed', async ({ page, server, open }) => {
  const { socket, names } = await open()
  socket.close()
  const before = names()
  for (const [, sign] of signs) sign(page)
  page.tell('offline')
  page.tell('online')
  await tick(60_000)
  expect(names()).toEqual(before)
  expect(server.dials).toBe(1)
})

describe('the close that a page hears right after it comes back', () => {
  test.for(signs)('is answered at once when %s, and once only', async ([, sign], { page, server, open }) => {
    const { socket } = await open({ reconnect: () => 10_000 })
    sign(page)
    server.vanish()
    await tick(3 * HOP)
    expect([server.dials, socket.status]).toEqual([2, 'open'])
    server.vanish()
    await tick(9_000)
    expect([server.dials, socket.status]).toEqual([2, 'waiting'])
  })

  test('is like any other when it comes later', async ({ page, server, open }) => {
    const { socket } = await open({ reconnect: () => 10_000 })
    page.show('visible')
    await tick(1_000)
    server.vanish()
    await tick(9_000)
    expect([server.dials, socket.status]).toEqual([1, 'waiting'])
  })
})
