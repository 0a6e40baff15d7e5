import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import { docs, setupWSConnection } from '@y/websocket-server/utils'
import { Aedes } from 'aedes'
import { useServer } from 'graphql-ws/use/ws'
import { Server as SocketIo } from 'socket.io'
import { createWebSocketStream, WebSocketServer } from 'ws'

/** Puts a real server of that protocol on an HTTP server. Returns a function that ends it, where closing the port is not enough. */
type Put = (server: Server) => (() => unknown) | Promise<() => unknown>

/** Counts up from where the clock of the server stands, so that a subscriber can tell that it goes on. */
async function* count() {
  for (let ticks = 0; ; ticks++) {
    yield { ticks }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const require = createRequire(import.meta.url)
// As graphql-ws gets it: a second copy of graphql would not know the schema of the first.
const { GraphQLInt, GraphQLObjectType, GraphQLSchema } = require('graphql') as typeof import('graphql')

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { one: { type: GraphQLInt, resolve: () => 1 } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { ticks: { type: GraphQLInt, subscribe: count } },
  }),
})

interface Stomp {
  send(topic: string, headers: Record<string, string>, body: string): void
  on(event: string, listener: (...args: unknown[]) => void): void
  /** Of its own version of `ws`. */
  socket: WebSocketServer
}
const StompServer = require('stomp-broker-js') as new (options: object) => Stomp

export const kinds: Record<string, Put> = {
  graphql: (server) => {
    const { dispose } = useServer({ schema }, new WebSocketServer({ server }))
    return dispose
  },
  stomp: (server) => {
    const broker = new StompServer({ server, path: '/', heartbeat: [0, 0] })
    let news = 0
    const timer = setInterval(() => broker.send('/news', {}, `${news++}`), 20)
    // This broker also writes to clients that are closing, and the error would be the end of all tests.
    broker.socket.on('connection', (socket) => {
      const send = socket.send.bind(socket)
      socket.send = (data: string) => {
        if (socket.readyState === socket.OPEN) send(data)
      }
    })
    return () => clearInterval(timer)
  },
  yjs: (server) => {
    new WebSocketServer({ server }).on('connection', (socket, request) => setupWSConnection(socket, request))
    return () => {
      // Each has a timer for who is there.
      for (const doc of docs.values()) doc.destroy()
      docs.clear()
    }
  },
  mqtt: async (server) => {
    const broker = await Aedes.createBroker()
    new WebSocketServer({ server }).on('connection', (socket, request) => {
      const stream = createWebSocketStream(socket)
      stream.on('error', () => {})
      broker.handle(stream, request)
    })
    return () => new Promise<void>((resolve) => broker.close(() => resolve()))
  },
  socketio: (server) => {
    const io = new SocketIo(server, { transports: ['websocket'] })
    io.on('connection', (guest) => guest.on('echo', (text: string) => guest.emit('echo', text)))
    return () => io.close()
  },
}
