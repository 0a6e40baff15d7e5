import { type FakeClient, type Message, FakeServer as TestingServer } from '../../src/testing/index.ts'

/*
 * The fake server of `holdfast/testing` under the names that the tests of the core use, with a latency so that "on its way"
 * and "arrived" are two moments.
 */

/** How long anything takes to reach the other end, in ms. */
export const HOP = 4

/** The server's end of a fake connection. */
export class FakePeer {
  readonly socket: FakeSocket
  readonly #client: FakeClient
  readonly #open: () => boolean

  constructor(client: FakeClient, open: () => boolean) {
    this.#client = client
    this.#open = open
    this.socket = client.socket as FakeSocket
  }

  get received(): readonly Message[] {
    return this.#client.received
  }

  /** What the client said when it closed. */
  get closed(): { code: number; reason: string } | undefined {
    const { closed } = this.#client
    return closed?.wasClean ? { code: closed.code, reason: closed.reason } : undefined
  }

  /** Is lost where the connection has ended meanwhile. */
  send(data: string | Uint8Array) {
    if (this.#open()) this.#client.say(data)
  }

  close(code?: number, reason?: string) {
    if (code === 1006) this.vanish()
    else this.#client.hangUp(code === 1005 ? undefined : code, reason)
  }

  vanish() {
    this.#client.vanish()
  }
}

/** What the fake sockets talk to. */
export class FakeServer {
  static #count = 0
  readonly url = `ws://fake-${FakeServer.#count++}.test/`
  /** What is done on a connection, and on each message. */
  onConnection: (peer: FakePeer) => void = () => {}
  onMessage: (peer: FakePeer, data: Message) => void = () => {}
  /** Which of the offered subprotocols is selected. */
  select: (offered: string[]) => string | undefined = ([first]) => first
  /** Whether the network is dead: nothing arrives in either direction, and nobody is notified. */
  muted = false
  readonly #sockets = new Set<FakeSocket>()
  readonly #peers = new WeakMap<FakeClient, FakePeer>()
  readonly #server = new TestingServer(this.url, {
    latency: HOP,
    selectProtocol: (offered) => this.select([...offered]),
    onConnection: (client) => this.onConnection(this.#peerOf(client)),
    onMessage: (client, message) => this.onMessage(this.#peerOf(client), message),
  })
  readonly WebSocket = this.#server.WebSocket

  /** How many sockets were constructed. */
  get dials() {
    return this.#server.dials
  }

  /** What was received, over all connections. */
  get received() {
    return this.#server.received
  }

  /** The sockets that are not CLOSED: connecting, open or closing. */
  get sockets(): readonly FakeSocket[] {
    return [...this.#sockets].filter(({ readyState }) => readyState !== 3)
  }

  /** The connections that are open, the latest last. */
  get live(): readonly FakePeer[] {
    return this.#server.clients.map((client) => this.#peerOf(client))
  }

  /** The latest connection. */
  get peer(): FakePeer {
    return this.#peerOf(this.#server.client)
  }

  accept() {
    this.#server.accept()
  }
  refuse() {
    this.#server.refuse()
  }
  hang() {
    this.#server.hang()
  }

  /** Is lost where nobody is connected. */
  send(data: string | Uint8Array) {
    for (const peer of this.live) peer.send(data)
  }

  hangUp(code?: number, reason?: string) {
    for (const peer of this.live) peer.close(code, reason)
  }

  vanish() {
    this.#server.vanish()
  }

  mute() {
    this.muted = true
    this.#server.mute()
  }
  unmute() {
    this.muted = false
    this.#server.unmute()
  }

  stall() {
    this.#server.stall()
  }
  drain(limit: number) {
    this.#server.drain(limit)
  }
  flow() {
    this.#server.flow()
  }

  stop() {
    this.#server.restore()
  }

  constructed(socket: FakeSocket) {
    this.#sockets.add(socket)
  }

  #peerOf(client: FakeClient): FakePeer {
    const peer = this.#peers.get(client) ?? new FakePeer(client, () => this.#server.clients.includes(client))
    this.#peers.set(client, peer)
    return peer
  }
}

export type FakeSocket = WebSocket

/** A socket of that server, also as the base of other classes. */
export const FakeSocket = function FakeSocket(
  server: FakeServer,
  url: string | URL,
  protocols?: string | string[],
): FakeSocket {
  const socket: FakeSocket = Reflect.construct(server.WebSocket, [url, protocols], new.target)
  server.constructed(socket)
  return socket
} as unknown as Omit<typeof WebSocket, 'prototype'> &
  (new (
    server: FakeServer,
    url: string | URL,
    protocols?: string | string[],
  ) => FakeSocket) & { prototype: FakeSocket }
const Base = Object.getPrototypeOf(new TestingServer().WebSocket)
FakeSocket.prototype = Base.prototype
Object.setPrototypeOf(FakeSocket, Base)

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
