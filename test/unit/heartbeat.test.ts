import { describe, expect, vi } from 'vitest'
import { HOP, setClock, sleep, test, tick } from './stage.ts'

const heartbeat = { ping: 'ping', pong: 'pong', interval: 1_000, timeout: 400 }

/** A server that answers pings. */
const answering = { onMessage: (peer: { send: (data: string) => void }) => peer.send('pong') }

describe('a ping', () => {
  test('goes out when the connection has been quiet for the interval', async ({ server, open }) => {
    Object.assign(server, answering)
    await open({ heartbeat })
    await tick(999 + HOP)
    expect(server.received).toEqual([])
    await tick(1 + HOP)
    expect(server.received).toEqual(['ping'])
  })

  test('goes out though the server talks, when only we are quiet', async ({ server, open }) => {
    await open({ heartbeat })
    for (let ms = 0; ms < 1_000; ms += 200) {
      server.send('news')
      await tick(200)
    }
    await tick(HOP)
    expect(server.received).toEqual(['ping'])
  })

  test('goes out though we talk, when the server is quiet', async ({ server, open }) => {
    const { socket } = await open({ heartbeat })
    for (let ms = 0; ms < 1_000; ms += 200) {
      socket.send('news')
      await tick(200)
    }
    await tick(HOP)
    expect(server.received.filter((data) => data === 'ping')).toHaveLength(1)
  })

  test('is not needed while both talk', async ({ server, open }) => {
    const { socket } = await open({ heartbeat })
    for (let ms = 0; ms < 5_000; ms += 500) {
      socket.send('news')
      server.send('news')
      await tick(500)
    }
    expect(server.received).not.toContain('ping')
  })

  test('may be bytes', async ({ server, open }) => {
    await open({ heartbeat: { ...heartbeat, ping: new Uint8Array([9]) } })
    await tick(1_000 + HOP)
    expect(server.received).toEqual([new Uint8Array([9])])
  })

  test('is never sent unless asked for', async ({ server, open }) => {
    const { socket } = await open()
    await tick(300_000)
    expect([server.received, socket.status]).toEqual([[], 'open'])
  })

  test('is not queued while there is no connection', async ({ server, open }) => {
    const { socket } = await open({ heartbeat, reconnect: () => 60_000 })
    server.vanish()
    await tick(50_000)
    expect(socket.bufferedAmount).toBe(0)
  })

  test('starts again after a reconnect', async ({ server, open }) => {
    Object.assign(server, answering)
    const { socket } = await open({ heartbeat })
    await tick(900)
    socket.reconnect()
    await tick(2 * HOP + 900)
    expect(server.received).toEqual([])
    await tick(100 + HOP)
    expect(server.received).toEqual(['ping'])
  })
})

describe('a pong', () => {
  test('is emitted as a pulse and not as a message', async ({ server, open }) => {
    Object.assign(server, answering)
    const { socket, all } = await open({ heartbeat })
    const messages = vi.fn()
    socket.on('message', messages)
    socket.on('text', messages)
    await tick(1_000 + 2 * HOP)
    expect(all('pulse')).toEqual([{ rtt: 2 * HOP }])
    expect(messages).not.toHaveBeenCalled()
  })

  test('may be known by a function', async ({ server, open }) => {
    const { socket, all } = await open({
      heartbeat: { ...heartbeat, pong: ({ data }) => String(data).startsWith('pong') },
    })
    const texts: string[] = []
    socket.on('text', (text) => texts.push(text))
    await tick(1_000)
    server.send('pong 1')
    server.send('not a pong')
    await tick(HOP)
    expect([all('pulse').length, texts]).toEqual([1, ['not a pong']])
  })

  test('may be left out: then every frame is a message, and life', async ({ server, open }) => {
    const { ping, interval, timeout } = heartbeat
    server.onMessage = (peer) => peer.send('whatever')
    const { socket } = await open({ heartbeat: { ping, interval, timeout } })
    const texts: string[] = []
    socket.on('text', (text) => texts.push(text))
    await tick(5_000)
    expect(socket.status).toBe('open')
    expect(texts).toContain('whatever')
  })

  test('is not the only sign of life: any frame is', async ({ server, open }) => {
    const { socket } = await open({ heartbeat })
    for (let ms = 0; ms < 5_000; ms += 300) {
      server.send('news')
      await tick(300)
    }
    expect(socket.status).toBe('open')
  })
})

describe('a silent peer', () => {
  test('is dropped at interval + timeout, not 60 s later', async ({ server, open }) => {
    const { socket, last } = await open({ heartbeat })
    server.mute()
    await tick(1_399)
    expect(socket.status).toBe('open')
    await tick(1)
    expect(socket.status).toBe('waiting')
    expect(last('waiting')?.close).toMatchObject({ code: 1006, wasClean: false, cause: 'silent' })
  })

  test('is not heard any more, whatever it still says', async ({ server, open }) => {
    const { socket, names } = await open({ heartbeat, reconnect: () => 60_000 })
    const texts = vi.fn()
    socket.on('text', texts)
    server.mute()
    await tick(1_400)
    const before = names()
    server.unmute()
    server.send('late')
    server.vanish()
    await tick(10_000)
    expect(texts).not.toHaveBeenCalled()
    expect(names()).toEqual(before)
  })

  test('is given the defaults, 25 s and 10 s', async ({ server, open }) => {
    const { socket } = await open({ heartbeat: { ping: 'ping', interval: undefined } })
    server.mute()
    await tick(34_999)
    expect(socket.status).toBe('open')
    await tick(1)
    expect(socket.status).toBe('waiting')
  })

  test('is asked once more when our own timer came late', async ({ server, open }) => {
    const { socket } = await open({ heartbeat })
    server.mute()
    await tick(1_000)
    sleep(30_000)
    await tick(400)
    expect(socket.status).toBe('open')
    await tick(5_000)
    expect(socket.status).toBe('waiting')
  })

  test('that answers the second question has lived all along', async ({ server, open }) => {
    Object.assign(server, answering)
    const { socket, names } = await open({ heartbeat })
    await tick(600)
    sleep(45_000)
    await tick(10_000)
    expect(socket.status).toBe('open')
    expect(names()).not.toContain('waiting')
  })

  test('is not judged while a message of ours is still leaving', async ({ server, open }) => {
    const { socket } = await open({ heartbeat })
    server.stall()
    socket.send(new Uint8Array(10_000))
    for (let ms = 0; ms < 10_000; ms += 200) {
      server.drain(100)
      await tick(200)
    }
    expect(socket.status).toBe('open')
  })

  test('is not judged while bytes leave, though as many are given again', async ({ server, open }) => {
    const { socket } = await open({ heartbeat })
    server.stall()
    socket.send(new Uint8Array(10_000))
    for (let ms = 0; ms < 10_000; ms += 200) {
      server.drain(100)
      socket.send(new Uint8Array(100))
      await tick(200)
    }
    expect(socket.status).toBe('open')
  })

  test('is judged though the page goes on talking to it', async ({ server, open }) => {
    const { socket } = await open({ heartbeat })
    server.mute()
    for (let ms = 0; ms < 2_000 && socket.status === 'open'; ms += 100) {
      socket.send('are you there?')
      await tick(100)
    }
    expect(socket.status).toBe('waiting')
  })

  test('is judged when what we sent no longer leaves', async ({ server, open }) => {
    const { socket } = await open({ heartbeat })
    server.stall()
    socket.send(new Uint8Array(10_000))
    await tick(1_000 + 400)
    expect(socket.status).toBe('waiting')
  })

  test('is also found by silence alone, where the server speaks on its own', async ({ server, open }) => {
    const { socket, last } = await open({ heartbeat: { silence: 1_000 } })
    for (let ms = 0; ms < 3_000; ms += 500) {
      server.send('tick')
      await tick(500)
    }
    expect(socket.status).toBe('open')
    await tick(501 + HOP)
    expect([socket.status, last('waiting')?.close.cause]).toEqual(['waiting', 'silent'])
    expect(server.received).toEqual([])
  })

  test('is not judged sooner by silence when the page comes back', async ({ page, server, open }) => {
    const { socket } = await open({ heartbeat: { silence: 20_000 } })
    page.resume()
    await tick(19_000)
    expect([socket.status, server.received]).toEqual(['open', []])
  })
})

test.for([-3_600_000, 3_600_000])(
  'a clock that is set by %i ms harms nobody',
  async (ms, { server, open }) => {
    Object.assign(server, answering)
    const { socket } = await open({ heartbeat, reconnect: false })
    setClock(ms)
    await tick(10_000)
    expect(socket.status).toBe('open')
    server.mute()
    await tick(1_500)
    expect(socket.status).toBe('closed')
  },
)

describe('timers', () => {
  test('are one per open socket with a heartbeat, and one of the page beside them', async ({
    server,
    open,
  }) => {
    Object.assign(server, answering)
    const { socket } = await open({ heartbeat, wake: false })
    expect(vi.getTimerCount()).toBe(1)
    for (let i = 0; i < 100; i++) socket.send('news')
    await tick(HOP)
    server.send('news')
    await tick(10 * HOP)
    expect(vi.getTimerCount()).toBe(1)
    await open({ heartbeat })
    await open({ heartbeat })
    expect(vi.getTimerCount()).toBe(4)
  })

  test('are one for all sockets without a heartbeat, and none without wake', async ({ open }) => {
    await open({ wake: false })
    expect(vi.getTimerCount()).toBe(0)
    await open()
    await open()
    await open()
    expect(vi.getTimerCount()).toBe(1)
  })

  test('of a page are there while one socket needs them', async ({ open }) => {
    const [first, second] = [await open(), await open()]
    first.socket.close()
    await tick(3 * HOP)
    expect(vi.getTimerCount()).toBe(1)
    second.socket.close()
    await tick(3 * HOP)
    expect(vi.getTimerCount()).toBe(0)
    second.socket.open()
    await tick(HOP)
    expect(vi.getTimerCount()).toBe(1)
  })

  test('are none after close', async ({ open }) => {
    const { socket } = await open({ heartbeat })
    socket.close()
    await tick(3 * HOP)
    expect(vi.getTimerCount()).toBe(0)
  })
})
