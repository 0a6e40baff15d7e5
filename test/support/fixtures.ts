import { test as base } from 'vitest'
import type { ServerOptions } from 'ws'
import { Line } from './faults.ts'
import { type Nginx, startNginx } from './nginx.ts'
import { Server } from './server.ts'

interface Fixtures {
  /** Starts a real `ws` server on 127.0.0.1, on a port of its own. */
  listen: (options?: ServerOptions) => Promise<Server>
  /** Puts a fault proxy in front of a port of 127.0.0.1. */
  proxy: (target: { port: number }) => Promise<Line>
  /** Puts a real nginx in front of a port of 127.0.0.1. */
  nginx: (options: { port: number; readTimeout?: string }) => Promise<Nginx>
}

/** `test` with real sockets: whatever a test has started is closed after it. */
export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  listen: async ({}, use) => {
    const servers: Server[] = []
    await use(async (options = {}) => {
      const server = new Server(options)
      servers.push(server)
      await server.start()
      return server
    })
    await Promise.all(servers.map((server) => server.stop()))
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  proxy: async ({}, use) => {
    const lines: Line[] = []
    await use(async ({ port }) => {
      const line = new Line(port)
      lines.push(line)
      await line.open()
      return line
    })
    await Promise.all(lines.map((line) => line.close()))
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  nginx: async ({}, use) => {
    const started: Nginx[] = []
    await use(async (options) => {
      const nginx = await startNginx(options)
      started.push(nginx)
      return nginx
    })
    await Promise.all(started.map((nginx) => nginx.stop()))
  },
})
