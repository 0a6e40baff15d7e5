// Handlers that take long, or never end, and clients that move meanwhile.
import { expect, test, vi } from 'vitest'
import { until } from '../node/fixtures.ts'
import { client, greet, id, ownRedis, startServer } from './fixtures.ts'

test('a handler that never settles, and its client moves: after `grace` the next process has the message, with the same key', async () => {
  const redis = await ownRedis()
  const keys: string[] = []
  const note = (_: unknown, __: unknown, key: string) => void keys.push(key)
  const stuck = await startServer(redis.port, {
    received: (_, __, key) => {
      keys.push(key)
      return new Promise(() => {})
    },
  })
  const next = await startServer(redis.port, { received: note })
  let url = stuck.url
  const socket = client(() => url)
  const endings: unknown[] = []
  for (const name of ['fresh', 'closed'] as const) socket.on(name, (value) => endings.push(value))
  await socket.opened()
  const delivered = socket.delivered('once')
  await until(() => keys.length === 1)
  url = next.url
  const timers = vi.spyOn(globalThis, 'setTimeout')
  const from = performance.now()
  socket.reconnect()
  await delivered
  const seconds = (performance.now() - from) / 1_000
  const perSecond = timers.mock.calls.length / seconds
  timers.mockRestore()
  expect(keys).toHaveLength(2)
  expect(keys[1]).toBe(keys[0])
  expect(endings).toEqual([])
  // The client, both processes and the test: nobody polls.
  expect(perSecond).toBeLessThan(500)
})

test('a slow handler: its client is back at once in the same process, and the message is handled once', async () => {
  const redis = await ownRedis()
  let finish = () => {}
  let handled = 0
  const { url } = await startServer(redis.port, {
    received: () => {
      handled++
      return new Promise<void>((resolve) => {
        finish = resolve
      })
    },
  })
  const socket = client(url)
  await socket.opened()
  const delivered = socket.delivered('slow')
  await until(() => handled === 1)
  for (let times = 0; times < 3; times++) {
    const resumed = new Promise((resolve) => socket.on('resumed', resolve))
    socket.reconnect()
    await resumed
  }
  finish()
  await delivered
  expect(handled).toBe(1)
})

test('what waits behind a slow handler is handled, once, when its client comes to another process', async () => {
  const redis = await ownRedis()
  const got: string[] = []
  let finish = () => {}
  const slow = await startServer(redis.port, {
    received: (_, data) => {
      got.push(String(data))
      return new Promise<void>((resolve) => {
        finish = resolve
      })
    },
  })
  const next = await startServer(redis.port, { received: (_, data) => void got.push(String(data)) })
  let url = slow.url
  const socket = client(() => url)
  await socket.opened()
  const all = ['1', '2', '3'].map((text) => socket.delivered(text))
  await until(() => got.length === 1)
  url = next.url
  socket.reconnect()
  setTimeout(() => finish(), 500)
  await Promise.all(all)
  expect(got).toEqual(['1', '2', '3'])
})

test('send() to any session resolves once it is stored', async () => {
  const redis = await ownRedis()
  const owner = await startServer(redis.port)
  const other = await startServer(redis.port)
  const { raw } = await greet(owner.url, { id: id() })
  const [session] = owner.sessions
  const name = session?.id as string
  expect(await owner.sessions.send(name, 'one')).toBe(true)
  expect(await redis.client.xlen(`holdfast:{${name}}:outbox`)).toBe(1)
  expect(await raw.next()).toBe('one')
  redis.pause()
  let answer: unknown
  const sending = owner.sessions.send(name, 'two').then((stored) => {
    answer = stored
  })
  // The process has noticed that Redis does not answer.
  expect([1012, 1013]).toContain((await raw.closed).code)
  expect(answer).toBe(undefined)
  redis.resume()
  await sending
  expect(answer).toBe(true)
  expect(await redis.client.hget(`holdfast:{${name}}:session`, 'sent')).toBe('2')
  expect(await other.sessions.send('nobody', 'three')).toBe(false)
})
