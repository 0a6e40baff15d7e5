import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { Session } from '../../../src/session/client/index.ts'
import { RedisStore } from '../../../src/session/redis/index.ts'
import { Sessions } from '../../../src/session/server/index.ts'
import { until, WS } from '../node/fixtures.ts'
import { startBalancer, startNode, startRedis } from './processes.ts'

const COUNT = Number(process.env.MESSAGES ?? 2_000)
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Redis, three processes behind nginx, a client, and a fourth process that only sends. */
async function startCluster(client: 'redis' | 'ioredis') {
  const redis = await startRedis()
  ends.push(redis.remove)
  const nodes = await Promise.all([1, 2, 3].map(() => startNode(redis.port, client)))
  ends.push(() => Promise.all(nodes.map((node) => node.kill())))
  const balancer = await startBalancer()
  ends.push(balancer.stop)
  const spread = () => balancer.over(nodes.map(({ port }) => port))
  await spread()
  const sender = new Sessions({ store: new RedisStore(redis.client) })
  ends.push(() => sender.shutdown())
  const socket = new Session(balancer.url, {
    WebSocket: WS,
    reconnect: { base: 50, max: 200 },
    heartbeat: { interval: 1_000, timeout: 500 },
    queue: { messages: 20_000 },
  })
  ends.push(() => socket.close())
  const heard: string[] = []
  const fresh: unknown[] = []
  const closed: unknown[] = []
  /** What came through the topic that every client is subscribed to, and what it lacked. */
  const topic: string[] = []
  const gaps: unknown[] = []
  socket.on('text', (text) => (text.startsWith('topic ') ? topic : heard).push(text))
  socket.on('topic', (event) => event.type === 'gap' && gaps.push(event))
  socket.on('fresh', (value) => fresh.push(value))
  socket.on('closed', (value) => closed.push(value))
  await until(() => socket.status === 'open')
  await until(() => nodes.some(({ id }) => id))
  await until(() => socket.cursor('all') !== undefined)
  const id = () => nodes.find((node) => node.id)?.id as string
  const effects = () => redis.client.lrange('effects', 0, -1)
  return { redis, nodes, spread, sender, socket, heard, topic, gaps, fresh, closed, id, effects, client }
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n + 1}`)

test.for(['redis', 'ioredis'] as const)(
  `${COUNT} messages each way and through a topic, the owner killed every 3 s, over the package %s`,
  { timeout: 180_000 },
  async (client) => {
    const { redis, nodes, spread, sender, socket, heard, topic, gaps, fresh, closed, id, effects } =
      await startCluster(client)
    const name = id()
    let killing = true
    let kills = 0
    let resumed = 0
    socket.on('resumed', () => resumed++)
    const killer = (async () => {
      while (killing) {
        await wait(3_000)
        if (!killing) break
        // The process that opened it last owns it.
        const [owner] = [...nodes].sort((a, b) => b.opened - a.opened)
        if (!owner?.opened) continue
        kills++
        await owner.kill()
        nodes[nodes.indexOf(owner)] = await startNode(redis.port, client)
        await spread()
      }
    })()
    for (let n = 1; n <= COUNT; ) {
      for (let burst = 0; burst < 10 && n <= COUNT; burst++, n++) {
        socket.send(`${n}`)
        while (!(await sender.send(name, `${n}`).catch(() => false))) await wait(20)
        await sender.publish('all', `topic ${n}`)
      }
      await wait(24)
      // A fast machine would be through before the owner has died often enough.
      if (n > COUNT - 100) await until(() => kills > 2)
    }
    await until(() => heard.length >= COUNT && topic.length >= COUNT)
    await socket.drained()
    await socket.delivered('end')
    killing = false
    await killer
    console.log(`${client}: ${kills} kills, ${resumed} resumptions`)
    expect([fresh, closed]).toEqual([[], []])
    expect(heard).toEqual(numbers(COUNT))
    expect([topic, gaps]).toEqual([numbers(COUNT).map((number) => `topic ${number}`), []])
    expect(await effects()).toEqual([...numbers(COUNT), 'end'])
    expect(kills).toBeGreaterThan(2)
  },
)

test('Redis restarted with its log on disk: nothing lost', async () => {
  const { redis, sender, socket, heard, fresh, id, effects } = await startCluster('ioredis')
  for (let n = 1; n <= 100; n++) {
    socket.send(`${n}`)
    expect(await sender.send(id(), `${n}`)).toBe(true)
  }
  await redis.stop()
  let delivered = 0
  const told = () => delivered++
  const said = numbers(200)
    .slice(100)
    .map((text) => socket.delivered(text).then(told))
  await wait(3_000)
  // Nothing may be acknowledged that is not stored.
  expect(delivered).toBe(0)
  await redis.start()
  for (let n = 101; n <= 200; n++)
    while (!(await sender.send(id(), `${n}`).catch(() => false))) await wait(50)
  await until(() => heard.length >= 200)
  await Promise.all(said)
  await socket.delivered('end')
  expect(fresh).toEqual([])
  expect(heard).toEqual(numbers(200))
  expect(await effects()).toEqual([...numbers(200), 'end'])
})

test('Redis emptied: every message has its outcome, and none is delivered wrongly', async () => {
  const { redis, sender, socket, heard, fresh, id, effects } = await startCluster('ioredis')
  for (let n = 1; n <= 50; n++) socket.send(`${n}`)
  await socket.delivered('51')
  expect(await effects()).toEqual(numbers(51))
  await sender.send(id(), '1')
  await until(() => heard.length === 1)
  await redis.client.flushall()
  const outcome = socket.delivered('52').then(
    () => 'delivered',
    (error) => error.cause,
  )
  await until(() => fresh.length === 1)
  expect(await outcome).toBe('delivered')
  // Its handler may still run when the loss is noticed: the message counts as delivered then.
  await expect.poll(effects).toEqual(['52'])
  expect(fresh).toEqual([{ why: 'gone', delivered: ['52'], lost: [], unknown: [] }])
  expect(await sender.send(id(), 'to nobody')).toBe(false)
  await socket.delivered('a new life')
  expect(heard).toEqual(['1'])
})
