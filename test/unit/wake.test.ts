import { describe, expect, vi } from 'vitest'
import { HOP, type Page, test, tick } from './stage.ts'

const heartbeat = { ping: 'ping', interval: 25_000, timeout: 10_000 }
/** Time passes on the clock, but no timer fires. */
const sleep = (ms: number) => vi.setSystemTime(Date.now() + ms)

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
    page.tell('offline')
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

  test('holds no longer than the longest backoff', async ({ page, server, open }) => {
    await open()
    server.vanish()
    await tick(HOP)
    page.tell('offline')
    await tick(10_000)
    expect(server.dials).toBe(2)
  })
})

describe('while open, with a heartbeat', () => {
  test.for<[string, (page: Page) => unknown]>([
    ...signs,
    ['the page goes offline', (page) => page.tell('offline')],
  ])('asks the peer when %s', async ([, sign], { page, server, open }) => {
    const { socket } = await open({ heartbeat })
    sign(page)
    await tick(HOP)
    expect(server.received).toEqual(['ping'])
    server.send('here')
    await tick(20_000)
    expect(socket.status).toBe('open')
  })

  test('drops the peer that does not answer within 5 s', async ({ page, server, open }) => {
    const { socket, last } = await open({ heartbeat })
    await tick(1)
    server.mute()
    page.show('visible')
    await tick(4_999)
    expect(socket.status).toBe('open')
    await tick(1)
    expect([socket.status, last('waiting')?.close.cause]).toEqual(['waiting', 'silent'])
  })

  test('asks once, however often it is told', async ({ page, server, open }) => {
    await open({ heartbeat })
    await tick(1)
    page.show('visible')
    page.resume()
    page.tell('online')
    await tick(HOP)
    expect(server.received).toEqual(['ping'])
  })

  test('does not put off the end by being told again', async ({ page, server, open }) => {
    const { socket } = await open({ heartbeat })
    await tick(1)
    server.mute()
    for (let ms = 0; ms < 5_000; ms += 500) {
      page.show('visible')
      await tick(500)
    }
    expect(socket.status).toBe('waiting')
  })
})

test('a question in the same millisecond as a frame is still a question', async ({ page, server, open }) => {
  const { socket } = await open({ heartbeat })
  server.send('news')
  await tick(HOP)
  server.mute()
  page.show('visible')
  await tick(5_000)
  expect(socket.status).toBe('waiting')
})

describe('while open, without a heartbeat', () => {
  test('does not trust the line after offline and online', async ({ page, server, open }) => {
    const { socket, last } = await open()
    page.tell('offline')
    await tick(1_000)
    expect(socket.status).toBe('open')
    page.tell('online')
    expect(last('waiting')?.close).toMatchObject({ code: 1006, wasClean: false, cause: 'wake' })
    await tick(1_000 + HOP)
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
  test('dials anew when the network comes back', async ({ page, server, dial }) => {
    server.hang()
    const { socket, names } = dial()
    await tick(100)
    server.accept()
    page.tell('online')
    await tick(500 + HOP)
    expect([server.dials, server.sockets.length, socket.status]).toEqual([2, 1, 'open'])
    expect(names()).toEqual(['connecting', 'waiting', 'connecting', 'open'])
  })

  test('tells the truth about the attempt that it gives up', async ({ page, server, dial }) => {
    server.refuse()
    const { last } = dial()
    await tick(HOP)
    server.hang()
    await tick(1_000 + HOP)
    page.tell('online')
    expect(last('waiting')).toMatchObject({ delay: 250, close: { code: 1006, cause: 'wake' } })
  })

  test('leaves the attempt alone when the page is shown or goes offline', async ({ page, server, dial }) => {
    const { socket } = dial()
    page.show('visible')
    page.tell('offline')
    await tick(HOP)
    expect([server.dials, socket.status]).toEqual([1, 'open'])
  })
})

describe('the listeners of the page', () => {
  test('are taken back on close, and there again on open', async ({ page, open }) => {
    const { socket } = await open()
    const { listeners } = page
    expect(listeners()).toBe(5)
    socket.close()
    expect(listeners()).toBe(0)
    socket.open()
    expect(listeners()).toBe(5)
    socket.close()
    expect(listeners()).toBe(0)
  })

  test('are shared by all sockets of the page', async ({ page, open }) => {
    const [first, second] = [await open(), await open({ heartbeat })]
    expect(page.listeners()).toBe(5)
    first.socket.close()
    expect(page.listeners()).toBe(5)
    second.socket.close()
    expect(page.listeners()).toBe(0)
  })

  test('do not pile up over reconnects', async ({ page, open }) => {
    const { socket } = await open()
    for (let i = 0; i < 10; i++) {
      socket.reconnect()
      await tick(2 * HOP)
    }
    expect(page.listeners()).toBe(5)
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

test('what is closed and opened again on a sign is not told the same sign again', async ({
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

test('a socket that was opened while it waited is told once', async ({ page, server, open }) => {
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

test('where a silence is what counts, a ping that is given too is none to ask with', async ({
  page,
  server,
  open,
}) => {
  const { socket } = await open({ heartbeat: { silence: 60_000, ping: 'ping' } as never })
  page.show('visible')
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
