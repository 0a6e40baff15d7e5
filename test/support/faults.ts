import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** What a new connection meets: the target, a reset, silence, or an HTTP status in answer to the upgrade. */
export type Answer = 'pass' | 'refuse' | 'hang' | { status: number }

/** Which bytes vanish while the connections stay: those of the client (`up`), of the server (`down`), or both. */
export type Hole = 'none' | 'up' | 'down' | 'both'

interface Pair {
  client: Socket
  target: Socket
}

/** A TCP proxy that does to the line what real lines do. Everything can be changed while it runs. */
export class Line {
  answer: Answer = 'pass'
  hole: Hole = 'none'
  /** How late every chunk arrives, in ms, in both directions. */
  delay = 0
  /** How many bytes a second are taken from the client. The kernel's own buffers come on top. */
  rate = Number.POSITIVE_INFINITY
  /** The same from the server. */
  downRate = Number.POSITIVE_INFINITY
  /** How many TCP connections were made to it, the refused ones included. */
  dials = 0
  readonly #pairs = new Set<Pair>()
  readonly #others = new Set<Socket>()
  readonly #target: number
  readonly #server = createServer({ highWaterMark: 16_384, noDelay: true, allowHalfOpen: true }, (client) =>
    this.#dialled(client),
  )
  /** How many bytes of the server still pass before the cut. */
  #allowance = Number.POSITIVE_INFINITY
  #listening = false
  #port = 0

  constructor(target: number) {
    this.#target = target
  }

  get url() {
    return `ws://127.0.0.1:${this.#port}/`
  }

  get port() {
    return this.#port
  }

  /** How many connections to the target are alive. */
  get live() {
    return this.#pairs.size
  }

  async open() {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#listening = true
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Closes the port, so that the kernel refuses; what is connected stays. `open()` listens on it again. */
  shut() {
    if (!this.#listening) return
    this.#listening = false
    this.#server.close()
  }

  /** Ends every connection with an RST. */
  reset() {
    for (const { client, target } of this.#pairs) {
      client.resetAndDestroy()
      target.destroy()
    }
    for (const socket of this.#others) socket.resetAndDestroy()
  }

  /** Ends every connection with a FIN and no close frame. */
  fin() {
    for (const { client, target } of this.#pairs) {
      client.end()
      target.destroy()
    }
    for (const socket of this.#others) socket.end()
  }

  /** Lets this many more bytes of the server pass, then resets. */
  cutMidFrame(bytes: number) {
    this.#allowance = bytes
  }

  async close() {
    this.shut()
    for (const { client, target } of this.#pairs) {
      client.destroy()
      target.destroy()
    }
    for (const socket of this.#others) socket.destroy()
  }

  #dialled(client: Socket) {
    this.dials++
    client.on('error', () => {})
    if (this.answer === 'pass') return this.#join(client)
    if (this.answer === 'refuse') return client.resetAndDestroy()
    this.#others.add(client)
    client.on('close', () => this.#others.delete(client))
    client.resume()
    if (this.answer === 'hang') return
    const { status } = this.answer
    client.once('data', () =>
      client.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`),
    )
  }

  #join(client: Socket) {
    const target = connect({ port: this.#target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    const pair = { client, target }
    this.#pairs.add(pair)
    // Whoever is behind a hole does not learn that the other end is gone.
    const gone = (other: Socket, hole: Hole) => () => {
      if (this.hole === 'both' || this.hole === hole) return
      other.destroy()
      this.#pairs.delete(pair)
    }
    client.on('error', () => this.hole === 'none' && target.resetAndDestroy())
    target.on('error', () => this.hole === 'none' && client.resetAndDestroy())
    client.on('close', gone(target, 'up'))
    target.on('close', gone(client, 'down'))
    // Chunks are passed on one after another, so that a changed delay never changes their order.
    client.on('data', (chunk) => {
      client.pause()
      void this.#up(chunk, target).then(() => client.resume())
    })
    target.on('data', (chunk) => {
      target.pause()
      void this.#down(chunk, client).then(() => target.resume())
    })
    // A FIN comes after the data that went before it, but through no hole.
    client.on('end', () => this.hole !== 'both' && this.hole !== 'up' && target.end())
    target.on('end', () => this.hole !== 'both' && this.hole !== 'down' && client.end())
  }

  async #up(chunk: Buffer, target: Socket) {
    if (this.delay) await wait(this.delay)
    if (Number.isFinite(this.rate)) await wait((chunk.length / this.rate) * 1000)
    if (this.hole === 'none' || this.hole === 'down') await written(target, chunk)
  }

  async #down(chunk: Buffer, client: Socket) {
    if (this.delay) await wait(this.delay)
    if (Number.isFinite(this.downRate)) await wait((chunk.length / this.downRate) * 1000)
    if (this.hole === 'down' || this.hole === 'both') return
    const part = chunk.subarray(0, this.#allowance)
    this.#allowance -= part.length
    await written(client, part)
    if (part.length === chunk.length) return
    this.#allowance = Number.POSITIVE_INFINITY
    this.reset()
  }
}

const written = (socket: Socket, chunk: Buffer) =>
  new Promise<void>((resolve) => {
    if (socket.destroyed) resolve()
    else socket.write(chunk, () => resolve())
  })
