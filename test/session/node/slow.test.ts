import { expect } from 'vitest'
import { test, until } from './fixtures.ts'

/**
 * A tenth of the default times, and a message that is under way for 1.8 times as long as a peer may be silent: 640 kB at
 * 10 kB/s, scaled down.
 */
const heartbeat = { interval: 2_500, timeout: 1_000 }
const BYTES = 640_000
const RATE = 100_000

test('a large message to the server on a slow line arrives, once, and so does what is behind it', {
  timeout: 120_000,
}, async ({ startServer, client, proxy }) => {
  const got: number[] = []
  const { port, sessions } = await startServer({ received: (_, data) => void got.push(data.length), ping: 2 })
  const line = await proxy({ port })
  const socket = client(line.url, { heartbeat })
  const closes: unknown[] = []
  socket.on('waiting', ({ close }) => closes.push(close.cause))
  await socket.opened()
  line.rate = RATE
  await Promise.all([socket.delivered('x'.repeat(BYTES)), socket.delivered('behind')])
  expect(got).toEqual([BYTES, 6])
  // It may take some connections until it is known how slow the line is; not many.
  expect(closes.length).toBeLessThan(4)
  expect(sessions.counters.silent).toBe(0)
})

test('a large message to the client on a slow line arrives, once, and so does what is behind it', {
  timeout: 120_000,
}, async ({ startServer, client, proxy }) => {
  const heard: number[] = []
  const { port, sessions, next } = await startServer({ ping: 2 })
  const line = await proxy({ port })
  const socket = client(line.url, { heartbeat })
  const closes: unknown[] = []
  socket.on('waiting', ({ close }) => closes.push(close.cause))
  socket.on('text', ({ length }) => heard.push(length))
  const session = await next()
  await socket.opened()
  line.downRate = RATE
  session.send('x'.repeat(BYTES))
  session.send('behind')
  await until(() => heard.length === 2, 100_000)
  expect(heard).toEqual([BYTES, 6])
  expect(closes.length).toBeLessThan(4)
  expect(sessions.counters.silent).toBe(0)
})
