import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { type Closed, type Options, Socket } from '../../src/index.ts'
import { test as base } from '../support/fixtures.ts'
import type { Peer } from '../support/server.ts'

const READ_TIMEOUT = 2_000

interface Dialled {
  socket: Socket
  /** What ended its connections. */
  ends: Closed[]
}

const test = base.extend<{ dial: (url: string, options?: Options) => Dialled }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  dial: async ({}, use) => {
    const sockets: Socket[] = []
    await use((url, options = {}) => {
      const socket = new Socket(url, { WebSocket, ...options })
      sockets.push(socket)
      const ends: Closed[] = []
      socket.on('waiting', ({ close }) => ends.push(close))
      return { socket, ends }
    })
    for (const socket of sockets) socket.close()
  },
})

const answersPings = (peer: Peer) => {
  peer.socket.on('message', (data) => data.toString() === 'ping' && peer.send('pong'))
}

/** Resolves with how long it took. */
const elapsed = async (promise: Promise<unknown>) => {
  const start = performance.now()
  await promise
  return performance.now() - start
}

describe('behind nginx with proxy_read_timeout 2s', () => {
  test.concurrent('a heartbeat keeps the line through several timeouts', async ({ listen, nginx, dial }) => {
    const server = await listen()
    const { url } = await nginx({ port: server.port, readTimeout: `${READ_TIMEOUT}ms` })
    const heartbeat = { ping: 'ping', pong: 'pong', interval: 500, timeout: 400 }
    const { socket, ends } = dial(url, { heartbeat })
    answersPings(await server.connection())
    await socket.opened()

    let pulses = 0
    const kept = new Promise<void>((resolve) => {
      socket.on('pulse', () => ++pulses * 500 > 3 * READ_TIMEOUT && resolve())
    })
    expect(await elapsed(kept)).toBeGreaterThan(3 * READ_TIMEOUT)
    expect([socket.status, ends, server.dials]).toEqual(['open', [], 1])
  })

  test.concurrent('without one the line is cut, which is seen and healed', async ({
    listen,
    nginx,
    dial,
  }) => {
    const server = await listen()
    const { url } = await nginx({ port: server.port, readTimeout: `${READ_TIMEOUT}ms` })
    const { socket, ends } = dial(url, { reconnect: { base: 100 } })
    await socket.opened()
    await server.connection()

    const reopened = new Promise((resolve) => socket.on('open', resolve))
    const until = await elapsed(reopened)
    expect(until).toBeGreaterThan(READ_TIMEOUT - 100)
    expect(until).toBeLessThan(READ_TIMEOUT + 1_500)
    expect(ends).toMatchObject([{ cause: 'peer', code: 1006, wasClean: false }])

    // Healed: what is sent now arrives, on the only connection there is.
    expect(socket.send('still here')).toBe('sent')
    const second = await server.connection()
    expect(await second.message()).toBe('still here')
    expect(server.live).toEqual([second])
  })

  test.concurrent('data of the server keeps it as well', async ({ listen, nginx, dial, onTestFinished }) => {
    const server = await listen()
    const { url } = await nginx({ port: server.port, readTimeout: `${READ_TIMEOUT}ms` })
    const { socket, ends } = dial(url)
    await socket.opened()
    const peer = await server.connection()
    const pushes = setInterval(() => peer.send('tick'), 500)
    onTestFinished(() => clearInterval(pushes))
    let heard = 0
    await new Promise<void>((resolve) => {
      socket.on('text', () => ++heard * 500 > 1.5 * READ_TIMEOUT && resolve())
    })
    expect([socket.status, ends, server.dials]).toEqual(['open', [], 1])
  })

  test('a backend that is down is a failed attempt, and is found when it is back', async ({
    listen,
    nginx,
    dial,
  }) => {
    const server = await listen()
    const { url } = await nginx({ port: server.port })
    await server.stop()
    const { socket, ends } = dial(url, { reconnect: { base: 50, max: 50 } })
    await expect.poll(() => ends.length).toBeGreaterThan(1)
    expect(ends[0]).toMatchObject({ cause: 'peer', code: 1006 })
    await server.start()
    await socket.opened()
    expect(server.dials).toBe(1)
  })
})
