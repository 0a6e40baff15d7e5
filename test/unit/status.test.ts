import { getEventListeners } from 'node:events'
import { describe, expect, vi } from 'vitest'
import type { Events, Socket } from '../../src/index.ts'
import { HOP, sleep, test, tick } from './stage.ts'

/** Every change of status so far. */
function statuses(socket: Socket<never, never>) {
  const changes: Events['status'][] = []
  ;(socket as Socket).on('status', (change) => changes.push(change))
  return () => changes.map(({ previous, status }) => `${previous} → ${status}`)
}

describe('the status event', () => {
  test('comes at every change of status, and says the one before', async ({ server, dial }) => {
    const { socket } = dial({ autoOpen: false })
    const changes = statuses(socket as never)
    socket.open()
    await tick(HOP)
    server.vanish()
    await tick(1_000 + 2 * HOP)
    socket.suspend()
    socket.open()
    await tick(HOP)
    socket.close()
    expect(changes()).toEqual([
      'idle → connecting',
      'connecting → open',
      'open → waiting',
      'waiting → connecting',
      'connecting → open',
      'open → suspended',
      'suspended → connecting',
      'connecting → open',
      'open → closed',
    ])
  })

  test('comes when the url function starts, not when it is done', async ({ server, dial }) => {
    const { socket, names } = dial(
      { autoOpen: false },
      () => new Promise<string>((resolve) => setTimeout(() => resolve(server.url), 2_000)),
    )
    const changes = statuses(socket as never)
    socket.open()
    expect(changes()).toEqual(['idle → connecting'])
    await tick(1_999)
    expect(names()).toEqual([])
    await tick(1 + HOP)
    expect(names()).toEqual(['connecting', 'open'])
  })

  test('comes when the url function rejects', async ({ dial }) => {
    const { socket } = dial({ autoOpen: false }, () => Promise.reject(new Error('no')))
    const changes = statuses(socket as never)
    socket.open()
    await tick(1)
    expect(changes()).toEqual(['idle → connecting', 'connecting → waiting'])
  })

  test('comes before the event that says more, when the status has changed already', async ({ dial }) => {
    const { socket } = dial()
    const order: string[] = []
    socket.on('open', () => order.push(`open, ${socket.status}`))
    socket.on('status', ({ status }) => order.push(`status ${status}, ${socket.status}`))
    await tick(HOP)
    expect(order).toEqual(['status open, open', 'open, open'])
  })
})

describe("on('*')", () => {
  test('receives every event with its name and value', async ({ server, dial }) => {
    const { socket } = dial()
    const all: [string, unknown][] = []
    const off = socket.on('*', (name, value) => all.push([name, value]))
    await tick(HOP)
    server.send('{}')
    server.send(new Uint8Array(1))
    await tick(HOP)
    off()
    socket.close()
    expect(all.map(([name]) => name)).toEqual([
      'connecting',
      'status',
      'open',
      'message',
      'text',
      'json',
      'message',
      'binary',
    ])
    expect(all[0]?.[1]).toEqual({ attempt: 0, url: server.url })
  })
})

describe('a listener', () => {
  test('with once is called once', async ({ server, open }) => {
    const { socket } = await open()
    const texts: string[] = []
    socket.on('text', (text) => texts.push(text), { once: true })
    server.send('a')
    server.send('b')
    await tick(HOP)
    expect(texts).toEqual(['a'])
  })

  test('with once that causes the same event again is still called once', async ({ dial }) => {
    const { socket } = dial({ queue: false, autoOpen: false })
    let drops = 0
    const again = () => {
      drops++
      socket.reconnect()
    }
    socket.on('status', again, { once: true })
    socket.open()
    await tick(10 * HOP)
    expect(drops).toBe(1)
  })

  test('is removed when its signal aborts, and leaves nothing on the signal', async ({ server, open }) => {
    const { socket } = await open()
    const abort = new AbortController()
    const texts: string[] = []
    const off = socket.on('text', (text) => texts.push(text), { signal: abort.signal })
    server.send('a')
    await tick(HOP)
    expect(getEventListeners(abort.signal, 'abort').length).toBe(1)
    abort.abort()
    server.send('b')
    await tick(HOP)
    expect(texts).toEqual(['a'])
    off()
    expect(getEventListeners(abort.signal, 'abort').length).toBe(0)
  })

  test('with a signal that is aborted already is never called', async ({ server, open }) => {
    const { socket } = await open()
    const text = vi.fn()
    socket.on('text', text, { signal: AbortSignal.abort() })
    server.send('a')
    await tick(HOP)
    expect(text).not.toHaveBeenCalled()
  })

  test('is removed by off, however often it was added, and no other one is', async ({ server, open }) => {
    const { socket } = await open()
    const text = vi.fn()
    const other = vi.fn()
    socket.on('text', text)
    socket.on('text', text)
    socket.on('text', other)
    socket.on('*', text)
    socket.off('text', text)
    socket.off('*', text)
    server.send('a')
    await tick(HOP)
    expect([text.mock.calls.length, other.mock.calls.length]).toEqual([0, 1])
  })
})

describe('suspend()', () => {
  test('closes the connection, and keeps queue and listeners until open()', async ({ server, open }) => {
    const { socket, names } = await open()
    const { peer } = server
    socket.suspend()
    expect(socket.status).toBe('suspended')
    expect(socket.send('kept')).toBe('queued')
    await tick(2 * HOP)
    expect(peer.closed).toEqual({ code: 1000, reason: '' })
    await tick(300_000)
    expect([server.dials, socket.closed]).toEqual([1, undefined])
    socket.open()
    await tick(3 * HOP)
    expect(server.received).toEqual(['kept'])
    expect(names()).toEqual(['connecting', 'open', 'connecting', 'open'])
  })

  test.for(['connecting', 'waiting'])('ends what is %s as well', async (status, { server, dial }) => {
    server.hang()
    const { socket } = dial({ reconnect: () => 5_000 })
    await tick(HOP)
    if (status === 'waiting') {
      server.vanish()
      server.refuse()
      socket.reconnect()
      await tick(10 * HOP)
    }
    expect(socket.status).toBe(status)
    const { dials } = server
    socket.suspend()
    await tick(60_000)
    expect([socket.status, server.dials, server.sockets.length]).toEqual(['suspended', dials, 0])
  })

  test('does nothing to what is idle or closed', async ({ dial }) => {
    const { socket } = dial({ autoOpen: false })
    socket.suspend()
    expect(socket.status).toBe('idle')
    socket.close()
    socket.suspend()
    expect(socket.status).toBe('closed')
  })

  test('is not undone by anything that the page does, nor by check()', async ({ page, server, open }) => {
    const { socket } = await open()
    socket.suspend()
    page.show('visible')
    page.resume()
    page.tell('pageshow', { persisted: true })
    page.tell('online')
    socket.check()
    sleep(100_000)
    await tick(60_000)
    expect([socket.status, server.dials]).toEqual(['suspended', 1])
  })

  test('is undone by reconnect()', async ({ server, open }) => {
    const { socket } = await open()
    socket.suspend()
    socket.reconnect()
    await tick(HOP)
    expect([socket.status, server.dials]).toEqual(['open', 2])
  })

  test('leaves a waiting opened() and messages() waiting', async ({ open }) => {
    const { socket } = await open()
    socket.suspend()
    const opened = vi.fn()
    void socket.opened().then(opened)
    await tick(1_000)
    expect(opened).not.toHaveBeenCalled()
    socket.open()
    await tick(HOP)
    expect(opened).toHaveBeenCalled()
  })
})

describe('suspendHidden', () => {
  test('suspends once the page was hidden that long, and opens when it is shown', async ({
    page,
    server,
    open,
  }) => {
    const { socket } = await open({ suspendHidden: 30_000 })
    page.show('hidden')
    await tick(29_999)
    expect(socket.status).toBe('open')
    await tick(1)
    expect(socket.status).toBe('suspended')
    await tick(60_000)
    page.show('visible')
    await tick(HOP)
    expect([socket.status, server.dials]).toEqual(['open', 2])
  })

  test('does not suspend a page that is shown in time', async ({ page, server, open }) => {
    const { socket } = await open({ suspendHidden: 30_000 })
    page.show('hidden')
    await tick(29_999)
    page.show('visible')
    await tick(60_000)
    expect([socket.status, server.dials]).toEqual(['open', 1])
  })

  test('counts from open() where the page is hidden already', async ({ page, open }) => {
    page.show('hidden')
    const { socket } = await open({ suspendHidden: 1_000 })
    await tick(1_000)
    expect(socket.status).toBe('suspended')
  })

  test('does not open what the application suspended', async ({ page, open }) => {
    const { socket } = await open({ suspendHidden: 1_000 })
    socket.suspend()
    page.show('hidden')
    await tick(2_000)
    page.show('visible')
    await tick(HOP)
    expect(socket.status).toBe('suspended')
  })

  test('does not open what the application closed, and leaves no timer', async ({ page, open }) => {
    const { socket } = await open({ suspendHidden: 1_000 })
    page.show('hidden')
    socket.close()
    await tick(3 * HOP)
    expect(vi.getTimerCount()).toBe(0)
    page.show('visible')
    await tick(2_000)
    expect(socket.status).toBe('closed')
  })

  test('needs wake: true, and says so', ({ dial }) => {
    expect(() => dial({ suspendHidden: 1_000, wake: false })).toThrow(
      'holdfast: suspendHidden needs wake: true',
    )
  })
})

describe('check()', () => {
  test('asks the peer while open', async ({ server, open }) => {
    const { socket } = await open({ heartbeat: { ping: 'ping' } })
    socket.check()
    await tick(HOP)
    expect(server.received).toEqual(['ping'])
  })

  test('notices a dead peer within 5 s', async ({ server, open }) => {
    const { socket } = await open({ heartbeat: { ping: 'ping' } })
    server.mute()
    socket.check()
    await tick(5_000)
    expect(socket.status).toBe('waiting')
  })

  test('sends nothing without a heartbeat, and keeps the connection', async ({ server, open }) => {
    const { socket } = await open()
    socket.check()
    await tick(60_000)
    expect([server.received, server.dials, socket.status]).toEqual([[], 1, 'open'])
  })

  test('dials while waiting', async ({ server, open }) => {
    const { socket } = await open({ reconnect: () => 60_000 })
    server.vanish()
    await tick(HOP)
    socket.check()
    await tick(HOP)
    expect([server.dials, socket.status]).toEqual([2, 'open'])
  })

  test.for(['idle', 'closed'])('does nothing while %s', async (status, { server, dial }) => {
    const { socket } = dial({ autoOpen: false })
    if (status === 'closed') socket.close()
    socket.check()
    await tick(60_000)
    expect([socket.status, server.dials]).toEqual([status, 0])
  })
})

describe('url and attempt', () => {
  test('say what was dialled last, and how many attempts in a row have failed', async ({ server, dial }) => {
    const tokens = ['a', 'b', 'c']
    server.refuse()
    const { socket } = dial({ reconnect: () => 100 }, () => `${server.url}?${tokens.shift()}`)
    expect([socket.url, socket.attempt]).toEqual(['', 0])
    await tick(10)
    expect([socket.url, socket.attempt]).toEqual([`${server.url}?a`, 1])
    await tick(100)
    expect([socket.url, socket.attempt]).toEqual([`${server.url}?b`, 2])
    socket.close()
    expect(socket.attempt).toBe(0)
  })
})
