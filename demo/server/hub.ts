import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { type Door, door } from './door.ts'
import { isWelcome } from './origin.ts'
import { parseUrl } from './parse-url.ts'
import { refuse } from './refuse.ts'
import type { Scenario } from './scenario.ts'
import { Visit } from './visit.ts'

/** How long clients have to answer our close frame, in ms. */
const GRACE = 500

export interface HubOptions {
  maxConnections: number
  origins: readonly string[]
  /** Whether pages of this host's other ports are our own as well. */
  anyPort: boolean
  /** How often clients are asked for a sign of life, in ms; who has not answered by the next time is cut. */
  pingInterval: number
  log: (line: string) => void
}

/** Everybody who is connected, on every path. */
export class Hub {
  readonly #doors = new Map<string, Door>()
  readonly #visits = new Map<number, Visit>()
  readonly #options: HubOptions
  readonly #timer: NodeJS.Timeout
  #last = 0
  /** When upgrades are welcome again; Infinity once the server is closing. */
  #awayUntil = 0

  constructor(options: HubOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#askForLife(), options.pingInterval).unref()
  }

  add(path: string, scenario: Scenario): void {
    this.#doors.set(path, door(scenario))
  }

  has(path: string): boolean {
    return this.#doors.has(path)
  }

  visits(): Visit[] {
    return [...this.#visits.values()]
  }

  /** Sends a text to one client, whatever it is doing. False: there is no such client. */
  push(id: number, text: string): boolean {
    const visit = this.#visits.get(id)
    visit?.send(text)
    return visit !== undefined
  }

  /** Cuts everybody and lets nobody in for `ms`, as a server that is started anew. */
  restart(ms: number): void {
    this.#awayUntil = Date.now() + ms
    for (const visit of this.visits()) visit.drop()
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
    const url = parseUrl(request.url)
    const entrance = url && this.#doors.get(url.pathname)
    const wait = this.#awayUntil - Date.now()
    if (!url || !entrance) {
      const paths = [...this.#doors.keys()].join(' ')
      return refuse(socket, 404, `There is no WebSocket on this path. There is one on: ${paths}`)
    }
    if (entrance.scenario.ownPagesOnly && !isWelcome(request, this.#options.origins, this.#options.anyPort)) {
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
    if (this.#visits.size >= this.#options.maxConnections) {
      return refuse(socket, 503, 'Too many connections.', { 'Retry-After': '30' })
    }
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    const words = entrance.scenario.refuse?.({ url, offered })
    if (words !== undefined) return refuse(socket, 400, words)
    entrance.server.handleUpgrade(request, socket, head, (client) =>
      this.#enter(entrance, url, client, request),
    )
  }

  #enter({ scenario, response }: Door, url: URL, socket: WebSocket, request: IncomingMessage): void {
    const { log } = this.#options
    const id = ++this.#last
    const visit = new Visit({ id, url, socket, request, response: response(request), log })
    this.#visits.set(id, visit)
    visit.log(`handshake from ${visit.address}`)
    // `ws` closes after an error by itself; without a listener the process would end with it.
    socket.on('error', (error) => visit.log(error.message))
    const run = async (work: () => unknown) => {
      try {
        await work()
      } catch (error) {
        visit.blame(error)
      }
    }
    run(() => {
      const visitor = scenario.join(visit)
      socket.on('message', (data: Buffer, isBinary) => {
        if (visit.muted) return
        run(() => (isBinary ? visitor.binary?.(data) : visitor.text?.(data.toString())))
      })
      socket.on('close', (code) => run(() => visitor.left?.(code)))
    })
    socket.on('close', (code, reason) => {
      this.#visits.delete(id)
      visit.log(`close ${code} ${JSON.stringify(reason.toString())}`)
    })
  }

  #askForLife(): void {
    const paths = new Map([...this.#doors].map(([path, { scenario }]) => [path, scenario.pings ?? true]))
    for (const visit of this.visits()) {
      if (!paths.get(visit.url.pathname)) continue
      if (visit.asked) visit.drop()
      else visit.ask()
    }
  }

  /** Says 1001 to everybody, and cuts those who do not answer. */
  async close(): Promise<void> {
    this.#awayUntil = Number.POSITIVE_INFINITY
    clearInterval(this.#timer)
    await Promise.all([...this.#doors.values()].map(({ scenario }) => scenario.close?.()))
    for (const visit of this.visits()) visit.close(1001, 'The server is going away.')
    const end = Date.now() + GRACE
    while (this.#visits.size > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10))
    for (const visit of this.visits()) visit.drop()
    for (const { server } of this.#doors.values()) server.close()
  }
}
