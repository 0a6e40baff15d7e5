import { createServer as createPlain, type Server } from 'node:http'
import { createServer as createSecure } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Compare } from './compare/compare.ts'
import { answerHttp } from './http.ts'
import { merge, type ServerOptions } from './options.ts'
import { Router } from './router.ts'
import { addScenarios } from './scenarios.ts'
import { Uploads } from './uploads.ts'

export type { ServerOptions } from './options.ts'

/** A client that is connected. */
export interface Client {
  id: number
  path: string
  address: string
}

/** The running demo server. */
export interface DemoServer {
  /** Such as `http://127.0.0.1:8080`. */
  url: string
  /** The same for sockets, such as `ws://127.0.0.1:8080`. */
  socketUrl: string
  port: number
  clients(): Client[]
  /** Sends a text to a client by its id. Returns false if there is no such client. */
  push(id: number, text: string): boolean
  /** Cuts every client and refuses upgrades for `ms`. Pages are still served. */
  restart(ms?: number): void
  /** Closes all connections with 1001 and stops. Nothing is left running. */
  close(): Promise<void>
}

const KEPT_BYTES = 256 * 1024 * 1024

/** Starts the server of the demo and of the tests. Rejects if the port is taken. */
export async function startServer(options: ServerOptions = {}): Promise<DemoServer> {
  const settings = merge(options)
  const { host, tls, log } = settings
  // The Redis client is loaded only if it is used.
  const shared = settings.redis ? await (await import('./redis.ts')).share(settings.redis, log) : undefined
  const router = new Router({ ...settings, anyPort: shared !== undefined })
  const uploads = new Uploads({
    folder: settings.uploads,
    files: settings.uploadsKept,
    bytes: KEPT_BYTES,
    log,
  })
  await addScenarios(router, uploads, settings, shared)
  const compare = new Compare()
  router.add('/compare/run', compare.control())
  router.add('/compare/socket', compare.socket())

  const isSocketPath = (path: string) => router.has(path)
  const answer = answerHttp({ uploads, compare, isSocketPath, nodes: shared !== undefined })
  const server: Server = tls ? createSecure(tls, answer) : createPlain(answer)
  server.on('upgrade', (request, socket, head) => router.upgrade(request, socket, head))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(settings.port, host, resolve)
  }).catch(async (error) => {
    await router.close()
    shared?.close()
    throw error
  })
  // A fault of one connection, such as a broken TLS handshake, must not end the process.
  server.on('error', (error) => log(error.message))

  const { port } = server.address() as AddressInfo
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  let closing: Promise<void> | undefined
  return {
    url: `${tls ? 'https' : 'http'}://${authority}`,
    socketUrl: `${tls ? 'wss' : 'ws'}://${authority}`,
    port,
    clients: () => router.connections().map(({ id, url, address }) => ({ id, path: url.pathname, address })),
    push: (id, text) => router.push(id, text),
    restart: (ms = settings.restartTime) => router.restart(ms),
    close: () => {
      closing ??= stop(server, router).finally(() => shared?.close())
      return closing
    },
  }
}

async function stop(server: Server, router: Router): Promise<void> {
  const stopped = new Promise<void>((resolve) => server.close(() => resolve()))
  await router.close()
  server.closeAllConnections()
  await stopped
}
