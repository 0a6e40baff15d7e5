import { describe, expect, vi } from 'vitest'
import { HOP, test, tick } from './stage.ts'

/** What became of a promise so far. */
const settled = (promise: Promise<unknown>) => {
  const state: { is: string; error?: unknown } = { is: 'pending' }
  promise.then(
    () => {
      state.is = 'resolved'
    },
    (error) => Object.assign(state, { is: 'rejected', error }),
  )
  return state
}

describe('opened()', () => {
  test('resolves when open, and at once when it is already', async ({ dial }) => {
    const { socket } = dial()
    const first = settled(socket.opened())
    await tick(HOP - 1)
    expect(first.is).toBe('pending')
    await tick(1)
    const second = settled(socket.opened())
    await tick()
    expect([first.is, second.is]).toEqual(['resolved', 'resolved'])
  })

  test('waits through failures', async ({ server, dial }) => {
    server.refuse()
    const { socket } = dial()
    const state = settled(socket.opened())
    await tick(500)
    server.accept()
    expect(state.is).toBe('pending')
    await tick(600)
    expect(state.is).toBe('resolved')
  })

  test('rejects when closed for good, and tells how', async ({ dial }) => {
    const { socket } = dial()
    const state = settled(socket.opened())
    socket.close(4000, 'bye')
    await tick()
    expect(state).toMatchObject({ is: 'rejected', error: { cause: { code: 4000, cause: 'user' } } })
    const late = settled(socket.opened())
    await tick()
    expect(late.is).toBe('rejected')
  })

  test('rejects with the reason of its signal, and removes its listeners', async ({ dial }) => {
    const { socket } = dial({ autoOpen: false })
    const abort = new AbortController()
    const removed = vi.spyOn(abort.signal, 'removeEventListener')
    const state = settled(socket.opened({ signal: abort.signal }))
    const why = new Error('enough')
    abort.abort(why)
    await tick()
    expect(state).toEqual({ is: 'rejected', error: why })
    expect(removed).toHaveBeenCalled()
    const never = settled(socket.opened({ signal: abort.signal }))
    await tick()
    expect(never).toEqual({ is: 'rejected', error: why })
  })
})

describe('drained()', () => {
  test.for([Number.NaN, '5', null, {}])('rejects for a limit of %s', async (limit, { dial }) => {
    const { socket } = dial()
    await expect(socket.drained(limit as number)).rejects.toThrow(
      /^holdfast: drained: the limit must be a number of bytes, not /,
    )
  })

  test('resolves at once where nothing is buffered', async ({ open }) => {
    const { socket } = await open()
    const state = settled(socket.drained())
    await tick()
    expect(state.is).toBe('resolved')
  })

  test('waits until no more than the limit is left', async ({ server, open }) => {
    const { socket } = await open()
    server.stall()
    socket.send(new Uint8Array(1_000))
    const low = settled(socket.drained(500))
    const all = settled(socket.drained())
    server.drain(499)
    await tick(100)
    expect([low.is, all.is]).toEqual(['pending', 'pending'])
    server.drain(1)
    await tick(100)
    expect([low.is, all.is]).toEqual(['resolved', 'pending'])
    server.flow()
    await tick(100)
    expect(all.is).toBe('resolved')
  })

  test('counts the queue', async ({ dial }) => {
    const { socket } = dial()
    socket.send('12345')
    const state = settled(socket.drained())
    await tick(HOP - 1)
    expect(state.is).toBe('pending')
    await tick(100)
    expect(state.is).toBe('resolved')
  })

  test('resolves when what was buffered is gone with its connection', async ({ server, open }) => {
    const { socket } = await open()
    server.stall()
    socket.send(new Uint8Array(1_000))
    const state = settled(socket.drained())
    server.vanish()
    await tick(2_000)
    expect(state.is).toBe('resolved')
  })

  test('rejects when closed for good, or by its signal, and leaves no timer', async ({ server, open }) => {
    const { socket } = await open({ wake: false })
    server.stall()
    socket.send(new Uint8Array(1_000))
    await tick(HOP)
    const abort = new AbortController()
    const aborted = settled(socket.drained(0, { signal: abort.signal }))
    abort.abort(new Error('enough'))
    await tick()
    expect(aborted).toEqual({ is: 'rejected', error: new Error('enough') })
    expect(vi.getTimerCount()).toBe(0)
    const closed = settled(socket.drained())
    socket.close()
    // Else the native socket waits for 60 s: its close frame comes after these bytes.
    server.flow()
    await tick(3 * HOP)
    expect(closed.is).toBe('rejected')
    expect(vi.getTimerCount()).toBe(0)
  })
})
