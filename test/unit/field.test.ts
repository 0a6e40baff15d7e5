import { describe, expect, vi } from 'vitest'
import { isFinal, type Options, Refused } from '../../src/index.ts'
import type { FakeServer } from '../support/fakes.ts'
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

describe('in a hidden tab of Chromium, where the fifth timer of a chain fires once a minute', () => {
  const heartbeat = { ping: 'ping', pong: 'pong', interval: 20_000, timeout: 5_000 }

  /** Holds timers back as Chromium does, by how many timers had set each other in a row. Returns when pings arrived. */
  const throttle = (server: FakeServer) => {
    const { setTimeout, clearTimeout } = globalThis
    const replaced = new Map<unknown, unknown>()
    let level = 0
    vi.stubGlobal('setTimeout', (run: () => void, ms = 0) => {
      // These are the network of the fake server, whose events are no timers.
      const own = ms === 0 || ms === HOP ? 0 : level + 1
      const fire = () => {
        const sinceMinute = performance.now() % 60_000
        if (document.visibilityState === 'hidden' && own >= 5 && sinceMinute) {
          replaced.set(timer, setTimeout(fire, 60_000 - sinceMinute))
          return
        }
        level = own
        run()
        level = 0
      }
      const timer = setTimeout(fire, ms)
      return timer
    })
    vi.stubGlobal('clearTimeout', (timer: never) => clearTimeout((replaced.get(timer) ?? timer) as never))
    const pings: number[] = []
    server.onMessage = (peer, data) => {
      if (data !== 'ping') return
      pings.push(performance.now())
      peer.send('pong')
    }
    return pings
  }

  const longestGap = (times: number[]) =>
    Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? 0)))

  test('pings keep their interval', async ({ page, server, open }) => {
    const pings = throttle(server)
    await open({ heartbeat })
    page.show('hidden')
    await tick(600_000)
    expect(pings.length).toBeGreaterThan(25)
    expect(longestGap(pings)).toBeLessThan(22_000)
  })

  test('pings keep their interval when the page is hidden after it was visible for long', async ({
    page,
    server,
    open,
  }) => {
    const pings = throttle(server)
    await open({ heartbeat })
    await tick(310_000)
    page.show('hidden')
    await tick(600_000)
    expect(pings.length).toBeGreaterThan(40)
    expect(longestGap(pings)).toBeLessThan(22_000)
  })

  test('pings keep their interval though a timer of the application calls check()', async ({
    page,
    server,
    open,
  }) => {
    const pings = throttle(server)
    const { socket } = await open({ heartbeat })
    const check = () => {
      socket.check()
      setTimeout(check, 30_000)
    }
    check()
    page.show('hidden')
    await tick(600_000)
    expect(longestGap(pings)).toBeLessThan(22_000)
  })

  test('what the server sends by itself arms the timer again, so that silence is noticed in time', async ({
    page,
    server,
    open,
  }) => {
    throttle(server)
    const { last } = await open({ heartbeat: { silence: 20_000 } })
    page.show('hidden')
    for (let seconds = 0; seconds < 300; seconds += 5) {
      server.send('news')
      await tick(5_000)
    }
    server.mute()
    await tick(22_000)
    expect(last('waiting')?.close.cause).toBe('silent')
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

  test('goes on with that one attempt, though a listener calls open() when it is told', async ({
    server,
    open,
  }) => {
    const { socket } = await open({ reconnect: () => 60_000 })
    socket.on('status', ({ status }) => {
      if (status === 'waiting') socket.open()
    })
    server.hangUp(1012)
    socket.reconnect({ overlap: true })
    await tick(3 * HOP)
    expect([socket.status, server.dials, server.live.length]).toEqual(['open', 2, 1])
  })

  test('receives nothing over an earlier connection while the socket is connecting', async ({
    server,
    open,
  }) => {
    const { socket } = await open({ wake: false })
    const text = vi.fn()
    socket.on('text', text)
    const [first] = server.live
    socket.reconnect({ overlap: true })
    await tick(2 * HOP)
    const second = server.live.at(-1)
    server.hang()
    socket.reconnect({ overlap: true })
    await tick(2 * HOP)
    second?.close(1012)
    await tick(2 * HOP)
    first?.send('late')
    await tick(2 * HOP)
    expect([socket.status, text.mock.calls, first?.closed?.code]).toEqual(['connecting', [], 1000])
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

describe('a ping that the browser refuses to send', () => {
  test('is reported once for each ping, and does not end the connection', async ({
    server,
    open,
    reports,
  }) => {
    const { socket } = await open({ heartbeat: { ping: 'ping', interval: 1_000, timeout: 500 } })
    for (const peer of server.live)
      vi.spyOn(peer.socket, 'send').mockImplementation(() => {
        throw new TypeError('It can be resized')
      })
    await tick(3_500)
    expect(reports()).toMatchObject(
      Array(3).fill({
        message: 'holdfast: heartbeat.ping: It can be resized. No ping was sent.',
        cause: new TypeError('It can be resized'),
      }),
    )
    expect([socket.status, server.dials]).toEqual(['open', 1])
  })

  test('has no answer: a pong that arrives nevertheless is no pulse', async ({ server, open, reports }) => {
    const { all } = await open({ heartbeat: { ping: 'ping', pong: 'pong', interval: 1_000 } })
    for (const peer of server.live)
      vi.spyOn(peer.socket, 'send').mockImplementation(() => {
        throw new TypeError('It can be resized')
      })
    await tick(1_000)
    server.send('pong')
    await tick(HOP)
    expect([reports().length, all('pulse')]).toEqual([1, []])
  })

  test('because the connection is closing already ends it as silent', async ({ server, open }) => {
    const { last } = await open({ heartbeat: { ping: 'ping', interval: 1_000, timeout: 500 } })
    for (const { socket } of server.live) {
      vi.spyOn(socket, 'readyState', 'get').mockReturnValue(2)
      vi.spyOn(socket, 'send').mockImplementation(() => {
        throw new Error('It is closing')
      })
    }
    await tick(1_500)
    expect(last('waiting')?.close.cause).toBe('silent')
  })
})

describe('heartbeat.pong as a function', () => {
  test.for<[what: string, pong: () => boolean, message: string]>([
    [
      'throws',
      () => {
        throw new Error('bug')
      },
      'holdfast: heartbeat.pong: bug',
    ],
    [
      'throws what cannot be converted to text',
      () => {
        throw Object.create(null)
      },
      'holdfast: heartbeat.pong: an object',
    ],
    [
      'returns a promise',
      async () => Promise.reject(new Error('bug')) as never,
      'holdfast: heartbeat.pong: the function must return a boolean, not a promise',
    ] as never,
  ])(
    'that %s is reported by its name, and the frame is a message',
    async ([, pong, message], { server, open, reports }) => {
      const { socket, all } = await open({
        heartbeat: { ping: 'ping', pong, interval: 1_000, timeout: 500 },
      })
      const texts: string[] = []
      socket.on('text', (text) => texts.push(text))
      server.send('news')
      await tick(HOP)
      expect(reports()).toMatchObject([{ message }])
      expect([texts, all('pulse')]).toEqual([['news'], []])
    },
  )
})

describe('heartbeat.ping as a function', () => {
  test('is called for each ping', async ({ server, open }) => {
    let count = 0
    server.onMessage = (peer) => peer.send('ok')
    await open({ heartbeat: { ping: () => `ping ${++count}`, interval: 1_000 } })
    await tick(3_100)
    expect(server.received).toEqual(['ping 1', 'ping 2', 'ping 3'])
  })

  /** What a JavaScript application may return by mistake, and what is reported. */
  const mistakes: [what: string, ping: () => string, message: string][] = [
    [
      'throws',
      () => {
        throw new Error('bug')
      },
      'holdfast: heartbeat.ping: bug. No ping was sent.',
    ],
    [
      'throws what cannot be converted to text',
      () => {
        throw Object.create(null)
      },
      'holdfast: heartbeat.ping: an object. No ping was sent.',
    ],
    [
      'returns no message',
      () => 5 as never,
      'holdfast: heartbeat.ping: the function must return a message, not 5. No ping was sent.',
    ],
    [
      'returns a promise',
      async () => 'ping' as never,
      'holdfast: heartbeat.ping: the function must return a message, not a promise. No ping was sent.',
    ],
    [
      'returns a promise that rejects',
      () => Promise.reject(new Error('bug')) as never,
      'holdfast: heartbeat.ping: the function must return a message, not a promise. No ping was sent.',
    ],
  ].map((each) => each as never)

  test.for(mistakes)(
    'that %s is reported once for each ping, and does not end the connection',
    async ([, ping, message], { server, open, reports }) => {
      const { socket } = await open({ heartbeat: { ping, interval: 1_000, timeout: 500 } })
      await tick(10_500)
      expect(reports().map((error) => (error as Error).message)).toEqual(Array(10).fill(message))
      expect([socket.status, server.dials, server.received]).toEqual(['open', 1, []])
    },
  )

  test.for(mistakes)(
    'that %s at first does not switch the detection off',
    async ([, mistake], { server, open, reports }) => {
      let pings = 0
      const ping = () => (++pings > 3 ? 'ping' : mistake())
      const { last } = await open({ heartbeat: { ping, interval: 1_000, timeout: 500 } })
      server.mute()
      await tick(4_499)
      expect([reports().length, last('waiting')]).toEqual([3, undefined])
      await tick(1)
      expect(last('waiting')?.close.cause).toBe('silent')
    },
  )

  test('that throws when the page asks is reported, and asked again after the interval', async ({
    server,
    open,
    reports,
  }) => {
    let isBroken = true
    const ping = () => {
      if (isBroken) throw new Error('bug')
      return 'ping'
    }
    const { socket } = await open({ heartbeat: { ping, interval: 1_000, timeout: 500 } })
    await tick(500)
    socket.check()
    expect(reports()).toMatchObject([{ message: expect.stringContaining('heartbeat.ping') }])
    isBroken = false
    await tick(999)
    expect(server.received).toEqual([])
    await tick(1 + HOP)
    expect(server.received).toEqual(['ping'])
  })

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
