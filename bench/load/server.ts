// One server process: `node --expose-gc server.js <kind> <port of Redis, or 0>`, bundled from this file. The parent asks it by
// messages for its processor time and heap, to publish, and to end.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdapter } from '@socket.io/redis-streams-adapter'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { Server } from 'socket.io'
import { type WebSocket, WebSocketServer } from 'ws'
import { RedisStore } from '../../src/session/redis/index.ts'
import { Sessions } from '../../src/session/server/index.ts'
import type { Kind, Request } from './protocols.ts'

const [kind, redis] = process.argv.slice(2) as [Kind, string]
const http = createServer()
let publish: (text: string) => unknown

if (kind === 'ws' || kind === 'ws-hello') {
  const server = new WebSocketServer({ server: http })
  const all = new Set<WebSocket>()
  server.on('connection', (socket) => {
    all.add(socket)
    socket.on('close', () => all.delete(socket))
    let isKnown = kind === 'ws'
    socket.on('message', (data) => {
      const text = String(data)
      if (isKnown) return socket.send(text)
      const { token } = JSON.parse(text.slice('hello '.length))
      isKnown = typeof token === 'string'
      socket.send(`welcome ${JSON.stringify({ isKnown })}`)
    })
  })
  publish = (text) => {
    const data = Buffer.from(text)
    for (const socket of all) socket.send(data, { binary: false })
  }
} else if (kind === 'socket.io') {
  const adapter = Number(redis)
    ? createAdapter(await createClient({ url: `redis://127.0.0.1:${redis}` }).connect(), { maxLen: 20_000 })
    : undefined
  const io = new Server(http, {
    transports: ['websocket'],
    connectionStateRecovery: { maxDisconnectionDuration: 120_000 },
    ...(adapter ? { adapter } : {}),
  })
  io.on('connection', (socket) => {
    void socket.join('all')
    socket.on('echo', (text: string) => socket.emit('echo', text))
  })
  publish = (text) => io.to('all').emit('topic', text)
} else {
  const store = Number(redis) ? { store: new RedisStore(new Redis(Number(redis), '127.0.0.1')) } : {}
  const sessions = new Sessions({
    ...store,
    limits: { pendingPerAddress: 100_000, pending: 100_000 },
    opened: (session, { resumed }) => {
      if (!resumed) void session.subscribe('all')
    },
    received: (session, data) => {
      session.send(data)
    },
  })
  const server = new WebSocketServer({ server: http, maxPayload: 1_048_576 })
  server.on('connection', (socket, request) => sessions.accept(socket, request))
  publish = (text) => sessions.publish('all', text)
}

/** The heap without garbage. Collects repeatedly, because objects that one collection finalizes are freed by a later one. */
async function settledHeap(): Promise<number> {
  let before = Number.POSITIVE_INFINITY
  for (;;) {
    globalThis.gc?.()
    const { heapUsed } = process.memoryUsage()
    if (heapUsed > before * 0.999) return heapUsed
    before = heapUsed
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const openConnections = () =>
  new Promise<number>((resolve) => {
    http.getConnections((_, count) => resolve(count))
  })

process.on('message', async (request: Request) => {
  if (request.type === 'end') process.exit()
  if (request.type === 'publish') for (const text of request.texts) await publish(text)
  const heap = request.type === 'heap' ? await settledHeap() : 0
  const connections = await openConnections()
  const { user, system } = process.cpuUsage()
  process.send?.({ cpu: (user + system) / 1_000, heap, connections })
})
http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }))
