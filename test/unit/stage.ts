import { test as base, expect, vi } from 'vitest'
import { EVENTS } from '../../src/core/event-names.ts'
import { type Data, type Events, type Options, Socket } from '../../src/index.ts'
import { useFakeClock } from '../support/clock.ts'
import { type FakeServer, fake, HOP } from '../support/fakes.ts'
import { Target } from './page.ts'

export { setClock, sleep } from '../support/clock.ts'
export { HOP }

/** Lets time pass, and everything happen that is due. */
export const tick = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

type Name = (typeof EVENTS)[number]
/**
 * Nobody listens for `json` in a stage, so that only those who want JSON have it parsed. `status` comes with every other
 * transition, and has tests of its own.
 */
const overheard = EVENTS.filter((name) => !['json', 'message', 'text', 'status'].includes(name))

export interface Heard {
  name: Name
  value: unknown
}

/** Everything a socket says, in order. */
export function listen<In, Out>(socket: Socket<In, Out>, which: readonly Name[] = overheard) {
  const heard: Heard[] = []
  for (const name of which) socket.on(name, (value) => heard.push({ name, value }))
  return {
    heard,
    /** The names of the events so far. */
    names: () => heard.map(({ name }) => name),
    /** The values of one event so far. */
    all: <N extends Name>(name: N) =>
      heard.filter((entry) => entry.name === name).map(({ value }) => value as Events<In>[N]),
    /** The latest value of one event. */
    last: <N extends Name>(name: N) =>
      heard.filter((entry) => entry.name === name).at(-1)?.value as Events<In>[N] | undefined,
  }
}

export interface Page {
  /** The page hears this, as `window` does. */
  tell: (type: string, properties?: object) => void
  /** `document` hears it. */
  show: (visibilityState: 'visible' | 'hidden') => void
  resume: () => void
  /** What `navigator.onLine` says, told by an `offline` or `online` event. */
  setOnline: (onLine: boolean) => void
  /** How many listeners are registered on `window` and `document` together. */
  listeners: () => number
}

type Address = ConstructorParameters<typeof Socket>[0]

interface Fixtures {
  clock: undefined
  server: FakeServer
  /** A socket to the fake server, and what it says. */
  dial: <In = unknown, Out = unknown>(
    options?: Options<In>,
    url?: Address,
  ) => { socket: Socket<In, Out> } & ReturnType<typeof listen<In, Out>>
  /** The same, after it has opened. */
  open: <In = unknown, Out = unknown>(
    options?: Options<In>,
    url?: Address,
  ) => Promise<{ socket: Socket<In, Out> } & ReturnType<typeof listen<In, Out>>>
  /** What was reported to the page since the last question. What nobody asks for fails the test. */
  reports: () => unknown[]
  page: Page
}

/** `test` on fake timers, with a fake server of its own; a random wait is half of what it may be. */
export const test = base.extend<Fixtures>({
  clock: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
    async ({}, use) => {
      useFakeClock()
      vi.spyOn(Math, 'random').mockReturnValue(0.5)
      await use(undefined)
      vi.restoreAllMocks()
      vi.unstubAllGlobals()
      vi.useRealTimers()
    },
    { auto: true },
  ],
  reports: [
    async ({ clock: _ }, use) => {
      const reported: unknown[] = []
      vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
      await use(() => reported.splice(0))
      expect(reported).toEqual([])
    },
    { auto: true },
  ],
  server: async ({ clock: _ }, use) => {
    const { server, FakeWebSocket } = fake()
    constructors.set(server, FakeWebSocket)
    await use(server)
    server.stop()
  },
  dial: async ({ server }, use) => {
    const sockets: { close(): void }[] = []
    await use(<In, Out>(options: Options<In> = {}, url: Address = server.url) => {
      const socket = new Socket<In, Out>(url, { WebSocket: constructorOf(server), ...options })
      sockets.push(socket)
      return { socket, ...listen(socket) }
    })
    for (const socket of sockets) socket.close()
  },
  open: async ({ dial }, use) => {
    await use(async (options, url) => {
      const dialled = dial(options, url)
      await tick(HOP)
      return dialled as never
    })
  },
  page: async ({ clock: _ }, use) => {
    const window = new Target()
    const document = Object.assign(new Target(), { visibilityState: 'visible' })
    vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
    vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window))
    vi.stubGlobal('document', document)
    const navigator = { onLine: true }
    vi.stubGlobal('navigator', navigator)
    await use({
      setOnline: (onLine) => {
        navigator.onLine = onLine
        window.dispatchEvent(new Event(onLine ? 'online' : 'offline'))
      },
      tell: (type, properties = {}) => window.dispatchEvent(Object.assign(new Event(type), properties)),
      show: (visibilityState) => {
        document.visibilityState = visibilityState
        document.dispatchEvent(new Event('visibilitychange'))
      },
      resume: () => document.dispatchEvent(new Event('resume')),
      listeners: () => window.count + document.count,
    })
  },
})

const constructors = new WeakMap<FakeServer, ReturnType<typeof fake>['FakeWebSocket']>()

/** The constructor of sockets that reach this server. */
export function constructorOf(server: FakeServer) {
  const found = constructors.get(server)
  if (!found) throw new Error('This server is not of a stage.')
  return found
}

/** Bytes as numbers, however they came. */
export const bytesOf = async (data: Data) => [...new Uint8Array(await new Blob([data]).arrayBuffer())]
