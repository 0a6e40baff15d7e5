import { expect, test } from 'vitest'
import type { DemoServer } from '../../demo/server/server.ts'
import { type Client, connect, refused, serve } from './support.ts'

interface Run {
  server: DemoServer
  control: Client
  id: string
}

/** A run of its own, whose value changes so often. */
async function start(rate = 50): Promise<Run> {
  const server = await serve()
  const control = await connect(`${server.socketUrl}/compare/run`)
  const { id } = await control.json('run')
  control.send({ rate })
  return { server, control, id: id as string }
}

interface Change {
  n: number
  at: number
  value: string
}

const poll = async ({ server, id }: Run): Promise<Change> =>
  (await fetch(`${server.url}/compare/poll?run=${id}`)).json()

const longPoll = async ({ server, id }: Run, after: number): Promise<Change> =>
  (await fetch(`${server.url}/compare/long?run=${id}&after=${after}`)).json()

type Tallies = Record<'polling' | 'long' | 'socket', { requests: number; received: number; sent: number }>

/** The figures as the visitor is told them, once they are as wanted. */
async function tally({ control }: Run, wanted: (tallies: Tallies) => boolean): Promise<Tallies> {
  for (;;) {
    const { tallies } = await control.json('tally')
    if (wanted(tallies as Tallies)) return tallies as Tallies
  }
}

test('the page is there, with and without its ending, and so is the chart library', async () => {
  const { url } = await serve()
  for (const path of ['/compare', '/compare.html', '/uplot/uPlot.iife.min.js', '/uplot/uPlot.min.css']) {
    const response = await fetch(url + path)
    expect(response.status, path).toBe(200)
    expect(response.headers.get('content-security-policy')).not.toContain('unsafe')
  }
  expect((await fetch(`${url}/uplot/../package.json`)).status).toBe(404)
})

test('polling has the value of the moment', async () => {
  const run = await start()
  const first = await poll(run)
  expect(first.value).toMatch(/^\d+\.\d °C$/)
  let later = first
  while (later.n === first.n) later = await poll(run)
  expect(later.n).toBeGreaterThan(first.n)
  expect(later.at).toBeGreaterThan(first.at)
})

test('a long poll is answered at once with what is new, else at the next change', async () => {
  const run = await start()
  const old = await longPoll(run, -1)
  const next = await longPoll(run, old.n)
  expect(next.n).toBeGreaterThan(old.n)
})

test('the socket is told every change, none twice, in order', async () => {
  const run = await start()
  const client = await connect(`${run.server.socketUrl}/compare/socket?run=${run.id}`)
  const numbers: number[] = []
  for (let i = 0; i < 10; i++) numbers.push((await client.json()).n as number)
  const [first = 0] = numbers
  expect(numbers).toEqual(numbers.map((_, index) => first + index))
})

test('the value changes at odd times: a poll in step with it would be lucky every time, or never', async () => {
  const run = await start(20)
  const client = await connect(`${run.server.socketUrl}/compare/socket?run=${run.id}`)
  const times: number[] = []
  for (let i = 0; i < 22; i++) times.push((await client.json()).at as number)
  const waits = times.slice(2).map((at, index) => at - (times[index + 1] ?? 0))
  expect(Math.min(...waits)).toBeGreaterThan(20)
  // From 25 to 75 ms: half of that, all of them are within once in 50,000 runs.
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(25)
})

test('requests are counted, and bytes as they go over the connection', async () => {
  const run = await start(0.1)
  const response = await fetch(`${run.server.url}/compare/poll?run=${run.id}`)
  const body = await response.text()
  const { polling, long } = await tally(run, (tallies) => tallies.polling.requests === 1)
  // What comes and goes is more than the body: the headers are what polling pays for.
  const answer = [...response.headers].reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
  expect(polling.sent).toBeGreaterThanOrEqual(body.length + answer)
  expect(polling.sent).toBeLessThan(body.length + answer + 100)
  expect(polling.received).toBeGreaterThan(`GET /compare/poll?run=${run.id} HTTP/1.1`.length)
  expect(long).toEqual({ requests: 0, received: 0, sent: 0 })
})

test('what else goes over the same connection is not counted', async () => {
  const run = await start(0.1)
  for (let i = 0; i < 3; i++) await (await fetch(`${run.server.url}/style.css`)).text()
  await poll(run)
  for (let i = 0; i < 3; i++) await (await fetch(`${run.server.url}/style.css`)).text()
  await poll(run)
  const { polling } = await tally(run, (tallies) => tallies.polling.requests === 2)
  expect(polling.sent).toBeLessThan(3_000)
})

test('the socket pays for its handshake once, and little for each change', async () => {
  const run = await start(50)
  const client = await connect(`${run.server.socketUrl}/compare/socket?run=${run.id}`)
  let length = 0
  for (let i = 0; i < 20; i++) length += JSON.stringify(await client.json()).length
  const { socket } = await tally(run, ({ socket }) => socket.sent > length)
  expect(socket.requests).toBe(1)
  const after = await tally(run, ({ socket: later }) => later.sent > socket.sent)
  expect(after.socket.received).toBe(socket.received)
})

test('a run ends with its connection: who waits is answered, who asks is told', async () => {
  const run = await start(0.1)
  const waiting = longPoll(run, 1_000_000)
  await tally(run, () => true)
  run.control.socket.terminate()
  expect(await waiting).toHaveProperty('value')
  let status = 200
  while (status === 200) ({ status } = await fetch(`${run.server.url}/compare/poll?run=${run.id}`))
  expect(status).toBe(404)
})

test('without a run there is nothing', async () => {
  const { url, socketUrl } = await serve()
  expect((await fetch(`${url}/compare/poll?run=nobody`)).status).toBe(404)
  expect((await fetch(`${url}/compare/long`)).status).toBe(404)
  expect((await refused(`${socketUrl}/compare/socket?run=nobody`)).status).toBe(400)
})

test.each([{ rate: 0 }, { rate: 1_000 }, { rate: 'often' }, { rate: null }, {}])(
  'a rate that makes no sense is told: %o',
  async (order) => {
    const { control } = await start()
    control.send(order)
    expect((await control.json('error')).message).toBe('The rate must be a number from 0.1 to 50.')
  },
)

test('a visitor cannot hold more than a few requests open', async () => {
  const run = await start(0.1)
  const asked = Array.from({ length: 8 }, () =>
    fetch(`${run.server.url}/compare/long?run=${run.id}&after=1000000`),
  )
  const first = await Promise.race(asked)
  expect(first.status).toBe(429)
  run.control.socket.terminate()
  await Promise.all(asked)
})
