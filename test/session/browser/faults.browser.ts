import { expect, inject, test } from 'vitest'
import { server } from 'vitest/browser'
import { Session } from '../../../src/session/client/index.ts'
import { numbered, numberOf } from './numbered.ts'

const { url, count } = inject('session')
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test(`${count} messages each way in ${server.browser}, the line cut every 150 to 600 ms`, {
  timeout: 180_000,
}, async () => {
  const session = new Session(url, {
    binaryType: 'arraybuffer',
    heartbeat: { interval: 150, timeout: 150 },
    attemptTimeout: 1_000,
    reconnect: { base: 20, max: 60 },
  })
  const down: number[] = []
  const endings: unknown[] = []
  let verdict: unknown
  session.on('message', ({ data }) => {
    if (down.length < count) down.push(numberOf(data))
    else verdict = JSON.parse(data)
  })
  session.on('fresh', (fresh) => endings.push(fresh))
  session.on('closed', (closed) => endings.push(closed))
  await session.opened()
  for (let n = 1; n <= count; ) {
    for (let burst = 0; burst < 20 && n <= count; burst++) {
      if (session.send(numbered(n)) === 'dropped') break
      n++
    }
    await wait(10)
    while (session.bufferedAmount > 500_000) await wait(10)
  }
  while (down.length < count) await wait(20)
  await session.delivered('how many?')
  while (!verdict) await wait(20)
  expect(endings).toEqual([])
  expect(down.findIndex((n, index) => n !== index + 1)).toBe(-1)
  expect(verdict).toMatchObject({ count, wrong: -1 })
  expect((verdict as { resumed: number }).resumed).toBeGreaterThan(5)
  session.close()
})
