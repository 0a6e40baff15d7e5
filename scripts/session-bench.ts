// What the session costs, as ratios of one run: rounds of raw socket, Socket and Session by turns, on 127.0.0.1. Each has
// a process of its own, with its server, as a page has one of them: what one makes the engine assume costs no other.
// npx tsx scripts/session-bench.ts [messages each way per round] [rounds]
import { fork } from 'node:child_process'
import { on, once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { WebSocket, WebSocketServer } from 'ws'
import { Socket } from '../src/index.ts'
import { Session } from '../src/session/client/index.ts'
import { Sessions } from '../src/session/server/index.ts'
import { Line } from '../test/support/faults.ts'

const count = Number(process.argv[2] ?? 20_000)
const rounds = Number(process.argv[3] ?? 40)
const text = 'x'.repeat(100)
const tick = () => new Promise((resolve) => setImmediate(resolve))
const options = { WebSocket: WebSocket as never, binaryType: 'arraybuffer' as const }

interface Run {
  ms: number
  /** Of the processor, in ms: what else the machine does is not in it. */
  cpu: number
  bytes: number
}

/** A server that sends as many messages as it gets, and counts its bytes. */
async function serve(
  cut: boolean,
  run: (url: string, heard: () => Promise<void>) => Promise<() => void>,
): Promise<Run> {
  let got = 0
  let bytes = 0
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  const sessions = new Sessions({
    received: (session) => {
      got++
      session.send(text)
    },
  })
  server.on('connection', (socket, request) => {
    const { _socket: tcp } = socket as never as { _socket: { bytesRead: number; bytesWritten: number } }
    socket.on('close', () => {
      bytes += tcp.bytesRead + tcp.bytesWritten
    })
    if (socket.protocol) return sessions.accept(socket, request)
    socket.on('message', (data) => {
      // As any application does.
      String(data)
      got++
      socket.send(text, { binary: false })
    })
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const line = new Line(port)
  await line.open()
  let cutting = cut
  const cutter = (async () => {
    while (cutting) {
      await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 450))
      if (cutting) line.reset()
    }
  })()
  const begun = performance.now()
  const idle = process.cpuUsage()
  const stop = await run(cut ? line.url : `ws://127.0.0.1:${port}/`, async () => {
    while (got < count) await tick()
  })
  const ms = performance.now() - begun
  const { user, system } = process.cpuUsage(idle)
  cutting = false
  await cutter
  stop()
  await new Promise((resolve) => setTimeout(resolve, 50))
  for (const socket of server.clients) socket.terminate()
  await sessions.shutdown()
  await new Promise((resolve) => server.close(resolve))
  await line.close()
  return { ms, cpu: (user + system) / 1000, bytes }
}

const raw = async (url: string, heard: () => Promise<void>) => {
  const socket = new WebSocket(url)
  let back = 0
  socket.on('message', () => back++)
  await once(socket, 'open')
  for (let n = 0; n < count; n++) {
    socket.send(text)
    if (n % 100 === 99) await tick()
    // As much on its way for all: an unbounded flood is measured as one long write.
    while (n - back > 500) await tick()
  }
  await heard()
  while (back < count) await tick()
  return () => socket.close()
}

const over = (make: (url: string) => Socket) => async (url: string, heard: () => Promise<void>) => {
  const socket = make(url)
  let back = 0
  socket.on('message', () => back++)
  await socket.opened()
  for (let n = 0; n < count; n++) {
    while (socket.send(text) === 'dropped') await tick()
    if (n % 100 === 99) await tick()
    // As much on its way for all: an unbounded flood is measured as one long write.
    while (n - back > 500) await tick()
  }
  await heard()
  while (back < count) await tick()
  return () => socket.close()
}

const session = over((url) => new Session(url, { ...options, reconnect: { base: 20, max: 60 } }))
const kinds: Record<string, () => Promise<Run>> = {
  raw: () => serve(false, raw),
  Socket: () =>
    serve(
      false,
      over((url) => new Socket(url, options)),
    ),
  Session: () => serve(false, session),
  'Session, cut': () => serve(true, session),
}

/** Runs a round whenever it is told to. */
async function obey(kind: string): Promise<void> {
  for await (const _ of on(process, 'message')) process.send?.(await kinds[kind]?.())
}

async function lead(): Promise<void> {
  const names = Object.keys(kinds)
  // As an application has it: what runs TypeScript file by file makes every function more expensive.
  const outfile = fileURLToPath(new URL('../bench/.built/session.js', import.meta.url))
  const entryPoints = [import.meta.filename]
  await build({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['ws', 'esbuild'],
  })
  const children = names.map((name) => fork(outfile, [`${count}`, `${rounds}`, name]))
  const runs: Run[][] = []
  for (let round = 0; round <= rounds; round++) {
    const row: Run[] = []
    for (const child of children) {
      child.send('run')
      const [run] = (await once(child, 'message')) as [Run]
      row.push(run)
    }
    // The first round warms up.
    if (round) runs.push(row)
  }
  for (const child of children) child.kill()
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0
  for (const [at, name] of names.entries()) {
    // Of the same round: whatever slows the machine down slows both.
    const ratio = (what: keyof Run, floor: string) =>
      median(runs.map((row) => (row[at] as Run)[what] / (row[names.indexOf(floor)] as Run)[what])).toFixed(3)
    const ratios = (floor: string) =>
      `of ${floor}: time ${ratio('ms', floor)}, processor ${ratio('cpu', floor)}, bytes ${ratio('bytes', floor)}`
    console.log(`${name.padEnd(14)} ${ratios('Socket')}; ${ratios('raw')}`)
  }
}

const kind = process.argv[4]
await (kind ? obey(kind) : lead())
