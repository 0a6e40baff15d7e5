import { getEventListeners } from 'node:events'
import { expect, vi } from 'vitest'
import { HOP, test, tick } from './stage.ts'

test('aborting closes, with the reason as the error', async ({ server, open }) => {
  const abort = new AbortController()
  const { socket, last } = await open({ signal: abort.signal })
  const { peer } = server
  const why = new Error('unmounted')
  abort.abort(why)
  expect(socket.status).toBe('closed')
  expect(last('closed')).toMatchObject({ cause: 'signal', error: why })
  await tick(3 * HOP)
  expect(peer.closed?.code).toBe(1000)
  expect(vi.getTimerCount()).toBe(0)
})

test('aborting ends a backoff', async ({ server, open }) => {
  const abort = new AbortController()
  await open({ signal: abort.signal })
  server.vanish()
  await tick(HOP)
  abort.abort()
  await tick(60_000)
  expect(server.dials).toBe(1)
})

test('what was aborted before never dials', async ({ server, dial }) => {
  const { socket } = dial({ signal: AbortSignal.abort() })
  await tick(1_000)
  expect([socket.status, server.dials]).toEqual(['closed', 0])
  socket.open()
  await tick(1_000)
  expect([socket.status, server.dials]).toEqual(['closed', 0])
})

test('what was aborted holds on to nothing, however often it is opened', async ({ dial }) => {
  const signal = AbortSignal.abort()
  const { socket } = dial({ signal })
  for (let i = 0; i < 5; i++) socket.open()
  expect([socket.status, getEventListeners(signal, 'abort')]).toEqual(['closed', []])
})

test('aborting after close is not heard', async ({ open }) => {
  const abort = new AbortController()
  const { socket, names } = await open({ signal: abort.signal })
  socket.close()
  const before = names()
  abort.abort()
  expect(names()).toEqual(before)
})

test('a signal is not held on to', async ({ open }) => {
  const { signal } = new AbortController()
  const added = vi.spyOn(signal, 'addEventListener')
  const removed = vi.spyOn(signal, 'removeEventListener')
  const { socket } = await open({ signal })
  for (let i = 0; i < 5; i++) {
    socket.reconnect()
    await tick(2 * HOP)
  }
  expect(added).toHaveBeenCalledOnce()
  socket.close()
  expect(removed).toHaveBeenCalledOnce()
})
