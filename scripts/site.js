import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { WebSocketServer } from 'ws'

/** Whatever a busy machine needs, in ms. */
export const PATIENCE = 120_000

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
}

/** Serves the files of a folder, and a WebSocket at every URL. It keeps its port when it is started again. */
export class Site {
  /** How many times it was started. */
  starts = 0
  /** How many connections were made since the first start. */
  connections = 0
  #port = 0
  #folder
  #accept
  #headers

  /** @param accept called with each connection, its request, and `starts` */
  constructor(folder, accept, headers = {}) {
    this.#folder = folder
    this.#accept = accept
    this.#headers = headers
  }

  get host() {
    return `127.0.0.1:${this.#port}`
  }

  /** How many connections are open. */
  get open() {
    return this.sockets.clients.size
  }

  async start() {
    this.starts++
    this.server = createServer((request, response) => this.#serve(request, response))
    this.sockets = new WebSocketServer({ server: this.server })
    this.sockets.on('connection', (socket, request) => {
      this.connections++
      this.#accept(socket, request, this.starts)
    })
    this.server.listen(this.#port, '127.0.0.1')
    await once(this.server, 'listening')
    this.#port = this.server.address().port
  }

  /** Ends everything without a close frame, as a server that is killed does. */
  async stop() {
    for (const socket of this.sockets.clients) socket.terminate()
    this.sockets.close()
    this.server.close()
    this.server.closeAllConnections()
    await once(this.server, 'close')
  }

  /** Resolves when that many connections are open. */
  async counts(count) {
    const end = Date.now() + PATIENCE
    while (this.open !== count) {
      if (Date.now() > end) throw new Error(`The server has ${this.open} connections instead of ${count}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  #serve({ url }, response) {
    const file = join(this.#folder, new URL(url, `http://${this.host}`).pathname)
    const type = types[extname(file)]
    if (!type || !existsSync(file)) return response.writeHead(404).end()
    response.writeHead(200, { ...this.#headers, 'content-type': type }).end(readFileSync(file))
  }
}
