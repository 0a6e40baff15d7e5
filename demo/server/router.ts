import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { Connection } from './connection.ts'
import { createEndpoint, type Endpoint } from './endpoint.ts'
import { isAllowedOrigin } from './origin.ts'
import { parseUrl } from './parse-url.ts'
import { refuse } from './refuse.ts'
import type { Scenario } from './scenario.ts'

/** How long clients have to answer the close frame, in ms. */
const GRACE = 500

export interface RouterOptions {
  maxConnections: number
  origins: readonly string[]
  /** Whether pages of other ports of this host are allowed too. */
  anyPort: boolean
  /** How often clients get a ping frame, in ms. A client that has not answered by the next one is cut. */
  pingInterval: number
  log: (line: string) => void
}

/** Routes upgrades to the scenarios by their path, and knows all connections. */
export class Router {
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #connections = new Map<number, Connection>()
  readonly #options: RouterOptions
  readonly #timer: NodeJS.Timeout
  #last = 0
  /** Upgrades are refused until then; Infinity once the server is closing. */
  #awayUntil = 0

  constructor(options: RouterOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#pingAll(), options.pingInterval).unref()
  }

  add(path: string, scenario: Scenario): void {
    this.#endpoints.set(path, createEndpoint(scenario))
  }

  has(path: string): boolean {
    return this.#endpoints.has(path)
  }

  connections(): Connection[] {
    return [...this.#connections.values()]
  }

  /** Sends a text to one client, whatever it is doing. False: there is no such client. */
  push(id: number, text: string): boolean {
    const connection = this.#connections.get(id)
    connection?.send(text)
    return connection !== undefined
  }

  /** Cuts all connections and refuses new ones for `ms`, as a server that restarts. */
  restart(ms: number): void {
    this.#awayUntil = Date.now() + ms
    for (const connection of this.connections()) connection.terminate()
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
    const url = parseUrl(request.url)
    const endpoint = url && this.#endpoints.get(url.pathname)
    const wait = this.#awayUntil - Date.now()
    if (!url || !endpoint) {
      const paths = [...this.#endpoints.keys()].join(' ')
      return refuse(socket, 404, `There is no WebSocket on this path. There is one on: ${paths}`)
    }
    if (
      endpoint.scenario.ownPagesOnly &&
      !isAllowedOrigin(request, this.#options.origins, this.#options.anyPort)
    ) {
      return refuse(socket, 403, 'This path is for pages of this server only, not for those of other sites.')
    }
    if (wait > 0) {
      return refuse(
        socket,
        503,
        'The server is restarting.',
        Number.isFinite(wait) ? { 'Retry-After': '3' } : {},
      )
    }
    if (this.#connections.size >= this.#options.maxConnections) {
      return refuse(socket, 503, 'Too many connections.', { 'Retry-After': '30' })
    }
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    const words = endpoint.scenario.refuse?.({ url, offered })
    if (words !== undefined) return refuse(socket, 400, words)
    endpoint.server.handleUpgrade(request, socket, head, (client) =>
      this.#enter(endpoint, url, client, request),
    )
  }

  #enter({ scenario, response }: Endpoint, url: URL, socket: WebSocket, request: IncomingMessage): void {
    const { log } = this.#options
    const id = ++this.#last
    const connection = new Connection({ id, url, socket, request, response: response(request), log })
    this.#connections.set(id, connection)
    connection.log(`handshake from ${connection.address}`)
    // `ws` closes after an error by itself; without a listener the process would end with it.
    socket.on('error', (error) => connection.log(error.message))
    const run = async (work: () => unknown) => {
      try {
        await work()
      } catch (error) {
        connection.reportError(error)
      }
    }
    run(() => {
      const handlers = scenario.join(connection)
      socket.on('message', (data: Buffer, isBinary) => {
        if (connection.unresponsive) return
        run(() => (isBinary ? handlers.binary?.(data) : handlers.text?.(data.toString())))
      })
      socket.on('close', (code) => run(() => handlers.left?.(code)))
    })
    socket.on('close', (code, reason) => {
      this.#connections.delete(id)
      connection.log(`close ${code} ${JSON.stringify(reason.toString())}`)
    })
  }

  #pingAll(): void {
    const paths = new Map([...this.#endpoints].map(([path, { scenario }]) => [path, scenario.pings ?? true]))
    for (const connection of this.connections()) {
      if (!paths.get(connection.url.pathname)) continue
      if (connection.awaitingPong) connection.terminate()
      else connection.ping()
    }
  }

  /** Closes all connections with 1001, and cuts those that do not answer. */
  async close(): Promise<void> {
    this.#awayUntil = Number.POSITIVE_INFINITY
    clearInterval(this.#timer)
    await Promise.all([...this.#endpoints.values()].map(({ scenario }) => scenario.close?.()))
    for (const connection of this.connections()) connection.close(1001, 'The server is going away.')
    const end = Date.now() + GRACE
    while (this.#connections.size > 0 && Date.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 10))
    for (const connection of this.connections()) connection.terminate()
    for (const { server } of this.#endpoints.values()) server.close()
  }
}
