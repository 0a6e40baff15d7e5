import { fileURLToPath } from 'node:url'
import { Remote } from '../rpc.ts'
import { median, round } from '../statistics.ts'
import { Faulty } from './server.ts'

const file = fileURLToPath(new URL('../.built/faults.js', import.meta.url))
const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function until(done: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms
  while (!done() && performance.now() < end) await after(10)
  return done()
}

/** So many clients of a library, connected, in a process of their own; all is taken down afterwards. */
async function trial<Answer>(
  library: string,
  count: number,
  run: (server: Faulty, clients: Remote) => Promise<Answer>,
  prepare: (server: Faulty) => void = () => {},
): Promise<Answer> {
  const server = new Faulty()
  await server.up()
  prepare(server)
  const clients = new Remote(file)
  await clients.ready
  await clients.call('open', library, `ws://127.0.0.1:${server.port}/`, count)
  await until(() => server.connections.length >= count, 10_000)
  try {
    return await run(server, clients)
  } finally {
    clients.end()
    await server.down()
  }
}

/** A peer that says nothing any more while its TCP connection stays: ms until the library dials anew; `null`: not in 30 s. */
export const silent = (library: string): Promise<number | null> =>
  trial(library, 1, async (server) => {
    await after(1_000)
    const { length } = server.connections
    const start = performance.now()
    server.mute()
    const dialled = await until(() => server.connections.length > length, 30_000)
    return dialled ? round(performance.now() - start, 0) : null
  })

export interface Outage {
  /** From up to back, in ms; `null`: more than half are not back after as long again and 30 s. */
  median: number | null
  /** Dials per client. */
  attempts: number
}

/** Enough for a median that jitter does not move by more than about 0.2 s. */
const CLIENTS = 400

/** A server that refuses for a while. */
export const outage = (library: string, seconds: number): Promise<Outage> =>
  trial(library, CLIENTS, async (server, clients) => {
    // Some count a connection only once it has lasted five seconds.
    await after(6_000)
    const before = await clients.call<number>('dials')
    await server.down()
    await after(seconds * 1_000)
    const { length } = server.connections
    await server.up()
    const start = performance.now()
    await until(() => server.connections.length >= length + CLIENTS, seconds * 1_000 + 30_000)
    const back = server.connections.slice(length, length + CLIENTS).map((at) => at - start)
    const missing = Array<number>(CLIENTS - back.length).fill(Number.POSITIVE_INFINITY)
    const middle = median([...back, ...missing])
    const dials = (await clients.call<number>('dials')) - before
    return { median: Number.isFinite(middle) ? round(middle, 0) : null, attempts: round(dials / CLIENTS, 1) }
  })

/** A server that lets everybody in and closes at once: dials in the first 3 s. */
export const acceptThenClose = (library: string): Promise<number> =>
  trial(
    library,
    1,
    async (server) => {
      await after(3_000)
      return server.connections.length
    },
    (server) => {
      server.greet = (socket) => socket.close()
    },
  )

export interface Delivery {
  lost: number
  doubled: number
  outOfOrder: number
  /** Of the lost, those that `send` refused with an error: the application knows of them. */
  thrown: number
}

const MESSAGES = 20_000

/** How many messages come between two cuts: everybody is cut as often, however long they wait in between. */
const BETWEEN = 2_000

/** Numbered messages over a line that is cut again and again. */
export const deliver = (library: string): Promise<Delivery> =>
  trial(library, 1, async (server, clients) => {
    server.cutEvery = BETWEEN
    const thrown = await clients.call<number>('number', MESSAGES, 20)
    // The last one may be among the lost: then there is nothing to wait for but silence.
    for (let before = -1; before < server.messages.length; await after(12_000))
      before = server.messages.length
    const numbers = server.messages.map(Number)
    const found = new Set(numbers)
    return {
      lost: MESSAGES - found.size,
      doubled: numbers.length - found.size,
      outOfOrder: numbers.filter((n, index) => index && n < (numbers[index - 1] ?? 0)).length,
      thrown,
    }
  })

export const libraries = [
  'holdfast',
  'holdfast, session',
  'sockette',
  'reconnecting-websocket',
  'websocket-ts',
  '@nktkas/rews',
  'partysocket',
  'socket.io',
]
