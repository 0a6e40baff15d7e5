import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { hold, sharedSocket } from '../../src/bindings/shared-sockets.ts'
import { Socket } from '../../src/index.ts'

class Silent extends EventTarget {
  static made = 0
  readonly readyState = 0
  constructor() {
    super()
    Silent.made++
  }
  close() {}
}

let made = 0
const create = () => {
  made++
  return new Socket('wss://example.com/', { autoOpen: false, WebSocket: Silent as never })
}

beforeEach(() => {
  vi.useFakeTimers()
  made = Silent.made = 0
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a socket that is created while rendering', () => {
  test('is the same for each rendering', () => {
    expect(sharedSocket('same', create)).toBe(sharedSocket('same', create))
    expect(made).toBe(1)
  })

  test('is forgotten if nothing with it is mounted', () => {
    const first = sharedSocket('discarded', create)
    vi.runAllTimers()
    expect(vi.getTimerCount()).toBe(0)
    expect(sharedSocket('discarded', create)).not.toBe(first)
    expect(first.status).toBe('idle')
    expect(Silent.made).toBe(0)
    vi.runAllTimers()
  })

  test('is not forgotten while it is held, however long', () => {
    const first = sharedSocket('held', create)
    const release = hold('held', create)
    vi.advanceTimersByTime(60_000)
    expect(sharedSocket('held', create)).toBe(first)
    release()
    vi.advanceTimersByTime(1)
    expect(first.status).toBe('closed')
    expect(sharedSocket('held', create)).not.toBe(first)
    vi.runAllTimers()
  })
})

test('a socket that is held and released in one task never dials', () => {
  hold('brief', create)()
  vi.runAllTimers()
  expect(Silent.made).toBe(0)
})

test('each holder releases once', () => {
  const releases = [hold('two', create), hold('two', create)]
  vi.advanceTimersByTime(1)
  const socket = sharedSocket('two', create)
  expect(socket.status).toBe('connecting')
  releases[0]?.()
  vi.advanceTimersByTime(1)
  expect(socket.status).toBe('connecting')
  releases[1]?.()
  vi.advanceTimersByTime(1)
  expect(socket.status).toBe('closed')
})
