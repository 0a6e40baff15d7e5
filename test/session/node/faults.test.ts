import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Line } from '../../support/faults.ts'
import { test, until } from './fixtures.ts'

const COUNT = Number(process.env.MESSAGES ?? 20_000)

/** Message number n: text and bytes by turns, of all lengths, and some that look like control frames. */
const message = (n: number) => {
  const text = `${n % 5 ? '' : '!'}${n} ${'x'.repeat((n * 37) % 300)}`
  return n % 2 ? text : new Uint8Array(Buffer.from(text))
}
const numberOf = (data: string | ArrayBuffer | Uint8Array) => {
  const text = typeof data === 'string' ? data : Buffer.from(data as Uint8Array).toString()
  const n = Number(/^!?(\d+) x*$/.exec(text)?.[1])
  const same = Buffer.from(message(n) as string).equals(Buffer.from(text))
  return same && (n % 2 === 1) === (typeof data === 'string') ? n : Number.NaN
}

const faults: [string, (line: Line) => unknown][] = [
  ['RST', (line) => line.reset()],
  ['FIN', (line) => line.fin()],
  ['mid-frame', (line) => line.cutMidFrame(1 + Math.floor(Math.random() * 200))],
  ['hole', (line) => hole(line, 'both')],
  ['hole up', (line) => hole(line, 'up')],
  ['hole down', (line) => hole(line, 'down')],
]
const hole = async (line: Line, which: 'up' | 'down' | 'both') => {
  line.hole = which
  await wait(500)
  line.hole = 'none'
  // What vanished must not be followed by what comes later on the same connections.
  line.reset()
}

test(`${COUNT} messages each way over a line cut every 150 to 600 ms: each once, in order`, async ({
  startServer,
  client,
  proxy,
}) => {
  const up: number[] = []
  const down: number[] = []
  const { port, next } = await startServer({ received: (_, data) => void up.push(numberOf(data)) })
  const line = await proxy({ port })
  const socket = client(line.url, { heartbeat: { interval: 150, timeout: 150 }, attemptTimeout: 1_000 })
  const endings: unknown[] = []
  socket.on('message', ({ data }) => down.push(numberOf(data)))
  socket.on('fresh', (fresh) => endings.push(fresh))
  socket.on('closed', (close) => endings.push(close))
  let resumed = 0
  socket.on('resumed', () => resumed++)
  const session = await next()

  let cutting = true
  const cuts: Record<string, number> = {}
  const cutter = (async () => {
    for (let n = 0; cutting; n++) {
      await wait(150 + Math.random() * 450)
      const [name, cut] = faults[n % faults.length] as (typeof faults)[number]
      cuts[name] = (cuts[name] ?? 0) + 1
      await cut(line)
    }
  })()
  const pace = async (send: (n: number) => string) => {
    for (let n = 1; n <= COUNT; ) {
      for (let burst = 0; burst < 20 && n <= COUNT; burst++) {
        // No room to wait in: later, then.
        if (send(n) === 'dropped') break
        n++
      }
      await wait(10)
      while (socket.bufferedAmount > 500_000 || session.bufferedAmount > 500_000) await wait(10)
    }
  }
  const begun = performance.now()
  await Promise.all([pace((n) => socket.send(message(n))), pace((n) => session.send(message(n)))])
  await until(() => up.length >= COUNT && down.length >= COUNT)
  cutting = false
  await cutter
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  console.log(`${COUNT} each way in ${seconds} s, ${resumed} resumptions, cuts:`, cuts)

  const all = Array.from({ length: COUNT }, (_, n) => n + 1)
  expect(endings).toEqual([])
  expect(up).toEqual(all)
  expect(down).toEqual(all)
  expect(resumed).toBeGreaterThan(5)
}, 180_000)
