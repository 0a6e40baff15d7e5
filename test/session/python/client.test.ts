import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { test, until } from '../node/fixtures.ts'

const script = fileURLToPath(new URL('client.py', import.meta.url))

type Heard = Record<string, unknown>

/** The client of another language, written from docs/PROTOCOL.md alone. */
function python(url: string, token: string) {
  // Debian's own: another one in the path may not have the package.
  const child = spawn('/usr/bin/python3', [script, url, token], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const heard: Heard[] = []
  createInterface(child.stdout).on('line', (line) => heard.push(JSON.parse(line)))
  return {
    heard,
    ended: once(child, 'exit'),
    tell: (command: object) => child.stdin.write(`${JSON.stringify(command)}\n`),
    end: () => child.stdin.end(),
  }
}

test('a client written from the protocol page has a conversation through cuts: 0 lost, 0 doubled', async ({
  startServer,
  proxy,
}) => {
  const COUNT = 400
  const up: string[] = []
  const endings: unknown[] = []
  const { port, sessions, next } = await startServer({
    authenticate: (_, token) => token,
    credit: [50, 10_000],
    received: (_, data) =>
      void up.push(typeof data === 'string' ? data : `bytes ${Buffer.from(data).toString('hex')}`),
    ended: (_, { why }) => endings.push(why),
  })
  const line = await proxy({ port })
  const client = python(line.url, 'ann')
  const session = await next()
  await session.subscribe('news')
  const bytes = (n: number) => Buffer.from(`${n}`).toString('hex')
  const text = (n: number) => `${n % 5 ? '' : '!'}${n} é`
  let cutting = true
  const cutter = (async () => {
    while (cutting) {
      await wait(300)
      if (cutting) line.reset()
    }
  })()
  for (let n = 1; n <= COUNT; n++) {
    client.tell(n % 2 ? { send: text(n) } : { bytes: bytes(n) })
    session.send(n % 2 ? text(n) : Buffer.from(`${n}`))
    await sessions.publish('news', n % 2 ? text(n) : Buffer.from(`${n}`))
    if (n % 10 === 0) await wait(50)
  }
  const down = () =>
    client.heard.filter((event) => event.topic === undefined && ('text' in event || 'bytes' in event))
  const news = () => client.heard.filter((event) => event.topic === 'news')
  await until(() => up.length >= COUNT && down().length >= COUNT && news().length >= COUNT)
  cutting = false
  await cutter
  const all = Array.from({ length: COUNT }, (_, index) => index + 1)
  expect(up).toEqual(all.map((n) => (n % 2 ? text(n) : `bytes ${bytes(n)}`)))
  const expected = all.map((n) => (n % 2 ? { text: text(n) } : { bytes: bytes(n) }))
  expect(down()).toEqual(expected)
  expect(news()).toEqual(expected.map((event) => ({ topic: 'news', ...event })))
  expect(client.heard.filter((event) => 'gap' in event || 'error' in event || 'fresh' in event)).toEqual([])
  expect(sessions.counters.resumed).toBeGreaterThan(3)
  expect(await until(() => session.connected)).toBeUndefined()
  expect(await Promise.race([session.challenge(), wait(20_000)])).toBe(true)
  client.tell({ close: true })
  client.end()
  await client.ended
  await until(() => endings.length)
  expect(endings).toEqual(['finished'])
})
