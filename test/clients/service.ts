import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { BrowserCommand } from 'vitest/node'
import { kinds } from './servers.ts'

/** A real server that can go away and come back on its port. */
class Service {
  port = 0
  readonly #kind: string
  #server: Server | undefined
  #end: () => unknown = () => {}
  readonly #upgraded = new Set<Socket>()

  constructor(kind: string) {
    this.#kind = kind
  }

  /** How many WebSockets are connected. */
  get live() {
    return this.#upgraded.size
  }

  async start() {
    const server = createServer()
    this.#server = server
    server.on('upgrade', (_request, stream) => {
      const socket = stream as Socket
      this.#upgraded.add(socket)
      socket.on('close', () => this.#upgraded.delete(socket))
    })
    this.#end = (await kinds[this.#kind]?.(server)) ?? (() => {})
    server.listen(this.port, '127.0.0.1')
    await once(server, 'listening')
    this.port = (server.address() as AddressInfo).port
  }

  /** Ends the connections without a close frame. */
  cut() {
    for (const socket of this.#upgraded) socket.destroy()
  }

  async stop() {
    const server = this.#server
    this.#server = undefined
    if (!server) return
    const closed = once(server, 'close')
    server.close()
    this.cut()
    await this.#end()
    server.closeAllConnections()
    await closed
  }
}

const services = new Map<number, Service>()
const service = (port: number) => services.get(port) as Service

/** What a test in the page can do to the servers. */
export const commands: Record<string, BrowserCommand<[never, never]>> = {
  startService: async (_context, kind: string) => {
    const started = new Service(kind)
    await started.start()
    services.set(started.port, started)
    return started.port
  },
  restartService: async (_context, port: number, down: number) => {
    await service(port).stop()
    await wait(down)
    await service(port).start()
  },
  cutService: (_context, port: number) => service(port).cut(),
  stopService: (_context, port: number) => service(port).stop(),
  liveSockets: (_context, port: number) => service(port).live,
}

declare module 'vitest/browser' {
  interface BrowserCommands {
    startService(kind: string): Promise<number>
    restartService(port: number, down: number): Promise<void>
    cutService(port: number): Promise<void>
    stopService(port: number): Promise<void>
    liveSockets(port: number): Promise<number>
  }
}
