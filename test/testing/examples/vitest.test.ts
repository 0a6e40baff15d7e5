import { Socket } from 'holdfast'
import { FakeServer, seeded } from 'holdfast/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

let server: FakeServer
let random: ReturnType<typeof seeded>

beforeEach(() => {
  vi.useFakeTimers()
  random = seeded(1)
  server = new FakeServer('wss://example.com/chat').install()
})

afterEach(() => {
  server.restore()
  random.restore()
  vi.useRealTimers()
})

test('what is sent during an outage arrives after it', async () => {
  const socket = new Socket('wss://example.com/chat')
  await server.connected()

  server.refuse()
  server.vanish()
  await vi.advanceTimersByTimeAsync(30_000)
  expect(socket.send('are you there?')).toBe('queued')

  server.accept()
  const client = await server.connected({ within: 15_000 })
  await client.heard('are you there?')
  client.say({ type: 'answer', text: 'yes' })
  socket.close()
  expect(await client.ended()).toMatchObject({ code: 1000 })
})

test('a silent server is noticed', async () => {
  const heartbeat = { ping: 'ping', pong: 'pong', interval: 20_000, timeout: 5_000 }
  const socket = new Socket('wss://example.com/chat', { heartbeat })
  await server.connected()

  await server.heard('ping', { within: 25_000 })
  server.say('pong')

  server.mute()
  await vi.advanceTimersByTimeAsync(26_000)
  expect(socket.status).not.toBe('open')

  server.unmute()
  await server.connected({ within: 15_000 })
  expect(socket.status).toBe('open')
  socket.close()
})
