// What many connections cost a server: processor time to connect, echo, publish and reconnect, and the heap per connection.
// Plain `ws`, socket.io with its connection state recovery, and holdfast; in memory and over Redis; one and two processes.
// Each round runs all of them, one after the other. Ratios are calculated within one round.
// npx tsx bench/load/main.ts [clients] [rounds] [pattern of the setups to run]. With a pattern no results are written.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Redis } from 'ioredis'
import { executable } from '../../scripts/executables.js'
import { median, quantile, round } from '../statistics.ts'
import { limitProcessor } from './limit-processor.ts'
import { type Client, type Kind, newClient, type Request } from './protocols.ts'

const size = Number(process.argv[2] ?? 1_000)
const rounds = Number(process.argv[3] ?? 3)
const only = new RegExp(process.argv[4] ?? '')
/** How often all clients connect, reconnect and leave before anything is measured, so that V8 has compiled the server's code. */
const WARM_UPS = 3
/** How often it is measured that all clients connect. */
const CONNECTS = 3
/** How often it is measured that all clients reconnect at once: a reconnect storm. */
const STORMS = 3
/** Echoes of each client that sends. */
const ECHOES = 50
/** Messages that are published while all clients are connected, and while all are disconnected. */
const PUBLISHED = 40
const MISSED = 5
/** The share of a processor that each server process has when deliveries are counted against the clock: so little that the client process is not the limit. */
const SHARE = 0.05
/** How many messages are published then. */
const PUBLISHED_LIMITED = 20
/** How many of them are being delivered at any time, so that no process waits for another. */
const UNDER_WAY = 1

interface Setup {
  name: string
  kind: Kind
  redis: boolean
  processes: number
}

/** One setup in one round. Unless it says otherwise, a figure is the servers' processor time per connection or message, in ms. */
interface Figures {
  connect: number
  /** Bytes per connection. */
  heap: number
  echo: number
  delivery: number
  /** The time from publishing a message to its arrival, in ms: median and 99th percentile. */
  delay: number
  late: number
  /** Reconnecting: without missed messages, and with `MISSED` of them. */
  storm: number
  resume: number
  /** Commands that Redis ran for each connection, echo or reconnect; zero without Redis. */
  connectCommands: number
  echoCommands: number
  resumeCommands: number
  /** Bytes that Redis holds per connection. */
  stored: number
  /** Writes to a Redis stream per published message. */
  writes: number
  /** Deliveries a second, if each process had a processor for itself: calculated from `delivery`. */
  capacity: number
  /** Deliveries a second with `SHARE` of a processor for each process; NaN where that was not measured. */
  limited: number
}

const allSetups: Setup[] = [
  { name: 'ws', kind: 'ws', redis: false, processes: 1 },
  { name: 'ws, hello and answer', kind: 'ws-hello', redis: false, processes: 1 },
  { name: 'socket.io, memory', kind: 'socket.io', redis: false, processes: 1 },
  { name: 'holdfast, memory', kind: 'holdfast', redis: false, processes: 1 },
  { name: 'socket.io, Redis', kind: 'socket.io', redis: true, processes: 1 },
  { name: 'holdfast, Redis', kind: 'holdfast', redis: true, processes: 1 },
  { name: 'socket.io, Redis, two processes', kind: 'socket.io', redis: true, processes: 2 },
  { name: 'holdfast, Redis, two processes', kind: 'holdfast', redis: true, processes: 2 },
]
const setups = allSetups.filter(({ name }) => only.test(name))

/** The server is bundled, as applications run it: under `tsx` every closure is more expensive. */
const serverFile = fileURLToPath(new URL('../.built/load-server.js', import.meta.url))
await build({
  entryPoints: [fileURLToPath(new URL('server.ts', import.meta.url))],
  outfile: serverFile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
})

class Server {
  readonly #child: ChildProcess
  #removeLimit: (() => void) | undefined
  port = 0

  constructor(kind: Kind, redis: number) {
    this.#child = fork(serverFile, [kind, `${redis}`], { execArgv: ['--expose-gc'] })
  }

  async start(): Promise<this> {
    const [{ port }] = await once(this.#child, 'message')
    this.port = port
    return this
  }

  async ask(request: Request): Promise<{ cpu: number; heap: number; connections: number }> {
    const answer = once(this.#child, 'message')
    this.#child.send(request)
    return (await answer)[0]
  }

  /** Limits the process to a share of one processor. Returns false where the system does not allow that. */
  limit(share: number): boolean {
    this.#removeLimit = limitProcessor(this.#child.pid ?? 0, share)
    return this.#removeLimit !== undefined
  }

  async end(): Promise<void> {
    const exit = once(this.#child, 'exit')
    this.#child.send({ type: 'end' })
    await exit
    this.#removeLimit?.()
  }
}

async function startRedis() {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-load-'))
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '']
  const child = spawn(await executable('redis-server'), args, { stdio: 'ignore' })
  const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null })
  client.on('error', () => {})
  await client.ping()
  return {
    port,
    commands: async () => Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1] ?? 0),
    memory: async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1] ?? 0),
    writes: async () => Number(/cmdstat_xadd:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0),
    end: async () => {
      client.disconnect()
      child.kill('SIGKILL')
      await once(child, 'exit')
      await rm(folder, { recursive: true })
    },
  }
}

async function run({ kind, redis, processes }: Setup): Promise<Figures> {
  const store = redis ? await startRedis() : undefined
  const servers = await Promise.all(
    Array.from({ length: processes }, () => new Server(kind, store?.port ?? 0).start()),
  )
  const ask = async (type: 'cpu' | 'heap') => {
    const answers = await Promise.all(servers.map((server) => server.ask({ type })))
    const sum = (of: 'cpu' | 'heap' | 'connections') =>
      answers.reduce((total, answer) => total + answer[of], 0)
    return { cpu: sum('cpu'), heap: sum('heap'), connections: sum('connections') }
  }
  const cpu = async () => (await ask('cpu')).cpu
  const heap = async () => (await ask('heap')).heap
  const portOf = (n: number) => servers[n % processes]?.port ?? 0
  /** A hundred at a time, so that connections do not wait in the kernel's queue. */
  const connectAll = async (clients: Client[]) => {
    for (let from = 0; from < size; from += 100)
      await Promise.all(clients.slice(from, from + 100).map((client, n) => client.connect(portOf(from + n))))
  }
  const allClosed = async () => {
    while ((await ask('cpu')).connections) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const dropAll = async (clients: Client[]) => {
    for (const client of clients) client.drop()
    await allClosed()
  }
  const newClients = () => Array.from({ length: size }, () => newClient(kind))
  const echoAll = (clients: Client[]) =>
    Promise.all(
      clients.map(
        (client) =>
          new Promise<void>((resolve) => {
            let left = ECHOES
            client.onEcho = () => (--left ? client.echo('x'.repeat(100)) : resolve())
            client.echo('x'.repeat(100))
          }),
      ),
    )

  const finishAll = async (clients: Client[]) => {
    await Promise.all(clients.map((client) => client.finish()))
    await allClosed()
  }
  const warmUp = async () => {
    const warmUpClients = newClients()
    await connectAll(warmUpClients)
    await echoAll(warmUpClients.slice(0, 20))
    await dropAll(warmUpClients)
    await connectAll(warmUpClients)
    await finishAll(warmUpClients)
  }
  const commands = async () => (await store?.commands()) ?? 0
  const stored = async () => (await store?.memory()) ?? 0
  const writes = async () => (await store?.writes()) ?? 0

  for (let n = 0; n < WARM_UPS; n++) await warmUp()
  const heldClients = newClients()
  const idleStored = await stored()
  const idleHeap = await heap()
  const idleCommands = await commands()
  await connectAll(heldClients)
  const connectCommands = ((await commands()) - idleCommands) / size
  const connectionHeap = ((await heap()) - idleHeap) / size
  const connectionStored = ((await stored()) - idleStored) / size
  await finishAll(heldClients)
  // When the heap was measured, V8 discarded compiled code with the garbage.
  await warmUp()

  let clients = newClients()
  let connect = 0
  for (let n = 0; n < CONNECTS; n++) {
    if (n) {
      await finishAll(clients)
      clients = newClients()
    }
    const cpuBefore = await cpu()
    await connectAll(clients)
    connect += ((await cpu()) - cpuBefore) / (CONNECTS * size)
  }

  const delays: number[] = []
  let deliveries = 0
  for (const client of clients) {
    client.onTopic = (text) => {
      deliveries++
      delays.push(performance.now() - Number(text.split(' ')[1]))
    }
  }
  const delivered = async (count: number) => {
    while (deliveries < count) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const publish = () =>
    servers[0]?.ask({ type: 'publish', texts: [`topic ${performance.now()} ${'x'.repeat(100)}`] })
  const publishAll = async (count: number) => {
    for (let n = 0; n < count; n++) {
      const wanted = deliveries + size
      await publish()
      await delivered(wanted)
    }
  }
  const senders = clients.slice(0, 100)
  const commandsBeforeEchoes = await commands()
  const cpuBeforeEchoes = await cpu()
  await echoAll(senders)
  const echo = ((await cpu()) - cpuBeforeEchoes) / (senders.length * ECHOES)
  const echoCommands = ((await commands()) - commandsBeforeEchoes) / (senders.length * ECHOES)

  // The first messages fill caches, and are not measured.
  await publishAll(5)
  delays.length = 0
  const writesBeforePublishing = await writes()
  const cpuBeforePublishing = await cpu()
  await publishAll(PUBLISHED)
  const delivery = ((await cpu()) - cpuBeforePublishing) / (PUBLISHED * size)
  const publishWrites = ((await writes()) - writesBeforePublishing) / PUBLISHED
  const [delay, late] = [quantile(delays, 0.5), quantile(delays, 0.99)]

  let storm = 0
  for (let n = 0; n < STORMS; n++) {
    await dropAll(clients)
    const cpuBefore = await cpu()
    await connectAll(clients)
    storm += ((await cpu()) - cpuBefore) / (STORMS * size)
  }

  await dropAll(clients)
  for (let n = 0; n < MISSED; n++) await publish()
  const deliveriesBeforeResume = deliveries
  const commandsBeforeResume = await commands()
  const cpuBeforeResume = await cpu()
  await connectAll(clients)
  if (!kind.startsWith('ws')) await delivered(deliveriesBeforeResume + MISSED * size)
  const resume = ((await cpu()) - cpuBeforeResume) / size
  const resumeCommands = ((await commands()) - commandsBeforeResume) / size

  let limited = Number.NaN
  if (redis && servers.map((server) => server.limit(SHARE)).every(Boolean)) {
    await publishAll(2)
    const begun = performance.now()
    const before = deliveries
    for (let n = 1; n <= PUBLISHED_LIMITED; n++) {
      await publish()
      await delivered(before + (n - UNDER_WAY) * size)
    }
    await delivered(before + PUBLISHED_LIMITED * size)
    limited = (PUBLISHED_LIMITED * size * 1_000) / (performance.now() - begun)
  }

  for (const client of clients) client.drop()
  await Promise.all(servers.map((server) => server.end()))
  await store?.end()
  return {
    connect,
    heap: connectionHeap,
    echo,
    delivery,
    delay,
    late,
    storm,
    resume,
    connectCommands,
    echoCommands,
    resumeCommands,
    stored: connectionStored,
    writes: publishWrites,
    capacity: (processes * 1_000) / delivery,
    limited,
  }
}

const all = new Map<string, Figures[]>(setups.map(({ name }) => [name, []]))
for (let at = 0; at < rounds; at++)
  for (const setup of setups) {
    const figures = await run(setup)
    all.get(setup.name)?.push(figures)
    const shown = Object.entries(figures).map(([name, value]) => `${name} ${round(value, 4)}`)
    console.log(`${at + 1}/${rounds} ${setup.name}: ${shown.join(', ')}`)
  }

const names = [
  'connect',
  'heap',
  'echo',
  'delivery',
  'delay',
  'late',
  'storm',
  'resume',
  'connectCommands',
  'echoCommands',
  'resumeCommands',
  'stored',
  'writes',
  'capacity',
  'limited',
] as const
const baseline = all.get('ws') ?? []
const table = Object.fromEntries(
  setups.map(({ name }) => {
    const runs = all.get(name) ?? []
    const figures = names.map((figure) => {
      const values = runs.map((one) => one[figure])
      const ratios = values.map((value, at) => value / (baseline[at]?.[figure] ?? Number.NaN))
      return [figure, { value: round(median(values), 4), ratio: round(median(ratios), 2) }]
    })
    return [name, Object.fromEntries(figures)]
  }),
)
/** The ratio of what two processes deliver to what one delivers, within one round. */
const scalingOf = (kind: Kind, figure: 'capacity' | 'limited') => {
  const one = all.get(`${kind}, Redis`) ?? []
  const two = all.get(`${kind}, Redis, two processes`) ?? []
  return round(median(two.map((run, at) => run[figure] / (one[at]?.[figure] ?? Number.NaN))), 2)
}
const scaling = Object.fromEntries(
  (['socket.io', 'holdfast'] as const).map((kind) => [
    kind,
    { capacity: scalingOf(kind, 'capacity'), limited: scalingOf(kind, 'limited') },
  ]),
)
const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version, load: loadavg()[0] }
const file = fileURLToPath(new URL('results.json', import.meta.url))
const results = { size, rounds, share: SHARE, machine, scaling, setups: table }
if (!process.argv[4]) await writeFile(file, `${JSON.stringify(results, undefined, 2)}\n`)
console.table(
  Object.fromEntries(
    Object.entries(table).map(([name, figures]) => [
      name,
      Object.fromEntries(
        Object.entries(figures as Record<string, { value: number; ratio: number }>).map(
          ([figure, { value, ratio }]) => [figure, `${value} (×${ratio})`],
        ),
      ),
    ]),
  ),
)
for (const [kind, { capacity, limited }] of Object.entries(scaling))
  console.log(
    `${kind}: two processes deliver ${capacity} times as much as one, by their processor time per delivery; ` +
      `${limited} times with ${SHARE * 100} % of a processor for each process`,
  )
