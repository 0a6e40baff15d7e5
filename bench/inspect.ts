import { parseArgs } from 'node:util'
import type * as Core from '../src/index.ts'
import type * as Inspect from '../src/inspect/index.ts'
import { median } from './statistics.ts'

/*
 * What a recorder costs per message, in one process and without a network: the same socket never recorded, recorded
 * once and no longer, and recorded now. Rounds of all kinds take turns, so that the machine's mood is shared.
 */

// What users run: the loader that runs this file names every closure anew, which costs more than the recorder.
const built = (name: string) => import(new URL(`../dist/${name}`, import.meta.url).href)
const { Socket } = (await built('index.js')) as typeof Core
const { record } = (await built('inspect.js')) as typeof Inspect

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '30' }, messages: { type: 'string', default: '20000' } },
})
const rounds = Number(values.rounds)
const messages = Number(values.messages)

/** A native socket without a network: the page's end alone. */
class Silent {
  static last: Silent
  readyState = 0
  bufferedAmount = 0
  binaryType = 'blob'
  protocol = ''
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  onerror: (() => void) | null = null

  constructor() {
    Silent.last = this
    queueMicrotask(() => {
      this.readyState = 1
      this.onopen?.()
    })
  }

  send() {}
  close() {}
}

interface Subject {
  socket: Core.Socket
  native: Silent
}

async function subject(prepare: (socket: Core.Socket) => void = () => {}): Promise<Subject> {
  const socket = new Socket('ws://127.0.0.1/', { WebSocket: Silent as never })
  await socket.opened()
  const native = Silent.last
  socket.on('message', () => {})
  prepare(socket)
  return { socket, native }
}

const recorded = (options: Inspect.RecordOptions) => subject((socket) => void record(socket, options))

const subjects = {
  'never recorded': await subject(),
  'never recorded, again': await subject(),
  'recorded before': await subject((socket) => record(socket).stop()),
  'recorded now, payload off': await recorded({ payload: 'off' }),
  'recorded now, payload cut': await recorded({ payload: 'cut' }),
}

const event = { data: '{"type":"say","name":"Ann","text":"A message of the usual length."}' }

const paths = {
  receive: ({ native }: Subject) => native.onmessage?.(event),
  send: ({ socket }: Subject) => socket.send(event.data),
}

for (const [path, run] of Object.entries(paths)) {
  const times = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, subject] of Object.entries(subjects)) {
      const start = performance.now()
      for (let i = 0; i < messages; i++) run(subject)
      const each = ((performance.now() - start) / messages) * 1e6
      // The first rounds are the compiler's.
      if (round >= rounds / 5) times.set(name, [...(times.get(name) ?? []), each])
    }
  }
  const base = median(times.get('never recorded') ?? [])
  console.log(`${path}, ns per message (× never recorded)`)
  for (const [name, list] of times) {
    const middle = median(list)
    console.log(
      `  ${name.padEnd(28)}${middle.toFixed(0).padStart(6)}${`× ${(middle / base).toFixed(2)}`.padStart(10)}`,
    )
  }
}

for (const { socket } of Object.values(subjects)) socket.close()
