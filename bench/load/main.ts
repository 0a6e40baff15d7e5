// What many connections cost a server: processor time to connect, echo, publish and resume, and the heap per connection.
// Plain `ws`, socket.io with its connection state recovery, and holdfast; in memory and over Redis; one and two processes.
// Each round runs all of them, one after the other, so that ratios of one round compare like with like.
// npx tsx bench/load/main.ts [clients] [rounds]
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { executable } from '../../scripts/executables.js'
import { median, quantile, round } from '../statistics.ts'
import { type Client, type Kind, newClient, type Request } from './protocols.ts'

const size = Number(process.argv[2] ?? 1_000)
const rounds = Number(process.argv[3] ?? 3)
const PUBLISHED = 40
const MISSED = 5
const ECHOES = 50

interface Setup {
  name: string
  kind: Kind
  redis: boolean
  processes: number
}

/** One setup in one round. Times in ms of the servers' processor time, per connection or message; delays in ms. */
interface Figures {
  connect: number
  heap: number
  echo: number
  delivery: number
  delay: number
  late: number
  resume: number
  /** Commands that Redis ran and bytes that it holds for each: zero in memory. */
  connectCommands: number
  echoCommands: number
  resumeCommands: number
  stored: number
}

const setups: Setup[] = [
  { name: 'ws', kind: 'ws', redis: false, processes: 1 },
  { name: 'socket.io, memory', kind: 'socket.io', redis: false, processes: 1 },
  { name: 'holdfast, memory', kind: 'holdfast', redis: false, processes: 1 },
  { name: 'socket.io, Redis', kind: 'socket.io', redis: true, processes: 1 },
  { name: 'holdfast, Redis', kind: 'holdfast', redis: true, processes: 1 },
  { name: 'socket.io, Redis, two processes', kind: 'socket.io', redis: true, processes: 2 },
  { name: 'holdfast, Redis, two processes', kind: 'holdfast', redis: true, processes: 2 },
]

class Server {
  readonly #child: ChildProcess
  port = 0

  constructor(kind: Kind, redis: number) {
    const file = fileURLToPath(new URL('server.ts', import.meta.url))
    this.#child = fork(file, [kind, `${redis}`], { execArgv: ['--import', 'tsx', '--expose-gc'] })
  }

  async start(): Promise<this> {
    const [{ port }] = await once(this.#child, 'message')
    this.port = port
    return this
  }

  async ask(request: Request): Promise<{ cpu: number; heap: number }> {
    const answer = once(this.#child, 'message')
    this.#child.send(request)
    return (await answer)[0]
  }

  async end(): Promise<void> {
    const exit = once(this.#child, 'exit')
    this.#child.send({ type: 'end' })
    await exit
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

async function run({ kind, redis, processes }: Setup): Promise<Figures & { writes: number }> {
  const store = redis ? await startRedis() : undefined
  const servers = await Promise.all(
    Array.from({ length: processes }, () => new Server(kind, store?.port ?? 0).start()),
  )
  const ask = async () => {
    const answers = await Promise.all(servers.map((server) => server.ask({ type: 'cpu' })))
    return {
      cpu: answers.reduce((sum, { cpu }) => sum + cpu, 0),
      heap: answers.reduce((sum, { heap }) => sum + heap, 0),
      commands: (await store?.commands()) ?? 0,
      stored: (await store?.memory()) ?? 0,
    }
  }
  const portOf = (n: number) => servers[n % processes]?.port ?? 0
  const clients: Client[] = Array.from({ length: size }, () => newClient(kind))
  /** A hundred at a time: what the kernel queues is not measured. */
  const connectAll = async () => {
    for (let from = 0; from < size; from += 100)
      await Promise.all(clients.slice(from, from + 100).map((client, n) => client.connect(portOf(from + n))))
  }
  const delays: number[] = []
  let deliveries = 0
  for (const client of clients) {
    client.onTopic = (text) => {
      deliveries++
      delays.push(performance.now() - Number(text.split(' ')[1]))
    }
  }
  const publish = async (count: number, to: number) => {
    const writes = (await store?.writes()) ?? 0
    for (let n = 0; n < count; n++) {
      const wanted = deliveries + to
      await servers[0]?.ask({ type: 'publish', texts: [`topic ${performance.now()} ${'x'.repeat(100)}`] })
      while (deliveries < wanted) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return ((await store?.writes()) ?? 0) - writes
  }

  const idle = await ask()
  await connectAll()
  const connected = await ask()

  const talkers = clients.slice(0, 100)
  await Promise.all(
    talkers.map(
      (client) =>
        new Promise<void>((resolve) => {
          let left = ECHOES
          client.onEcho = () => (--left ? client.echo('x'.repeat(100)) : resolve())
          client.echo('x'.repeat(100))
        }),
    ),
  )
  const echoed = await ask()

  // The first ones fill caches.
  await publish(5, size)
  delays.length = 0
  const before = await ask()
  const writes = await publish(PUBLISHED, size)
  const published = await ask()
  const [delay, late] = [quantile(delays, 0.5), quantile(delays, 0.99)]

  for (const client of clients) client.drop()
  // Until the servers have noticed.
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  await publish(MISSED, 0)
  const missed = deliveries
  const dropped = await ask()
  await connectAll()
  if (kind !== 'ws')
    while (deliveries < missed + MISSED * size) await new Promise((resolve) => setTimeout(resolve, 5))
  const resumed = await ask()

  for (const client of clients) client.drop()
  await Promise.all(servers.map((server) => server.end()))
  await store?.end()
  return {
    connect: (connected.cpu - idle.cpu) / size,
    heap: (connected.heap - idle.heap) / size,
    echo: (echoed.cpu - connected.cpu) / (talkers.length * ECHOES),
    delivery: (published.cpu - before.cpu) / (PUBLISHED * size),
    delay,
    late,
    resume: (resumed.cpu - dropped.cpu) / size,
    connectCommands: (connected.commands - idle.commands) / size,
    echoCommands: (echoed.commands - connected.commands) / (talkers.length * ECHOES),
    resumeCommands: (resumed.commands - dropped.commands) / size,
    stored: (connected.stored - idle.stored) / size,
    writes: writes / PUBLISHED,
  }
}

const all = new Map<string, Awaited<ReturnType<typeof run>>[]>(setups.map(({ name }) => [name, []]))
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
  'resume',
  'connectCommands',
  'echoCommands',
  'resumeCommands',
  'stored',
  'writes',
] as const
const floor = all.get('ws') ?? []
const table = Object.fromEntries(
  setups.map(({ name }) => {
    const runs = all.get(name) ?? []
    const figures = names.map((figure) => {
      const values = runs.map((one) => one[figure])
      const ratios = values.map((value, at) => value / (floor[at]?.[figure] ?? Number.NaN))
      return [figure, { value: round(median(values), 4), ratio: round(median(ratios), 2) }]
    })
    return [name, Object.fromEntries(figures)]
  }),
)
const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version, load: loadavg()[0] }
const file = fileURLToPath(new URL('results.json', import.meta.url))
await writeFile(file, `${JSON.stringify({ size, rounds, machine, setups: table }, undefined, 2)}\n`)
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
