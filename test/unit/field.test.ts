import { describe, expect, vi } from 'vitest'
import { isFinal, type Options, Refused } from '../../src/index.ts'
import { HOP, sleep, test, tick } from './stage.ts'

/** What users of WebSocket clients reported, each in its smallest form. */

describe('the attempt timeout', () => {
  test('grows with attempts that timed out in a row, and not with refusals', async ({ server, dial }) => {
    server.refuse()
    const { socket, all, last } = dial({ attemptTimeout: 4_000, reconnect: () => 100 })
    while (all('waiting').length < 8) await tick(10)
    server.hang()
    while (socket.status !== 'connecting') await tick(10)
    await tick(4_000)
    expect(last('waiting')?.close).toMatchObject({ cause: 'timeout' })
    server.accept()
    await tick(100 + 2 * HOP)
    expect(socket.status).toBe('open')
  })

  test('is the configured one again after a refusal', async ({ server, dial }) => {
    server.hang()
    const { all } = dial({ attemptTimeout: 1_000, reconnect: () => 100 })
    await tick(1_000)
    server.refuse()
    await tick(200)
    server.hang()
    await tick(100 + 1_000)
    expect(
      all('waiting')
        .map(({ close }) => close.cause)
        .slice(0, 1),
    ).toEqual(['timeout'])
    expect(all('waiting').at(-1)?.close).toMatchObject({
      cause: 'timeout',
      reason: expect.stringContaining('1000 ms'),
    })
  })

  test('is ×1.5 after one that timed out, and a wake starts over', async ({ page, server, dial }) => {
    server.hang()
    const { last, all } = dial({ attemptTimeout: 1_000, reconnect: () => 100 })
    await tick(1_000 + 100 + 1_499)
    expect(all('waiting').length).toBe(1)
    await tick(1)
    expect(last('waiting')?.close.reason).toContain('1500 ms')
    page.show('visible')
    await tick(1_000)
    expect(last('waiting')?.close.reason).toContain('1000 ms')
  })
})

describe('a large message on a slow link looks like silence:', () => {
  const heartbeat = { ping: 'ping', interval: 1_000, timeout: 500 }

  test('the timeout doubles with each silent end in a row, up to 8 times', async ({ server, dial }) => {
    const { socket, all } = dial({ heartbeat, reconnect: () => 0 })
    const lasted: number[] = []
    let openedAt = 0
    socket.on('open', () => {
      openedAt = performance.now()
      server.mute()
    })
    socket.on('waiting', () => {
      lasted.push(performance.now() - openedAt)
      server.unmute()
    })
    while (lasted.length < 6) await tick(10)
    expect(lasted).toEqual([1_500, 2_000, 3_000, 5_000, 5_000, 5_000])
    expect(all('waiting').every(({ close }) => close.reason.includes('large message'))).toBe(true)
  })

  test('a frame that arrives makes the timeout the configured one again', async ({ server, dial }) => {
    const { socket, all } = dial({ heartbeat, reconnect: () => 0 })
    await tick(HOP)
    server.mute()
    await tick(1_500)
    server.unmute()
    await tick(3 * HOP)
    expect(socket.status).toBe('open')
    await tick(1_200)
    server.send('the large message')
    await tick(HOP)
    server.mute()
    await tick(1_501)
    expect(all('waiting').length).toBe(2)
  })
})

describe('expired credentials', () => {
  const ways: [string, (fresh: () => string) => { options?: Options; url?: () => string }][] = [
    ['url', (fresh) => ({ url: fresh })],
    ['protocols', (fresh) => ({ options: { protocols: () => [`token-${fresh().length}`] } })],
    ['greet', (fresh) => ({ options: { greet: ({ send }) => send(fresh()) } })],
  ]
  for (const code of [4401, 1008])
    test.for(ways)(
      `%s can provide fresh ones: ${code} gets one more attempt at once`,
      async ([, way], { server, dial }) => {
        let asked = 0
        const fresh = () => {
          asked++
          return server.url
        }
        const { options = {}, url } = way(fresh)
        const { socket, last } = dial({ ...options, reconnect: () => 60_000 }, url)
        await tick(2 * HOP)
        server.hangUp(code)
        await tick(HOP)
        expect(last('waiting')).toMatchObject({ delay: 0, close: { code } })
        await tick(3 * HOP)
        expect([socket.status, asked]).toEqual(['open', 2])
        // The second in a row is final.
        server.hangUp(code)
        await tick(HOP)
        expect([socket.status, socket.closed?.code]).toEqual(['closed', code])
      },
    )

  test('what lasted before counts: after a stable connection there is one more attempt again', async ({
    server,
    open,
  }) => {
    const { socket } = await open({}, () => server.url)
    for (let i = 0; i < 3; i++) {
      await tick(12_000)
      server.hangUp(4401)
      await tick(3 * HOP)
      expect([i, socket.status]).toEqual([i, 'open'])
    }
  })

  test('with nothing to provide fresh ones, the first is final', async ({ server, open }) => {
    const { socket } = await open()
    server.hangUp(4401)
    await tick(HOP)
    expect(socket.status).toBe('closed')
  })

  test('a list in `final` that names the code is obeyed', async ({ server, open }) => {
    const { socket } = await open({ final: [4401] }, () => server.url)
    server.hangUp(4401)
    await tick(HOP)
    expect(socket.status).toBe('closed')
  })
})

describe('close codes', () => {
  test.for([4408, 4425, 4429, 1000, 1001, 1011, 4000, 4500])(
    '%i is retried',
    async (code, { server, open }) => {
      const { socket } = await open()
      server.hangUp(code)
      await tick(HOP)
      expect(socket.status).toBe('waiting')
    },
  )

  test.for([1003, 1007, 1010, 4400, 4403, 4409, 4499])('%i is final', async (code, { server, open }) => {
    const { socket } = await open()
    server.hangUp(code)
    await tick(HOP)
    expect(socket.status).toBe('closed')
  })

  test('isFinal is the default rule, for a function that extends it', async ({ server, open }) => {
    const options: Options = { final: (close) => isFinal(close) || close.code === 4000 }
    const [first, second, third] = [await open(options), await open(options), await open(options)]
    const ends = [4000, 4403, 1011]
    for (const peer of server.live) peer.close(ends.shift())
    await tick(HOP)
    expect([first, second, third].map(({ socket }) => socket.status)).toEqual(['closed', 'closed', 'waiting'])
  })
})

describe('Refused', () => {
  const denied = new Refused('denied')
  test.for<[string, (server: { url: string }) => { options?: Options; url?: () => never }]>([
    [
      'greet',
      () => ({
        options: {
          greet: () => {
            throw denied
          },
        },
      }),
    ],
    ['an async greet', () => ({ options: { greet: () => Promise.reject(denied) } })],
    [
      'the url function',
      () => ({
        url: () => {
          throw denied
        },
      }),
    ],
    ['the protocols function', () => ({ options: { protocols: () => Promise.reject(denied) } })],
  ])('thrown by %s ends the socket for good', async ([, way], { server, dial }) => {
    const { options, url } = way(server)
    const { socket } = dial({ ...options, reconnect: { max: 100 } }, url)
    await tick(5_000)
    expect([socket.status, server.dials]).toEqual(['closed', url || options?.protocols ? 0 : 1])
    expect(socket.closed).toMatchObject({ reason: 'denied', error: denied })
  })

  test('any other error of greet is retried', async ({ server, dial }) => {
    const { socket } = dial({ greet: () => Promise.reject(new Error('busy')), reconnect: () => 100 })
    await tick(1_000)
    expect(server.dials).toBeGreaterThan(5)
    expect(socket.status).not.toBe('closed')
  })
})

describe('a change of user', () => {
  test("reconnect({ queue: 'drop' }) drops what the last user sent, with an event for each message", async ({
    server,
    open,
  }) => {
    const { socket, all } = await open()
    server.vanish()
    await tick(HOP)
    const outcome = vi.fn()
    expect(socket.sendJson({ secret: 1 }, { onOutcome: outcome })).toBe('queued')
    socket.reconnect({ queue: 'drop' })
    expect(all('drop')).toEqual([
      { data: '{"secret":1}', why: 'discarded', reason: "reconnect({ queue: 'drop' }) was called" },
    ])
    expect(outcome.mock.calls).toEqual([
      [{ result: 'dropped', reason: "reconnect({ queue: 'drop' }) was called" }],
    ])
    socket.send('of B')
    await tick(3 * HOP)
    expect(server.received).toEqual(['of B'])
  })

  test.for([undefined, {}, { queue: 'keep' as const }])(
    'reconnect(%j) keeps it',
    async (options, { server, open }) => {
      const { socket } = await open()
      server.vanish()
      await tick(HOP)
      socket.send('kept')
      socket.reconnect(options)
      await tick(3 * HOP)
      expect(server.received).toEqual(['kept'])
    },
  )

  test('reconnect() of a closed socket opens it', async ({ server, open }) => {
    const { socket } = await open()
    socket.close()
    socket.reconnect({ queue: 'drop' })
    await tick(HOP)
    expect([socket.status, server.dials]).toEqual(['open', 2])
  })
})

describe('queue.perSecond', () => {
  test('spaces the queued messages, and sends what comes meanwhile behind them', async ({ server, dial }) => {
    const { socket } = dial({ queue: { perSecond: 10 } })
    for (const text of ['a', 'b', 'c']) socket.send(text)
    const times: [unknown, number][] = []
    server.onMessage = (_, data) => times.push([data, performance.now()])
    await tick(HOP + 10)
    expect(socket.send('d')).toBe('queued')
    await tick(1_000)
    expect(socket.send('e')).toBe('sent')
    await tick(HOP)
    expect(times.map(([data]) => data)).toEqual(['a', 'b', 'c', 'd', 'e'])
    const gaps = times.slice(1, 4).map(([, at], i) => at - (times[i]?.[1] ?? 0))
    expect(gaps).toEqual([100, 100, 100])
  })

  test('keeps a server that takes 100 a second from closing with 1008', async ({ server, dial }) => {
    const { socket, all } = dial({ queue: { perSecond: 100 } })
    for (let i = 0; i < 300; i++) socket.send(`${i}`)
    let inSecond = 0
    setInterval(() => {
      inSecond = 0
    }, 1_000)
    server.onMessage = (peer) => {
      if (++inSecond > 101) peer.close(1008)
    }
    await tick(3_500)
    expect(server.received.length).toBe(300)
    expect([all('waiting'), all('closed')]).toEqual([[], []])
  })

  test('a connection that ends meanwhile keeps the rest, in order', async ({ server, dial }) => {
    const { socket } = dial({ queue: { perSecond: 10 }, reconnect: () => 50 })
    for (const text of ['a', 'b', 'c', 'd']) socket.send(text)
    await tick(HOP + 150)
    server.vanish()
    await tick(2_000)
    expect(server.received).toEqual(['a', 'b', 'c', 'd'])
  })

  test('timers that fire late do not send a burst', async ({ server, dial }) => {
    const { socket } = dial({ queue: { perSecond: 10 } })
    for (let i = 0; i < 10; i++) socket.send(`${i}`)
    await tick(2 * HOP)
    sleep(5_000)
    await tick(100 + HOP)
    expect(server.received.length).toBe(2)
  })
})

describe('queued messages that the browser still holds when the connection ends', () => {
  test('are dropped with an event each, before the event of that end', async ({ server, dial }) => {
    server.stall()
    const { socket, names, all } = dial()
    const outcomes: string[] = []
    for (const data of ['aaaa', 'bbbb', 'cccc'])
      socket.send(data, { onOutcome: ({ result }) => outcomes.push(`${data} ${result}`) })
    await tick(HOP)
    server.drain(6)
    server.vanish()
    await tick(HOP)
    expect(all('drop')).toEqual(
      ['bbbb', 'cccc'].map((data) => ({
        data,
        why: 'disconnected',
        reason: 'the connection ended while the browser still held it',
      })),
    )
    expect(names().slice(-3)).toEqual(['drop', 'drop', 'waiting'])
    // What became of a message is told once.
    expect(outcomes).toEqual(['aaaa sent', 'bbbb sent', 'cccc sent'])
  })

  test('are not told where they had left', async ({ server, dial }) => {
    const { socket, all } = dial()
    socket.send('aaaa')
    await tick(2 * HOP + 200)
    server.vanish()
    await tick(HOP)
    expect(all('drop')).toEqual([])
  })

  test.for(['close', 'suspend'] as const)('a drop listener may %s', async (method, { server, dial }) => {
    server.stall()
    const { socket, names } = dial()
    socket.send('aaaa')
    await tick(HOP)
    socket.on('drop', () => socket[method]())
    server.vanish()
    await tick(60_000)
    expect([socket.status, server.dials]).toEqual([method === 'close' ? 'closed' : 'suspended', 1])
    expect(names().filter((name) => name === 'drop').length).toBe(1)
    if (method === 'close') expect(names().at(-1)).toBe('closed')
  })
})

describe('attempts that were used up while hidden', () => {
  test.for<[string, 'shown' | 'online' | 'check']>([
    ['the page is shown', 'shown'],
    ['the network is back', 'online'],
    ['check() is called', 'check'],
  ])('are revived when %s', async ([, how], { page, server, open }) => {
    const { socket } = await open({ reconnect: { attempts: 3 } })
    page.show('hidden')
    server.refuse()
    server.vanish()
    while (socket.status !== 'closed') await tick(1_000)
    const { dials } = server
    await tick(600_000)
    expect(server.dials).toBe(dials)
    server.accept()
    if (how === 'shown') page.show('visible')
    else if (how === 'online') page.tell('online')
    else socket.check()
    await tick(500 + 2 * HOP)
    expect([socket.status, socket.closed, server.dials]).toEqual(['open', undefined, dials + 1])
  })

  test('are not revived after close()', async ({ page, server, open }) => {
    const { socket } = await open({ reconnect: { attempts: 1 } })
    server.refuse()
    server.vanish()
    while (socket.status !== 'closed') await tick(1_000)
    socket.close()
    server.accept()
    page.show('visible')
    socket.check()
    await tick(60_000)
    expect(socket.status).toBe('closed')
    expect(page.listeners()).toBe(0)
  })

  test('are not revived after close() by a listener of closed', async ({ page, server, open }) => {
    const { socket } = await open({ reconnect: { attempts: 1 } })
    socket.on('closed', () => socket.close())
    server.refuse()
    server.vanish()
    while (socket.status !== 'closed') await tick(1_000)
    server.accept()
    page.show('visible')
    await tick(60_000)
    expect([socket.status, page.listeners()]).toEqual(['closed', 0])
  })

  test('hold no timer while they are used up', async ({ page: _, server, open }) => {
    const { socket } = await open({ reconnect: { attempts: 1 } })
    server.refuse()
    server.vanish()
    while (socket.status !== 'closed') await tick(1_000)
    await tick(3 * HOP)
    expect(vi.getTimerCount()).toBe(0)
  })

  test.for<[string, Options, number | undefined]>([
    ['a final code', {}, 4403],
    ['reconnect: false', { reconnect: false }, undefined],
    ['a reconnect function that said null', { reconnect: () => null }, undefined],
  ])('what ended by %s is not revived', async ([, options, code], { page, server, open }) => {
    const { socket } = await open(options)
    if (code) server.hangUp(code)
    else server.vanish()
    await tick(HOP)
    page.show('visible')
    page.tell('online')
    socket.check()
    await tick(60_000)
    expect([socket.status, server.dials]).toEqual(['closed', 1])
  })
})

test.for([4001, 1000])(
  'two tabs that throw each other out with %i slow down',
  async (code, { server, dial }) => {
    // The server allows one connection: each new one ends the one before.
    server.onConnection = (peer) => {
      for (const other of server.live) if (other !== peer) other.close(code)
    }
    vi.spyOn(Math, 'random').mockReturnValue(1)
    dial()
    dial()
    await tick(30_000)
    const early = server.dials
    await tick(120_000)
    // The delays have reached their longest: 10 s each.
    expect(server.dials - early).toBeLessThanOrEqual(13)
    expect(early).toBeLessThanOrEqual(12)
  },
)

describe('a drop listener that sends again', () => {
  test.for<[string, Options['queue']]>([
    ['newest', { messages: 2 }],
    ['oldest', { messages: 2, overflow: 'oldest' }],
    ['no queue', false],
    ['bytes', { bytes: 2, overflow: 'oldest' }],
  ])('is bounded: %s', async ([, queue], { dial }) => {
    const { socket } = dial({ autoOpen: false, queue: queue ?? {} })
    let drops = 0
    socket.on('drop', ({ data }) => {
      if (++drops > 1_000) throw new Error('endless')
      socket.send(data)
    })
    for (const text of ['a', 'b', 'c', 'd']) socket.send(text)
    expect(drops).toBeLessThanOrEqual(4)
  })
})

describe('in a hidden tab', () => {
  test('what arrives arms the heartbeat again, so that silence is noticed in time', async ({
    page,
    server,
    open,
  }) => {
    const armed = vi.spyOn(globalThis, 'setTimeout')
    await open({ heartbeat: { ping: 'ping', interval: 25_000, timeout: 1_000 } })
    const counts: number[] = []
    for (const state of ['visible', 'hidden'] as const) {
      page.show(state)
      await tick(1_001)
      armed.mockClear()
      server.send('news')
      const own = armed.mock.calls.length
      await tick(HOP)
      counts.push(armed.mock.calls.length - own)
    }
    // A timer that is set inside a socket event starts a chain of its own, which Chromium does not hold to one a minute.
    expect(counts[1]).toBeGreaterThan(counts[0] ?? 0)
  })
})

describe('leaving the page', () => {
  test.for(['beforeunload', 'pagehide'])(
    'nothing is dialled after %s',
    async (type, { page, server, open }) => {
      const { socket, names } = await open({ reconnect: () => 100 })
      page.tell(type)
      // Firefox closes the sockets of a page at the beginning of a navigation.
      server.hangUp(1001)
      await tick(4_990)
      expect([server.dials, names()]).toEqual([1, ['connecting', 'open']])
      // The page is still there after 5 s: it was a download, or the user stayed.
      await tick(10 + 2 * HOP)
      expect([server.dials, socket.status]).toEqual([2, 'open'])
      expect(names()).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open'])
    },
  )

  test('back from the cache it heals at once', async ({ page, server, open }) => {
    const { socket } = await open({ reconnect: () => 60_000 })
    page.tell('beforeunload')
    page.tell('pagehide', { persisted: true })
    server.hangUp(1001)
    await tick(HOP)
    page.tell('pageshow', { persisted: true })
    await tick(2 * HOP)
    expect([socket.status, server.dials]).toEqual(['open', 2])
  })

  test('what is sent meanwhile is queued and arrives once', async ({ page, server, open }) => {
    const { socket } = await open()
    page.tell('pagehide')
    server.hangUp(1001)
    await tick(HOP)
    expect(socket.send('kept')).toBe('queued')
    page.tell('pageshow', { persisted: true })
    await tick(4 * HOP)
    expect(server.received).toEqual(['kept'])
  })

  test('an attempt that fails meanwhile is not followed by another', async ({ page, server, open }) => {
    await open({ reconnect: () => 100 })
    server.refuse()
    server.vanish()
    await tick(HOP)
    page.tell('beforeunload')
    await tick(4_900)
    expect(server.dials).toBe(1)
  })

  test('a connection that ends meanwhile and was being replaced is not told, and the new one stays', async ({
    page,
    server,
    open,
  }) => {
    const { socket, names } = await open()
    server.hangUp(1001)
    page.tell('beforeunload')
    socket.reconnect({ overlap: true })
    await tick(2 * HOP)
    socket.open()
    socket.check()
    await tick(10_000)
    expect([socket.status, server.dials, server.live.length]).toEqual(['open', 2, 1])
    expect(names()).toEqual(['connecting', 'open', 'open'])
  })

  test('close() while leaving emits one closed and nothing more', async ({ page, server, open }) => {
    const { socket, names } = await open()
    page.tell('pagehide')
    server.hangUp(1001)
    await tick(HOP)
    socket.close()
    await tick(10_000)
    expect(names()).toEqual(['connecting', 'open', 'closed'])
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('reconnect({ overlap: true })', () => {
  test('opens the next connection first, and misses nothing', async ({ server, open }) => {
    const { socket, names } = await open()
    const texts: string[] = []
    socket.on('text', (text) => texts.push(text))
    const [first] = server.live
    socket.reconnect({ overlap: true })
    await tick(1)
    first?.send('during')
    await tick(HOP)
    expect([socket.status, server.live.length]).toEqual(['open', 2])
    first?.send('late')
    await tick(HOP)
    socket.send('to the new one')
    await tick(HOP)
    expect(server.live.at(-1)?.received).toEqual(['to the new one'])
    expect(texts).toEqual(['during', 'late'])
    await tick(1_000 + 2 * HOP)
    expect([server.live.length, first?.closed?.code, names()]).toEqual([
      1,
      1000,
      ['connecting', 'open', 'open'],
    ])
  })

  test('keeps the present connection when the next one cannot be opened', async ({ server, open }) => {
    const { socket, names } = await open()
    server.refuse()
    socket.reconnect({ overlap: true })
    await tick(60_000)
    expect([socket.status, server.live.length, names()]).toEqual(['open', 1, ['connecting', 'open']])
  })

  test('goes on with the attempt when the present connection ends meanwhile', async ({ server, open }) => {
    const { socket, names } = await open({ reconnect: () => 60_000 })
    // It arrives before the other connection is open.
    server.hangUp(1012)
    socket.reconnect({ overlap: true })
    await tick(3 * HOP)
    expect([socket.status, server.dials]).toEqual(['open', 2])
    expect(names()).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open'])
  })

  test.for(['close', 'suspend'] as const)(
    '%s() ends both connections, and nothing is received after it',
    async (method, { server, open }) => {
      const { socket } = await open({ wake: false })
      const text = vi.fn()
      socket.on('text', text)
      socket.reconnect({ overlap: true })
      await tick(2 * HOP)
      expect(server.live.length).toBe(2)
      server.send('late')
      socket[method]()
      await tick(3 * HOP)
      expect([text.mock.calls.length, server.live.length, vi.getTimerCount()]).toEqual([0, 0, 0])
    },
  )
})

test('offline for 15 s on a silently dead connection without a heartbeat: dialled within 500 ms of online', async ({
  page,
  server,
  open,
}) => {
  const { socket } = await open({ reconnect: () => 60_000 })
  server.mute()
  page.setOnline(false)
  await tick(15_000)
  expect(server.dials).toBe(1)
  server.unmute()
  page.setOnline(true)
  await tick(500 + HOP)
  expect([server.dials, socket.status]).toEqual([2, 'open'])
})

test('offline for 15 s with a heartbeat: nothing is dialled meanwhile, and soon after online', async ({
  page,
  server,
  open,
}) => {
  const { socket, last } = await open({ heartbeat: { ping: 'ping', interval: 2_000, timeout: 1_000 } })
  server.mute()
  page.setOnline(false)
  await tick(15_000)
  expect([server.dials, last('waiting')?.close.cause]).toEqual([1, 'silent'])
  server.unmute()
  page.setOnline(true)
  await tick(500 + HOP)
  expect([server.dials, socket.status]).toEqual([2, 'open'])
})

test('a heartbeat without a pong gives the application each answer of a server that answers everything', async ({
  server,
  open,
}) => {
  server.onMessage = (peer) => peer.send('this is server')
  const { socket } = await open({ heartbeat: { ping: 'ping', interval: 1_000 } })
  const texts: string[] = []
  socket.on('text', (text) => texts.push(text))
  await tick(3_100)
  expect(texts).toEqual(['this is server', 'this is server', 'this is server'])
})

describe('heartbeat.ping as a function', () => {
  test('is called for each ping', async ({ server, open }) => {
    let count = 0
    server.onMessage = (peer) => peer.send('ok')
    await open({ heartbeat: { ping: () => `ping ${++count}`, interval: 1_000 } })
    await tick(3_100)
    expect(server.received).toEqual(['ping 1', 'ping 2', 'ping 3'])
  })

  test.for<[string, () => string]>([
    [
      'throws',
      () => {
        throw new Error('bug')
      },
    ],
    ['returns no message', () => 5 as never],
  ])(
    'that %s is reported, and the connection lives or dies by its frames',
    async ([, ping], { server, open, reports }) => {
      const { socket } = await open({ heartbeat: { ping, interval: 1_000, timeout: 500 } })
      await tick(1_200)
      expect(reports().length).toBeGreaterThan(0)
      server.send('news')
      await tick(400)
      expect(socket.status).toBe('open')
      await tick(5_000)
      reports()
    },
  )

  test('may close the socket', async ({ open }) => {
    const { socket } = await open({
      heartbeat: {
        ping: () => {
          socket.close()
          return 'ping'
        },
        interval: 1_000,
      },
    })
    await tick(1_000)
    expect(socket.status).toBe('closed')
    await tick(60_000)
  })
})
