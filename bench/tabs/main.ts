// What tabs cost that share one connection, against one socket per tab: `npm run bench:tabs`, on Linux, with Chromium.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { chromium } from 'playwright'
import { WebSocketServer } from 'ws'
import { executable } from '../../scripts/executables.js'
import { flags } from '../../test/support/flags.ts'
import { machine } from '../results.ts'
import { table } from '../table.ts'
import { usage } from './processes.ts'

declare const bench: {
  start(shared: boolean, url: string): void
  status(): string
  received(): number
}

const { values } = parseArgs({
  options: {
    tabs: { type: 'string', default: '30' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
  },
})
const tabs = Number(values.tabs)
const rate = Number(values.rate)
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const bundled = async (name: string) => {
  const { outputFiles } = await build({
    entryPoints: [file(name)],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

interface Run {
  connections: number
  received: number
  /** ms of all processes of the browser together. */
  cpu: number
  /** The same while nothing is sent. */
  idleCpu: number
  memory: number
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function run(shared: boolean): Promise<Run> {
  const [page, worker] = await Promise.all([bundled('client.ts'), bundled('worker.ts')])
  const http = createServer(({ url = '' }, response) => {
    const script = url.startsWith('/worker.js') ? worker : url.startsWith('/page.js') ? page : undefined
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html')
    response.end(script ?? '<!doctype html><title>A tab</title><script src="/page.js"></script>')
  })
  const server = new WebSocketServer({ server: http })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  const running = await chromium.launchServer({ executablePath: await executable('chromium'), args: flags })
  const root = running.process().pid ?? 0
  const browser = await chromium.connect(running.wsEndpoint())
  const context = await browser.newContext()
  const pages = await Promise.all(Array.from({ length: tabs }, () => context.newPage()))
  for (const each of pages) {
    await each.goto(`http://127.0.0.1:${port}/`)
    await each.evaluate(([way, url]) => bench.start(way, url), [shared, `ws://127.0.0.1:${port}/`] as const)
    await each.waitForFunction(() => bench.status() === 'open')
  }
  const connections = server.clients.size
  const { memory } = usage(root)
  const before = usage(root)
  await wait(seconds * 1_000)
  const idleCpu = usage(root).cpu - before.cpu

  const start = usage(root)
  const began = performance.now()
  const text = JSON.stringify({ type: 'price', symbol: 'ABCD', value: 123.45, padding: 'x'.repeat(50) })
  let sent = 0
  while (sent < rate * seconds) {
    // As many as are due: a timer that is late sends more at once.
    const due = Math.min(rate * seconds, Math.ceil(((performance.now() - began) / 1_000) * rate))
    for (; sent < due; sent++) for (const client of server.clients) client.send(text)
    await wait(1)
  }
  for (const each of pages)
    await each.waitForFunction((count) => bench.received() >= count, sent, { timeout: 600_000 })
  const { cpu } = usage(root)
  const counts = await Promise.all(pages.map((each) => each.evaluate(() => bench.received())))
  await browser.close()
  await running.close()
  server.close()
  http.close()
  http.closeAllConnections()
  return {
    connections,
    received: counts.reduce((sum, count) => sum + count, 0),
    cpu: cpu - start.cpu,
    idleCpu,
    memory,
  }
}

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

const runs: Record<'own' | 'shared', Run[]> = { own: [], shared: [] }
// By turns, so that what else the machine does falls on both.
for (let round = 0; round < rounds; round++) {
  runs.own.push(await run(false))
  runs.shared.push(await run(true))
}

const figures = (of: Run[]) => {
  const cpu = median(of.map((each) => each.cpu - each.idleCpu))
  return {
    connections: median(of.map(({ connections }) => connections)),
    /** µs of all processes of the browser per message and tab. */
    cost: Number(((cpu * 1_000) / (rate * seconds * tabs)).toFixed(2)),
    cpuShare: Number((cpu / (seconds * 1_000)).toFixed(3)),
    memory: Math.round(median(of.map(({ memory }) => memory))),
    received: median(of.map(({ received }) => received)),
  }
}
const own = figures(runs.own)
const shared = figures(runs.shared)
const results = {
  tabs,
  rate,
  seconds,
  rounds,
  machine: machine(),
  own,
  shared,
  ratio: {
    cpu: Number((shared.cost / own.cost).toFixed(2)),
    memory: Number((shared.memory / own.memory).toFixed(2)),
  },
}
writeFileSync(file('results.json'), `${JSON.stringify(results, null, 2)}\n`)

const row = (name: string, { connections, cost, cpuShare, memory }: typeof own) => [
  name,
  `${connections}`,
  `${cost} µs`,
  `${Math.round(cpuShare * 100)} %`,
  `${Math.round(memory / 1e6)} MB`,
]
table(
  `${tabs} tabs, ${rate} messages a second`,
  ['', 'connections', 'CPU per message and tab', 'of one processor', 'memory'],
  [row('a socket per tab', own), row('holdfast/tabs', shared)],
)
