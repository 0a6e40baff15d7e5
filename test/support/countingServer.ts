import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { type WebSocket, WebSocketServer } from 'ws'
import { Sessions } from '../../src/session/server/index.ts'

/** What the server has seen of the clients of one path. */
export interface Count {
  /** Requests for a connection, including those that were abandoned during the handshake. */
  total: number
  /** Connections that are alive now. */
  live: number
  /** The most that were alive at the same time. */
  most: number
}

declare module 'vitest' {
  interface ProvidedContext {
    counting: { url: string; counts: string }
    /** The versions of the frameworks that a project is for. */
    versions: { react?: string; vue?: string }
  }
}

/**
 * A real server that counts connections by path, and answers `GET` of the same path with the `Count`. `POST` cuts the
 * connections of that path.
 *
 * It greets with `{ "hello": 1 }`, echoes what it receives, and answers `burst N` with N messages `{ "n": 0 }` … at once
 * and `close CODE` with that code. Clients that ask for the subprotocol of sessions get the same over a session.
 */
export async function startCounting() {
  const counts = new Map<string, Count>()
  const countOf = (path = '/') => {
    const count = counts.get(path) ?? { total: 0, live: 0, most: 0 }
    counts.set(path, count)
    return count
  }

  const paths = new Map<WebSocket, string | undefined>()
  const http = createServer((request, response) => {
    if (request.method === 'POST')
      for (const [client, path] of paths) if (path === request.url) client.terminate()
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.end(JSON.stringify(countOf(request.url)))
  })
  const server = new WebSocketServer({ noServer: true })
  const greeting = '{"hello":1}'
  const sessions = new Sessions<IncomingMessage>({
    opened: (session, { resumed }) => {
      if (!resumed) session.send(greeting)
    },
    received: (session, data) => {
      session.send(data)
    },
  })
  http.on('upgrade', (request, socket, head) => {
    countOf(request.url).total++
    server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client, request))
  })
  server.on('connection', (client, request) => {
    const count = countOf(request.url)
    count.live++
    count.most = Math.max(count.most, count.live)
    client.on('error', () => {})
    paths.set(client, request.url)
    client.on('close', () => {
      count.live--
      paths.delete(client)
    })
    if (client.protocol === 'holdfast.1') {
      // The page is the test runner's own, from another origin.
      request.headers.origin = `http://${request.headers.host}`
      return sessions.accept(client, request)
    }
    client.on('message', (data) => {
      const [verb, number] = data.toString().split(' ')
      if (verb === 'burst') for (let n = 0; n < Number(number); n++) client.send(JSON.stringify({ n }))
      else if (verb === 'close') client.close(Number(number))
      else client.send(data.toString())
    })
    client.send(greeting)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = `127.0.0.1:${(http.address() as AddressInfo).port}`

  return {
    url: `ws://${address}`,
    counts: `http://${address}`,
    countOf,
    stop: async () => {
      await sessions.shutdown()
      for (const client of server.clients) client.terminate()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

/** Starts it for tests that run in a page. */
export default async function setup({ provide }: TestProject) {
  const { url, counts, stop } = await startCounting()
  provide('counting', { url, counts })
  return stop
}
