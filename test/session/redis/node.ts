// One server process of three: `tsx node.ts <port of Redis> <which client> <ttl> <maxPayload>`. Says its port, and what happens.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { Redis as IoRedis } from 'ioredis'
import { createClient } from 'redis'
import { WebSocketServer } from 'ws'
import { RedisStore } from '../../../src/session/redis/index.ts'
import { Sessions } from '../../../src/session/server/index.ts'

const [port, which, ttl, maxPayload] = process.argv.slice(2)
const url = `redis://127.0.0.1:${port}`
// The effect and the key of its message are written in one step: so a crash right after it repeats nothing.
const EFFECT = `if redis.call('SET', KEYS[1], 1, 'NX') then redis.call('RPUSH', KEYS[2], ARGV[1]) end`

const now = Date.now
process.on('SIGUSR2', () => {
  Date.now = () => now() - 3_600_000
  console.log('back')
})

const effects = new IoRedis(url)
effects.on('error', () => {})
const node = createClient({ url })
node.on('error', () => {})
const client = which === 'ioredis' ? effects.duplicate() : await node.connect()
if (client instanceof IoRedis) client.on('error', () => {})

const sessions = new Sessions({
  store: new RedisStore(client),
  ttl: Number(ttl),
  opened: (session, { resumed }) => {
    console.log(`opened ${session.id} ${resumed}`)
    // What another process had of it goes on by itself.
    if (!resumed) session.subscribe('all').catch(console.error)
  },
  ended: ({ id }, { why, delivered, written, sent }) =>
    console.log(`ended ${id} ${why} ${delivered} ${written} ${sent}`),
  received: async (_, data, key) => {
    console.log(`received ${data}`)
    for (;;) {
      try {
        return await effects.eval(EFFECT, 2, `effect:${key}`, 'effects', String(data))
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  },
})
// `send <text> …` sends to all sessions of this process.
createInterface({ input: process.stdin }).on('line', (line) => {
  const [, ...texts] = line.split(' ')
  for (const session of sessions) for (const text of texts) session.send(text)
})
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: Number(maxPayload) })
server.on('connection', (socket, request) => sessions.accept(socket, request))
await once(server, 'listening')
console.log(`port ${(server.address() as AddressInfo).port}`)
