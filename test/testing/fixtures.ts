import { test as base, vi } from 'vitest'
import { FakeServer, type FakeServerOptions, type UrlPattern } from '../../src/testing/index.ts'

interface Fixtures {
  /** A server that is restored after the test. */
  serve: (pattern?: UrlPattern, options?: FakeServerOptions) => FakeServer
  /** Fake timers for this test. */
  clock: { tick: (ms: number) => Promise<unknown> }
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  serve: async ({}, use) => {
    const servers: FakeServer[] = []
    await use((pattern, options) => {
      const server = new FakeServer(pattern, options)
      servers.push(server)
      return server
    })
    for (const server of servers) server.restore()
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  clock: async ({}, use) => {
    vi.useFakeTimers()
    await use({ tick: (ms) => vi.advanceTimersByTimeAsync(ms) })
    vi.useRealTimers()
  },
})

/** A socket and what it has heard: the data of messages, the codes of closes, and the names of other events. */
export function listen(socket: WebSocket) {
  const events: unknown[] = []
  socket.onopen = socket.onerror = ({ type }) => void events.push(type)
  socket.onmessage = ({ data }) => void events.push(data)
  socket.onclose = ({ code, reason }) => void events.push([code, reason])
  return events
}
