import { type Client, Server as MockServer, WebSocket as MockSocket } from 'mock-socket'

/** How long anything takes to reach the other end, in ms: what mock-socket itself takes for a handshake. */
export const HOP = 4
/** How long Chromium waits for the answer to its close frame before it gives up, in ms. */
const CLOSE_TIMEOUT = 60_000

type Sent = string | Uint8Array<ArrayBuffer> | Blob

class FakeCloseEvent extends Event {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean

  constructor(code: number, reason: string, wasClean: boolean) {
    super('close')
    this.code = code
    this.reason = reason
    this.wasClean = wasClean
  }
}

const bytes = (data: Sent) => {
  if (typeof data === 'string') return new TextEncoder().encode(data).length
  return data instanceof Blob ? data.size : data.length
}

const copied = (data: string | ArrayBuffer | ArrayBufferView | Blob): Sent => {
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0))
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return data instanceof Blob ? data : String(data)
}

/** As the browser reads it: http(s) becomes ws(s), and whatever is wrong is a `SyntaxError` of the DOM. */
function checked(url: string | URL, protocols: string | string[]): [string, string[]] {
  const fail = (what: string): never => {
    throw new DOMException(`Failed to construct 'WebSocket': ${what}`, 'SyntaxError')
  }
  const parsed = URL.canParse(String(url)) ? new URL(url) : fail(`The URL '${url}' is invalid.`)
  const address = parsed.href.replace(/^http/, 'ws')
  if (!/^wss?:/.test(address))
    fail(`The URL's scheme must be ws or wss. '${parsed.protocol}' is not allowed.`)
  if (parsed.hash) fail('The URL contains a fragment identifier.')
  const offered = [protocols].flat()
  if (new Set(offered).size < offered.length) fail('A subprotocol is duplicated.')
  if (!offered.every((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name))) fail('A subprotocol is invalid.')
  return [address, offered]
}

/** The server's end of a fake connection. */
export class FakePeer {
  readonly socket: FakeSocket
  readonly received: Sent[] = []
  /** What the client said when it closed. */
  closed: { code: number; reason: string } | undefined

  constructor(socket: FakeSocket) {
    this.socket = socket
  }

  send(data: string | Uint8Array) {
    this.socket.later(() => this.socket.hear(data))
  }

  close(code = 1005, reason = '') {
    this.socket.later(() => this.socket.end(code, reason, true))
  }

  /** The TCP connection is gone, without a close frame. */
  vanish() {
    this.socket.later(() => this.socket.end(1006, '', false))
  }
}

/**
 * mock-socket's WebSocket, mended until it passes the contract suite that `ws` and Chromium pass. Left to itself it ends
 * a failed attempt with 1000 and `wasClean`, turns binary frames into strings, delivers what is sent after `close()`, hears
 * what arrives after it, has no `bufferedAmount`, knows its subprotocol before the server does, and throws other errors.
 */
export class FakeSocket extends MockSocket {
  override readonly bufferedAmount: number = 0
  readonly peer: FakePeer
  readonly #server: FakeServer
  readonly #leaving: { data: Sent; left: number }[] = []
  #opened = false

  constructor(server: FakeServer, url: string | URL, protocols: string | string[] = []) {
    const [address, offered] = checked(url, protocols)
    super(address, offered)
    this.#server = server
    this.peer = new FakePeer(this)
    Object.assign(this, { protocol: '' })
    if (server.answer === 'hang') this.#hang()
    server.dialled(this)
  }

  override send(data: string | ArrayBuffer | ArrayBufferView | Blob) {
    if (this.readyState === this.CONNECTING) {
      throw new DOMException(
        "Failed to execute 'send' on 'WebSocket': Still in CONNECTING state.",
        'InvalidStateError',
      )
    }
    const sent = copied(data)
    this.#buffer(bytes(sent))
    if (this.readyState !== this.OPEN) return
    this.#leaving.push({ data: sent, left: bytes(sent) })
    this.later(() => this.#server.stalled || this.drain(Number.POSITIVE_INFINITY))
  }

  override close(code?: number, reason = '') {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new DOMException(
        `The close code must be 1000 or 3000 to 4999, not ${code}.`,
        'InvalidAccessError',
      )
    }
    if (bytes(reason) > 123) throw new DOMException('The reason must not exceed 123 bytes.', 'SyntaxError')
    if (this.readyState >= this.CLOSING) return
    const opened = this.readyState === this.OPEN
    this.#become(this.CLOSING)
    if (!opened) return this.later(() => this.end(1006, '', false))
    if (this.#server.muted) {
      setTimeout(() => this.end(1006, '', false), CLOSE_TIMEOUT)
      return
    }
    const closed = code === undefined ? { code: 1005, reason: '' } : { code, reason }
    this.later(() => {
      this.peer.closed = closed
      this.later(() => this.end(closed.code, closed.reason, true))
    })
  }

  /** Everything that mock-socket tells its listeners comes through here. */
  override dispatchEvent(event: Event) {
    if (event.type === 'open') {
      if (this.readyState !== this.OPEN) return false
      this.#opened = true
    }
    if (event.type === 'close' && !this.#opened && !(event instanceof FakeCloseEvent)) {
      this.#server.ended(this)
      return super.dispatchEvent(new FakeCloseEvent(1006, '', false))
    }
    return super.dispatchEvent(event)
  }

  hear(data: string | Uint8Array) {
    if (this.readyState !== this.OPEN || this.#server.muted) return
    const shape = (binary: Uint8Array) => {
      const buffer = new Uint8Array(binary).buffer
      return this.binaryType === 'blob' ? new Blob([buffer]) : buffer
    }
    const shaped = typeof data === 'string' ? data : shape(data)
    super.dispatchEvent(new MessageEvent('message', { data: shaped, origin: new URL(this.url).origin }))
  }

  end(code: number, reason: string, wasClean: boolean) {
    if (this.readyState === this.CLOSED) return
    // A dead line is silent about its end as well, unless it was ours to give up.
    if (this.#server.muted && this.readyState === this.OPEN) return
    this.#become(this.CLOSED)
    this.#server.ended(this)
    if (!this.#opened) super.dispatchEvent(new Event('error'))
    super.dispatchEvent(new FakeCloseEvent(code, reason, wasClean))
  }

  /** Lets this many of the waiting bytes leave; the server hears what has left whole. */
  drain(limit: number) {
    let room = limit
    for (let first = this.#leaving[0]; first && room > 0; first = this.#leaving[0]) {
      const part = Math.min(room, first.left)
      first.left -= part
      room -= part
      this.#buffer(-part)
      if (first.left) return
      this.#leaving.shift()
      if (!this.#server.muted) this.#server.heard(this.peer, first.data)
    }
  }

  later(happens: () => unknown) {
    setTimeout(happens, HOP)
  }

  #buffer(change: number) {
    Object.assign(this, { bufferedAmount: this.bufferedAmount + change })
  }

  #become(readyState: number) {
    Object.assign(this, { readyState })
  }

  /** mock-socket always answers, so the answer is not let in. */
  #hang() {
    let state: number = this.CONNECTING
    Object.defineProperty(this, 'readyState', {
      get: () => state,
      set: (next: number) => {
        if (next !== MockSocket.OPEN) state = next
      },
    })
  }
}

/** What the fake sockets talk to. Everything takes effect at once; what it sends takes one `HOP` to arrive. */
export class FakeServer {
  static #count = 0
  readonly url = `ws://fake-${FakeServer.#count++}.test/`
  answer: 'accept' | 'refuse' | 'hang' = 'accept'
  /** Whether the line is dead: nothing arrives in either direction, and nobody is told. */
  muted = false
  /** Whether what clients send stays in their `bufferedAmount`. */
  stalled = false
  /** How many sockets were constructed. */
  dials = 0
  /** What was heard, over all connections. */
  readonly received: Sent[] = []
  /** Which of the offered subprotocols is selected. */
  select: (offered: string[]) => string | undefined = ([first]) => first
  /** What is done on a connection, and on each message. */
  onConnection: (peer: FakePeer) => void = () => {}
  onMessage: (peer: FakePeer, data: Sent) => void = () => {}
  readonly #sockets = new Set<FakeSocket>()
  readonly #peers = new Set<FakePeer>()
  readonly #mock: MockServer

  constructor() {
    this.#mock = new MockServer(this.url, {
      mock: false,
      verifyClient: () => this.answer !== 'refuse',
      selectProtocol: (offered) => this.select(offered) ?? (offered.length ? null : ''),
    })
    this.#mock.on('connection', ({ target }: Client) => {
      const socket = target as FakeSocket
      if (socket.readyState !== socket.OPEN) return
      this.#peers.add(socket.peer)
      this.onConnection(socket.peer)
    })
  }

  /** The sockets that are not CLOSED: connecting, open or closing. */
  get sockets(): readonly FakeSocket[] {
    return [...this.#sockets]
  }

  /** The connections that are open, the latest last. */
  get live(): readonly FakePeer[] {
    return [...this.#peers]
  }

  /** The latest connection. */
  get peer(): FakePeer {
    const peer = this.live.at(-1)
    if (!peer) throw new Error('Nobody is connected to the fake server.')
    return peer
  }

  /** Answers the dials from now on: an open connection, an error and 1006, or nothing for ever. */
  accept() {
    this.answer = 'accept'
  }
  refuse() {
    this.answer = 'refuse'
  }
  hang() {
    this.answer = 'hang'
  }

  send(data: string | Uint8Array) {
    for (const peer of this.live) peer.send(data)
  }

  /** Closes every connection with a close frame. */
  hangUp(code?: number, reason?: string) {
    for (const peer of this.live) peer.close(code, reason)
  }

  /** Every connection is gone, without a close frame. */
  vanish() {
    for (const peer of this.live) peer.vanish()
  }

  mute() {
    this.muted = true
  }
  unmute() {
    this.muted = false
  }

  /** Holds what clients send in their `bufferedAmount`, until it is drained byte by byte or flows again. */
  stall() {
    this.stalled = true
  }
  drain(limit: number) {
    for (const socket of this.#sockets) socket.drain(limit)
  }
  flow() {
    this.stalled = false
    this.drain(Number.POSITIVE_INFINITY)
  }

  stop() {
    this.#mock.stop()
  }

  dialled(socket: FakeSocket) {
    this.dials++
    this.#sockets.add(socket)
  }

  heard(peer: FakePeer, data: Sent) {
    peer.received.push(data)
    this.received.push(data)
    this.onMessage(peer, data)
  }

  ended(socket: FakeSocket) {
    this.#sockets.delete(socket)
    this.#peers.delete(socket.peer)
  }
}

/** A server of its own and the constructor of sockets that can reach it. */
export function fake() {
  const server = new FakeServer()
  class FakeWebSocket extends FakeSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(server, url, protocols)
    }
  }
  return { FakeWebSocket, server }
}
