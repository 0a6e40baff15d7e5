import { describe, expect, vi } from 'vitest'
import { type Data, messages, type Outcome, request, Socket, upload } from '../../src/index.ts'
import { ReconnectingWebSocket } from '../../src/websocket/index.ts'
import { constructorOf, HOP, listen, sleep, test, tick } from './stage.ts'

describe('a callback that does something else', () => {
  test('onOutcome of a message that close() drops may open the socket again', async ({ server, dial }) => {
    const { socket } = dial({ reconnect: () => 10_000 })
    const statuses = listen(socket, ['status', 'closed', 'drop'])
    const outcomes: Outcome[] = []
    socket.send('a', {
      onOutcome: (outcome) => {
        outcomes.push(outcome)
        socket.open()
      },
    })
    socket.close()
    await tick(HOP)
    expect([socket.status, server.sockets.length, outcomes.length]).toEqual(['open', 1, 1])
    expect(statuses.names()).toEqual(['status', 'drop', 'closed', 'status', 'status'])
  })

  test('onOutcome of a message that close() drops finds the socket closed', async ({ dial }) => {
    const { socket } = dial()
    const seen: unknown[] = []
    socket.send('a', { onOutcome: () => seen.push(socket.status, socket.send('b')) })
    socket.close()
    expect(seen).toEqual(['closed', 'dropped'])
  })

  test("a drop listener may close the socket during reconnect({ queue: 'drop' })", async ({
    server,
    dial,
  }) => {
    const { socket } = dial({ reconnect: () => 10_000 })
    await tick(HOP)
    server.vanish()
    await tick(HOP)
    socket.send('secret')
    socket.on('drop', () => socket.close())
    socket.reconnect({ queue: 'drop' })
    await tick(HOP)
    expect([socket.status, server.dials]).toEqual(['closed', 1])
  })

  test("a drop listener may suspend an open socket during reconnect({ queue: 'drop' })", async ({
    server,
    open,
  }) => {
    const { socket } = await open({ queue: { perSecond: 1 } })
    socket.reconnect()
    socket.send('a')
    socket.send('b')
    await tick(HOP)
    socket.on('drop', () => socket.suspend())
    socket.reconnect({ queue: 'drop' })
    await tick(100)
    expect([socket.status, server.sockets.length]).toEqual(['suspended', 0])
  })

  test('a listener of closed may close again, and no wake opens the socket then', async ({
    page,
    server,
    dial,
  }) => {
    const { socket } = dial({ reconnect: { attempts: 1, base: 1 } })
    socket.on('closed', () => socket.close())
    await tick(HOP)
    server.refuse()
    server.vanish()
    await tick(100)
    expect(socket.status).toBe('closed')
    const { dials } = server
    page.show('visible')
    socket.check()
    await tick(HOP)
    expect([socket.status, server.dials]).toEqual(['closed', dials])
  })

  test('a send that finds expired messages is dropped when a drop listener closes the socket', async ({
    server,
    open,
  }) => {
    const { socket } = await open({ queue: { ttl: 50 }, reconnect: () => 10_000 })
    server.vanish()
    await tick(HOP)
    socket.send('old')
    sleep(60)
    socket.on('drop', () => socket.close())
    const outcomes: Outcome[] = []
    socket.send('new', { onOutcome: (outcome) => outcomes.push(outcome) })
    expect([socket.status, socket.bufferedAmount]).toEqual(['closed', 0])
    expect(outcomes.map(({ result }) => result)).toEqual(['dropped'])
  })

  test('the signal of an overlapping attempt may close the socket when that attempt is replaced', async ({
    server,
    dial,
  }) => {
    let attempts = 0
    const { socket } = dial({}, ({ signal }: { signal: AbortSignal }) => {
      attempts++
      if (attempts === 1) return server.url
      signal.addEventListener('abort', () => socket.close())
      return new Promise<string>((resolve) => setTimeout(resolve, 50, server.url))
    })
    await tick(HOP)
    socket.reconnect({ overlap: true })
    await tick(1)
    socket.reconnect({ overlap: true })
    await tick(100)
    expect([socket.status, server.sockets.length]).toEqual(['closed', 0])
  })

  test('the signal of an overlapping attempt may close the socket during a plain reconnect', async ({
    server,
    dial,
  }) => {
    let attempts = 0
    const { socket, names } = dial({}, ({ signal }: { signal: AbortSignal }) => {
      attempts++
      if (attempts === 1) return server.url
      signal.addEventListener('abort', () => socket.close())
      return new Promise<string>((resolve) => setTimeout(resolve, 50, server.url))
    })
    await tick(HOP)
    socket.reconnect({ overlap: true })
    await tick(1)
    socket.reconnect()
    await tick(100)
    expect([socket.status, server.sockets.length, names().at(-1)]).toEqual(['closed', 0, 'closed'])
  })

  test.for(['the end', 'another replacement'])(
    'the signal of a retired connection may close the socket at %s',
    async (what, { server, dial }) => {
      let greeted = 0
      const { socket, names } = dial({
        greet: ({ signal }) => {
          if (greeted++ === 0) signal.addEventListener('abort', () => socket.close())
        },
      })
      await tick(HOP)
      socket.reconnect({ overlap: true })
      await tick(HOP)
      expect(socket.status).toBe('open')
      if (what === 'the end') server.vanish()
      else socket.reconnect({ overlap: true })
      await tick(100)
      expect([socket.status, server.sockets.length, names().at(-1)]).toEqual(['closed', 0, 'closed'])
    },
  )
})

describe('a hidden page', () => {
  test.for(['resume', 'sleep'] as const)(
    'is suspended in time, though a %s comes in between',
    async (what, { page, open }) => {
      const { socket } = await open({ suspendHidden: 200_000 })
      page.show('hidden')
      await tick(10)
      if (what === 'resume') page.resume()
      else sleep(100_000)
      await tick(300_000)
      expect(socket.status).toBe('suspended')
    },
  )

  test.for(['resume', 'sleep'] as const)(
    'stays suspended when a %s comes while it is hidden',
    async (what, { page, server, open }) => {
      const { socket } = await open({ suspendHidden: 1_000 })
      page.show('hidden')
      await tick(1_000)
      expect(socket.status).toBe('suspended')
      if (what === 'resume') page.resume()
      else sleep(100_000)
      await tick(20_000)
      expect([socket.status, server.dials]).toEqual(['suspended', 1])
      page.show('visible')
      await tick(HOP)
      expect(socket.status).toBe('open')
    },
  )

  test('does not open what was suspended by a call as well', async ({ page, server, open }) => {
    const { socket } = await open({ suspendHidden: 1_000 })
    page.show('hidden')
    await tick(1_000)
    socket.suspend()
    page.show('visible')
    await tick(HOP)
    expect([socket.status, server.dials]).toEqual(['suspended', 1])
  })
})

describe('suspendHidden of a page that is hidden already', () => {
  test('holds after close() and open()', async ({ page, open }) => {
    const { socket } = await open({ suspendHidden: 1_000 })
    page.show('hidden')
    socket.close()
    socket.open()
    await tick(1_000)
    expect(socket.status).toBe('suspended')
  })

  test('holds after open() while suspended', async ({ page, open }) => {
    const { socket } = await open({ suspendHidden: 1_000 })
    page.show('hidden')
    await tick(1_000)
    socket.open()
    await tick(HOP)
    expect(socket.status).toBe('open')
    await tick(1_000)
    expect(socket.status).toBe('suspended')
  })
})

test('online sets the timer of the next attempt again when it is overdue', async ({ page, server, open }) => {
  const { socket } = await open()
  page.setOnline(false)
  server.vanish()
  await tick(HOP)
  // For longer than the 60 s between two attempts of a page that is offline.
  sleep(100_000)
  page.setOnline(true)
  await tick(500 + 2 * HOP)
  expect([socket.status, server.dials]).toEqual(['open', 2])
})

describe('a WebSocket that throws', () => {
  test('in send() does so to the caller, and is reported for each ping, which was not sent', async ({
    server,
    open,
    reports,
  }) => {
    const error = new TypeError('no buffers that can be resized')
    class Throwing extends (constructorOf(server) as typeof WebSocket) {
      override send() {
        throw error
      }
    }
    const heartbeat = { ping: 'ping', interval: 1_000, timeout: 1_000 }
    const { socket } = await open({ WebSocket: Throwing, heartbeat })
    expect(() => socket.send('a')).toThrow(error)
    await tick(2_500)
    expect(socket.status).toBe('open')
    expect(reports()).toMatchObject([{ cause: error }, { cause: error }])
  })

  test('in close() is reported, and the connection counts as ended', async ({ server, open, reports }) => {
    const error = new Error('cannot close')
    class Throwing extends (constructorOf(server) as typeof WebSocket) {
      override close() {
        throw error
      }
    }
    const { socket, names } = await open({ WebSocket: Throwing })
    socket.reconnect()
    await tick(2 * HOP)
    socket.close()
    expect(names()).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open', 'closed'])
    expect(reports()).toEqual([error, error])
  })
})

test('a socket that another one closes at a signal does not respond to that signal', async ({
  page,
  open,
}) => {
  const first = await open({ suspendHidden: 100 })
  const second = await open({ suspendHidden: 100 })
  page.show('hidden')
  await tick(200)
  first.socket.on('status', () => second.socket.close(), { once: true })
  page.show('visible')
  await tick(HOP)
  expect([first.socket.status, second.socket.status]).toEqual(['open', 'closed'])
})

describe('after used-up attempts the page is no longer observed', () => {
  test.for(['an abort of the signal', 'suspend()', 'close()'])(
    'after %s',
    async (what, { page, server, dial }) => {
      server.refuse()
      const controller = new AbortController()
      const { socket } = dial({ reconnect: { attempts: 1, base: 0 }, signal: controller.signal })
      await tick(100)
      expect([socket.status, page.listeners() > 0]).toEqual(['closed', true])
      if (what === 'suspend()') socket.suspend()
      else if (what === 'close()') socket.close()
      else controller.abort()
      expect(page.listeners()).toBe(0)
    },
  )

  test('and a revived one still closes when its signal aborts', async ({ page, server, dial }) => {
    server.refuse()
    const controller = new AbortController()
    const { socket, all } = dial({ reconnect: { attempts: 1, base: 0 }, signal: controller.signal })
    await tick(100)
    server.accept()
    page.show('visible')
    await tick(HOP)
    expect(socket.status).toBe('open')
    controller.abort()
    expect(all('closed').map(({ cause }) => cause)).toEqual(['peer', 'signal'])
  })
})

describe('a violation of Content Security Policy', () => {
  const violate = (blockedURI: string) =>
    document.dispatchEvent(
      Object.assign(new Event('securitypolicyviolation'), { effectiveDirective: 'connect-src', blockedURI }),
    )

  test('does not end the attempt of another socket, whose URL begins as the blocked one', async ({
    page: _,
    dial,
    server,
  }) => {
    const { socket } = dial({ WebSocket: constructorOf(server) }, server.url)
    await tick(1)
    for (const other of [server.url.slice(0, -6), server.url.slice(0, -1).replace(/.$/, ''), 'ws'])
      violate(other)
    await tick(HOP)
    expect(socket.status).toBe('open')
  })

  test.for(['the URL', 'the origin', 'the origin and a slash'])(
    'ends it by %s',
    async (what, { page: _, dial, server }) => {
      const url = `${server.url}?room=1`
      const { socket } = dial({}, url)
      await tick(1)
      const { origin } = new URL(url)
      violate(what === 'the URL' ? url : what === 'the origin' ? origin : `${origin}/`)
      expect(socket.closed).toMatchObject({ cause: 'blocked' })
    },
  )
})

test('suspend() keeps a wake from reviving used-up attempts', async ({ page, server, open }) => {
  const { socket } = await open({ reconnect: { attempts: 1, base: 1 } })
  server.refuse()
  server.vanish()
  await tick(100)
  expect(socket.status).toBe('closed')
  const { dials } = server
  socket.suspend()
  page.show('visible')
  await tick(HOP)
  expect(server.dials).toBe(dials)
})

describe('while the page is being left', () => {
  test('an end is forgotten when an overlapping connection takes over', async ({ page, server, dial }) => {
    let attempts = 0
    const { socket, names } = dial({}, () =>
      attempts++ ? new Promise<string>((resolve) => setTimeout(resolve, 50, server.url)) : server.url,
    )
    await tick(HOP)
    socket.reconnect({ overlap: true })
    await tick(1)
    page.tell('beforeunload')
    server.vanish()
    await tick(100)
    await tick(10_000)
    expect([socket.status, server.sockets.length, server.dials]).toEqual(['open', 1, 2])
    expect(names()).not.toContain('waiting')
  })

  test('nothing is dialled because the page is shown', async ({ page, server, open }) => {
    await open({ reconnect: () => 1_000 })
    server.vanish()
    await tick(HOP)
    page.tell('beforeunload')
    page.show('visible')
    await tick(4_000)
    expect(server.dials).toBe(1)
    await tick(1_500)
    expect(server.dials).toBe(2)
  })

  test('the look of a page that is offline is made up for', async ({ page, server, open }) => {
    const { socket } = await open({ reconnect: () => 1 })
    page.setOnline(false)
    server.vanish()
    await tick(59_000)
    page.tell('beforeunload')
    await tick(10_000)
    await tick(60_000)
    expect([socket.status, server.dials]).toEqual(['open', 2])
  })
})

test('a message that expires while stored messages are spaced is not sent', async ({ server, open }) => {
  const { socket, all } = await open({ queue: { perSecond: 1, ttl: 1_500 } })
  socket.reconnect()
  for (const text of ['a', 'b', 'c']) socket.send(text)
  await tick(HOP)
  sleep(5_000)
  await tick(5_000)
  expect(server.received).toEqual(['a'])
  expect(all('drop').map(({ data, why }) => [data, why])).toEqual([
    ['b', 'expired'],
    ['c', 'expired'],
  ])
})

describe("newcomers' mistakes", () => {
  test('greet cannot send an object as [object Object]', async ({ server, dial }) => {
    const { last } = dial({ greet: ({ send }) => send({ login: 'me' } as unknown as Data) })
    await tick(HOP * 3)
    expect(server.received).toEqual([])
    expect(last('waiting')?.close).toMatchObject({
      cause: 'refused',
      reason: expect.stringContaining('send: takes'),
    })
  })

  test.for([
    ['a promise', Promise.resolve('ws://a.test/')],
    ['an object', { url: 'ws://a.test/' }],
  ])('%s as the URL throws in a page, too', ([, url]) => {
    vi.stubGlobal('location', { href: 'https://page.test/' })
    expect(() => new Socket(url as never, { autoOpen: false })).toThrow(/^holdfast: url: /)
  })

  test('unknown options of on and send throw', ({ dial }) => {
    const { socket } = dial()
    expect(() => socket.on('text', () => {}, { onec: true } as object)).toThrow('Did you mean on.once?')
    expect(() => socket.on('text', () => {}, { signal: 'x' } as object)).toThrow('on.signal: must be')
    expect(() => socket.send('a', { onOutcom: () => {} } as object)).toThrow('Did you mean send.onOutcome?')
    expect(() => socket.send('a', { onOutcome: 'x' } as object)).toThrow('send.onOutcome: must be a function')
  })

  test('a signal that is not an AbortSignal throws and leaves no listener behind', async ({ open }) => {
    const { socket } = await open()
    const signal = 'x' as unknown as AbortSignal
    const on = vi.spyOn(socket, 'on')
    expect(() => messages(socket, { signal })).toThrow('messages.signal: must be an AbortSignal')
    await expect(request(socket, { a: 1 }, { signal })).rejects.toThrow(
      'request.signal: must be an AbortSignal',
    )
    await expect(upload(socket as never, 'x', { signal })).rejects.toThrow(
      'upload.signal: must be an AbortSignal',
    )
    await expect(socket.opened({ signal })).rejects.toThrow('opened.signal: must be an AbortSignal')
    await expect(socket.opened(5 as never)).rejects.toThrow('opened: ')
    await expect(socket.drained(0, null as never)).rejects.toThrow('drained: ')
    expect(on).not.toHaveBeenCalled()
  })

  test('messages with room for none takes a message that the loop waits for', async ({ server, open }) => {
    const { socket } = await open()
    const loop = messages(socket, { of: 'text', buffer: 0 })
    const first = loop.next()
    await tick()
    server.send('a')
    await tick(HOP)
    expect(await first).toEqual({ done: false, value: 'a' })
    socket.close()
  })
})

describe('the drop-in', () => {
  const dropIn = (server: Parameters<typeof constructorOf>[0], options: object, protocols?: string) =>
    new ReconnectingWebSocket(server.url, protocols, { WebSocket: constructorOf(server), ...options })

  test('throws for options of Socket that it would not heed, and for its own', ({ server }) => {
    for (const options of [{ protocols: 'chat' }, { schema: {} }, { parse: JSON.parse }, { autoOpen: true }])
      expect(() => dropIn(server, options)).toThrow(/^holdfast: /)
    expect(() => dropIn(server, { reopen: 'yes' })).toThrow('reopen: must be a boolean')
    expect(() => dropIn(server, { reopne: false })).toThrow('holdfast: reopne: ')
    expect(server.dials).toBe(0)
  })

  test('says what is missing of a class with on… attributes only, and leaves no connection', () => {
    const closed = vi.fn()
    class OnlyAttributes {
      onopen = null
      close = closed
    }
    expect(
      () => new ReconnectingWebSocket('ws://a.test/', [], { WebSocket: OnlyAttributes as never }),
    ).toThrow('have no addEventListener')
    expect(closed).toHaveBeenCalledOnce()
  })

  test('with reopen: false is CLOSED when the hidden page suspends it', async ({ page, server }) => {
    const socket = dropIn(server, { reopen: false, suspendHidden: 100 })
    const closed = vi.fn()
    socket.addEventListener('close', closed)
    await tick(HOP)
    page.show('hidden')
    await tick(200)
    page.show('visible')
    await tick(200)
    expect([socket.readyState, closed.mock.calls.length, server.dials]).toEqual([3, 1, 1])
  })

  test('dispatches no error when the hidden page suspends it', async ({ page, server }) => {
    const socket = dropIn(server, { suspendHidden: 100 })
    const events: string[] = []
    for (const type of ['open', 'error', 'close'] as const)
      socket.addEventListener(type, () => events.push(type))
    await tick(HOP)
    page.show('hidden')
    await tick(200)
    expect(events).toEqual(['open', 'close'])
    socket.close()
    await tick(3 * HOP)
  })

  test('uses the attempt that replaces one under way, and ends that one with a close', async ({
    page,
    server,
  }) => {
    server.hang()
    const socket = dropIn(server, {})
    const events: string[] = []
    for (const type of ['open', 'error', 'close'] as const)
      socket.addEventListener(type, () => events.push(type))
    await tick(3_000)
    server.accept()
    page.setOnline(true)
    await tick(3 * HOP)
    expect([socket.readyState, server.dials, events]).toEqual([1, 2, ['error', 'close', 'open']])
    socket.close()
    await tick(3 * HOP)
  })

  test('may be closed by the close of an attempt that is replaced', async ({ page, server }) => {
    server.hang()
    const socket = dropIn(server, {})
    const closed = vi.fn(() => socket.close())
    socket.addEventListener('close', closed)
    await tick(3_000)
    server.accept()
    page.setOnline(true)
    await tick(100)
    expect([socket.readyState, server.sockets.length, server.dials]).toEqual([3, 0, 1])
  })

  test('tells no second close when it is suspended while it waits', async ({ page, server }) => {
    const socket = dropIn(server, { reconnect: () => 10_000, suspendHidden: 100 })
    const closed = vi.fn()
    socket.addEventListener('close', closed)
    await tick(HOP)
    server.vanish()
    await tick(HOP)
    page.show('hidden')
    await tick(200)
    expect(closed.mock.calls.length).toBe(1)
    page.show('visible')
    await tick(HOP)
    expect(socket.readyState).toBe(1)
    socket.close()
    await tick(HOP * 4)
  })

  test('stays CLOSED after used-up attempts, whatever the page does', async ({ page, server }) => {
    const socket = dropIn(server, { reconnect: { attempts: 1, base: 1 } })
    await tick(HOP)
    server.refuse()
    server.vanish()
    await tick(100)
    expect(socket.readyState).toBe(3)
    const { dials } = server
    page.show('visible')
    await tick(100)
    expect([socket.readyState, server.dials]).toEqual([3, dials])
  })
})
