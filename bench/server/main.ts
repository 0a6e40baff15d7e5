import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { Server } from 'socket.io'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Kind } from '../payload.ts'
import { serve } from '../rpc.ts'
import { burst } from './frames.ts'
import { page } from './page.ts'

/** One client's end here. `echo` is in its key, where it wants its messages back. */
class End {
  readonly pipe: Duplex
  readonly socketIo: boolean
  got = 0
  wanted = Infinity
  reached = () => {}

  constructor(socket: WebSocket, socketIo: boolean) {
    this.pipe = (socket as unknown as { _socket: Duplex })._socket
    this.socketIo = socketIo
  }

  count() {
    if (++this.got >= this.wanted) this.reached()
  }
}

const ends = new Map<string, End>()
const bursts = new Map<string, Buffer>()
const http = createServer(page)

const plain = new WebSocketServer({ noServer: true, perMessageDeflate: false })
http.on('upgrade', (request, pipe, head) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
  if (pathname.startsWith('/socket.io')) return
  plain.handleUpgrade(request, pipe, head, (socket) => {
    const key = searchParams.get('key') ?? ''
    const end = new End(socket, false)
    ends.set(key, end)
    const echo = key.startsWith('echo')
    socket.on('message', (data, binary) => {
      end.count()
      if (echo) socket.send(data as Buffer, { binary })
    })
    socket.on('error', () => {})
    socket.on('close', () => ends.delete(key))
  })
})

const rich = new Server(http, { transports: ['websocket'], perMessageDeflate: false })
rich.on('connection', (guest) => {
  const key = guest.handshake.query.key ?? ''
  const end = new End(guest.conn.transport.socket, true)
  ends.set(key, end)
  const echo = key.startsWith('echo')
  guest.on('message', (value) => {
    end.count()
    if (echo) guest.emit('message', value)
  })
  guest.on('disconnect', () => ends.delete(key))
})

function find(key: string): End {
  const end = ends.get(key)
  if (!end) throw new Error(`Nobody is connected as ${key}`)
  return end
}

serve({
  listen: () =>
    new Promise((resolve) => {
      http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port))
    }),
  /** Writes so many messages at once. */
  burst: (key: string, kind: Kind, count: number) => {
    const { pipe, socketIo } = find(key)
    const name = `${kind} ${count} ${socketIo}`
    const bytes = bursts.get(name) ?? burst(kind, count, socketIo)
    bursts.set(name, bytes)
    pipe.write(bytes)
  },
  /** Answers once so many messages have come in all. */
  got: (key: string, total: number) =>
    new Promise<void>((resolve) => {
      const end = find(key)
      end.reached = () => {
        end.wanted = Infinity
        resolve()
      }
      end.wanted = total
      if (end.got >= total) end.reached()
    }),
})
