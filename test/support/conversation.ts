import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { WebSocketServer } from 'ws'
import { converse, select } from './converse.ts'

/** A real server for the contract suite, and an address where nobody listens. */
export async function startConversation() {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    handleProtocols: (offered) => select(offered) ?? false,
  })
  server.on('connection', (socket) => {
    const peer = {
      send: (data: string | Uint8Array) => socket.send(data),
      close: (code?: number, reason?: string) => socket.close(code, reason),
      vanish: () => socket.terminate(),
    }
    socket.on('error', () => {})
    socket.on('message', (data, binary) => converse(peer, binary ? (data as Buffer) : data.toString()))
  })
  await once(server, 'listening')

  // A port that was just free stays free for as long as a test lasts.
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const address = ({ port }: AddressInfo) => `ws://127.0.0.1:${port}/`
  const refused = address(free.address() as AddressInfo)
  free.close()

  return {
    url: address(server.address() as AddressInfo),
    refused,
    stop: async () => {
      for (const socket of server.clients) socket.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
