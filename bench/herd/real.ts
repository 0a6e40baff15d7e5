import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import { Remote } from '../rpc.ts'
import type { Outcome } from './simulate.ts'

export const CLIENTS = 500
/** In 100 ms. To 500 clients it is what 200 are to 100,000: 50 s are the server's own limit here too. */
const ROOM = 1
const SLOT = 100
/** How long to look, in ms. */
const END = 120_000

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Real clients of one library, all cut at once, and a server with little room that counts who dials. */
export async function real(library: string): Promise<Omit<Outcome, 'median'>> {
  const sockets = new WebSocketServer({ noServer: true })
  const server = createServer()
  let start = 0
  let dials = 0
  let lastBack = 0
  const slots = new Map<number, number>()
  const taken = new Map<number, number>()
  server.on('upgrade', (request, pipe, head) => {
    const now = performance.now() - start
    const slot = Math.floor(now / SLOT)
    if (start) {
      dials++
      slots.set(slot, (slots.get(slot) ?? 0) + 1)
      const inside = taken.get(slot) ?? 0
      if (inside >= ROOM) return pipe.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
      taken.set(slot, inside + 1)
      lastBack = now
    }
    sockets.handleUpgrade(request, pipe, head, (socket) => socket.on('error', () => {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const clients = new Remote(fileURLToPath(new URL('../.built/herd.js', import.meta.url)))
  await clients.ready
  await clients.call('open', library, `ws://127.0.0.1:${port}/`, CLIENTS)
  while (sockets.clients.size < CLIENTS) await after(100)
  // Some count a connection only once it has lasted five seconds.
  await after(6_000)

  start = performance.now()
  for (const socket of sockets.clients) socket.terminate()
  await after(1_000)
  while (sockets.clients.size < CLIENTS && performance.now() - start < END) await after(100)
  const all = sockets.clients.size === CLIENTS
  clients.end()
  server.close()
  return {
    peak: Math.max(...slots.values()) / CLIENTS,
    allBack: all ? lastBack : null,
    attempts: dials / CLIENTS,
  }
}
