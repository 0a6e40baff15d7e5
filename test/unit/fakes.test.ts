import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fake, HOP } from '../support/fakes.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const tick = (ms: number) => vi.advanceTimersByTimeAsync(ms)

/** A socket that is open, and what it has heard. */
const opened = async () => {
  const { FakeWebSocket, server } = fake()
  const socket = new FakeWebSocket(server.url)
  const heard: unknown[] = []
  socket.onmessage = ({ data }) => heard.push(data)
  socket.onclose = ({ code }) => heard.push(code)
  await tick(HOP)
  return { socket, server, heard }
}

// What no real server does on request; the rest is the contract's.
describe('the fake server', () => {
  test('accepts, refuses and hangs, dial by dial', async () => {
    const { FakeWebSocket, server } = fake()
    const states: number[] = []
    for (const answer of ['accept', 'refuse', 'hang'] as const) {
      server[answer]()
      const socket = new FakeWebSocket(server.url)
      await tick(60_000)
      states.push(socket.readyState)
    }
    expect(states).toEqual([FakeWebSocket.OPEN, FakeWebSocket.CLOSED, FakeWebSocket.CONNECTING])
    expect([server.dials, server.sockets.length, server.live.length]).toEqual([3, 2, 1])
  })

  test('lets a hung handshake be closed', async () => {
    const { FakeWebSocket, server } = fake()
    server.hang()
    const socket = new FakeWebSocket(server.url)
    socket.close()
    await tick(HOP)
    expect(socket.readyState).toBe(FakeWebSocket.CLOSED)
    expect(server.sockets).toEqual([])
  })

  test('keeps the parameters of the URL to the same server', async () => {
    const { FakeWebSocket, server } = fake()
    const socket = new FakeWebSocket(`${server.url}?token=1`)
    await tick(HOP)
    expect(socket.readyState).toBe(FakeWebSocket.OPEN)
    expect(server.peer.socket.url).toContain('?token=1')
  })

  test('is dead while it is muted, and close() then takes as long as in Chromium', async () => {
    const { socket, server, heard } = await opened()
    server.mute()
    server.send('lost')
    socket.send('lost')
    server.hangUp()
    await tick(HOP)
    expect([heard, server.received, socket.bufferedAmount]).toEqual([[], [], 0])
    socket.close()
    await tick(59_000)
    expect(heard).toEqual([])
    await tick(1_000)
    expect(heard).toEqual([1006])
  })

  test('stalls, drains by the byte, and flows again', async () => {
    const { socket, server } = await opened()
    server.stall()
    socket.send('12345')
    socket.send('678')
    await tick(HOP)
    expect([socket.bufferedAmount, server.received]).toEqual([8, []])
    server.drain(6)
    expect([socket.bufferedAmount, server.received]).toEqual([2, ['12345']])
    server.flow()
    expect([socket.bufferedAmount, server.received]).toEqual([0, ['12345', '678']])
  })

  test('hears how the client closed', async () => {
    const { socket, server } = await opened()
    const { peer } = server
    socket.send('last')
    socket.close(4001, 'bye')
    await tick(2 * HOP)
    expect(peer.received).toEqual(['last'])
    expect(peer.closed).toEqual({ code: 4001, reason: 'bye' })
    expect(server.live).toEqual([])
  })
})
