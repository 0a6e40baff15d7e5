import { parseUrl } from './arguments.ts'
import { changePace, type Pace } from './channel.ts'
import { serverCloseFrame } from './close-frame.ts'
import { Connection, type ServerEnd } from './connection.ts'
import { Conversation, type WaitOptions } from './conversation.ts'
import { type Disposing, disposable } from './disposable.ts'
import type { FakeClient, SlowOptions } from './fake-client.ts'
import { type Dial, FakeWebSocket } from './fake-websocket.ts'
import { type Endpoint, install, refuse, uninstall } from './install.ts'
import type { Expected } from './match.ts'
import type { Message } from './payload.ts'
import { ServerSide } from './server-side.ts'

/** What a server does with a handshake: opens the connection, refuses it, or never answers. */
export type Answer = 'accept' | 'refuse' | 'hang'

/** A handshake, as the server sees it. */
export interface FakeRequest {
  readonly url: URL
  /** The subprotocols that the client offered. */
  readonly protocols: readonly string[]
}

/** Which URLs a server answers: one URL with any query, those that match, or those for which the function returns true. */
export type UrlPattern = string | URL | RegExp | ((url: URL) => boolean)

/** The behaviour of a `FakeServer`. Each can also be set later, as a property. */
export interface FakeServerOptions {
  /** How long a frame or a handshake travels, in ms. @default 0 */
  latency?: number | undefined
  /** Which of the offered subprotocols is selected; for none of them the handshake fails. @default the first */
  selectProtocol?: ((offered: readonly string[]) => string | undefined) | undefined
  /** Decides about one handshake. Returns nothing to leave it to `accept`, `refuse` and `hang`. */
  onRequest?: ((request: FakeRequest) => Answer | undefined | void) | undefined
  /** Called for each connection before the client is notified. */
  onConnection?: ((client: FakeClient) => void) | undefined
  /** Called for each message that arrives. */
  onMessage?: ((client: FakeClient, message: Message) => void) | undefined
}

const OPTIONS: ReadonlySet<string> = new Set<keyof FakeServerOptions>([
  'latency',
  'selectProtocol',
  'onRequest',
  'onConnection',
  'onMessage',
])

let count = 0

function matcher(pattern: UrlPattern | undefined): (url: URL) => boolean {
  if (pattern === undefined) return () => true
  if (typeof pattern === 'function') return pattern
  if (typeof pattern !== 'string' && !(pattern instanceof URL)) {
    if (!('source' in pattern)) return matcher(String(pattern))
    return ({ href }) => new RegExp(pattern).test(href)
  }
  const { origin, pathname, search } = parseUrl(pattern)
  return (url) => url.origin === origin && url.pathname === pathname && (!search || url.search === search)
}

/**
 * A WebSocket server for tests, without a network. Hand its `WebSocket` to the code under test, or `install()` it in
 * place of the global one; then tell it what to do: `accept`, `refuse`, `hang`, `say`, `hangUp`, `vanish`, `mute`, `slow`.
 *
 * ```ts
 * const server = new FakeServer('wss://example.com/chat')
 * const socket = new Socket(server.url, { WebSocket: server.WebSocket })
 * await server.connected()
 * socket.send('hello')
 * await server.heard('hello')
 * server.say({ type: 'welcome' })
 * server.vanish()
 * await server.connected() // again
 * ```
 */
export class FakeServer {
  /** The URL that it answers, to be dialled. `''` where it was constructed with a RegExp or a function. */
  readonly url: string
  /** The constructor of sockets that reach this server and no other. Other URLs are refused. */
  readonly WebSocket: typeof WebSocket
  /** How many sockets were constructed for it. */
  dials = 0
  /** Every message received, over all connections, in order: text as strings, binary as `Uint8Array`. */
  readonly received: Message[] = []
  selectProtocol: (offered: readonly string[]) => string | undefined = ([first]) => first
  onRequest: (request: FakeRequest) => Answer | undefined | void = () => {}
  onConnection: (client: FakeClient) => void = () => {}
  onMessage: (client: FakeClient, message: Message) => void = () => {}

  readonly #matches: (url: URL) => boolean
  readonly #pace: Pace = { latency: 0, bytesPerSecond: Number.POSITIVE_INFINITY }
  readonly #connections = new Map<Connection, FakeClient | undefined>()
  /** Connections that `connected` has not returned yet. */
  readonly #fresh: FakeClient[] = []
  readonly #conversation = new Conversation(() =>
    Promise.all([...this.#connections.keys()].map((connection) => connection.read())),
  )
  readonly #endpoint: Endpoint
  #answer: Answer = 'accept'
  #muted = false
  #stalled = false
  #restored = false

  /**
   * @param pattern the URLs that it answers; without it, every URL
   * @throws {TypeError} for an unknown option
   * @throws {RangeError} for a latency that is not a number of ms
   * @throws {DOMException} `SyntaxError` for a URL that no `WebSocket` accepts
   */
  constructor(pattern?: UrlPattern, options: FakeServerOptions = {}) {
    for (const name of Object.keys(options))
      if (!OPTIONS.has(name))
        throw new TypeError(`holdfast/testing: unknown option ${name}. There are ${[...OPTIONS].join(', ')}.`)
    this.#matches = matcher(pattern)
    const fixed = typeof pattern === 'string' || pattern instanceof URL
    this.url = fixed ? parseUrl(pattern).href : pattern ? '' : `ws://fake-${++count}.test/`
    const { latency = 0, selectProtocol, onRequest, onConnection, onMessage } = options
    changePace(this.#pace, latency)
    if (selectProtocol) this.selectProtocol = selectProtocol
    if (onRequest) this.onRequest = onRequest
    if (onConnection) this.onConnection = onConnection
    if (onMessage) this.onMessage = onMessage

    const dial: Dial = (...args) => this.#dial(...args)
    const missed = (url: URL) =>
      this.#note(`a socket was constructed for ${url.href}, which no fake server answers`)
    this.#endpoint = { matches: this.#matches, dial, missed }
    const dialThisServer: Dial = (socket, url, protocols, client) => {
      if (this.#matches(url)) return this.#dial(socket, url, protocols, client)
      missed(url)
      return refuse(socket, url, protocols, client)
    }
    const Constructor = class extends FakeWebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(dialThisServer, url, protocols)
      }
    }
    Object.defineProperty(Constructor, 'name', { value: 'WebSocket' })
    this.WebSocket = Constructor as unknown as typeof WebSocket
    disposable(this)
  }

  /** The open connections, the latest last. */
  get clients(): readonly FakeClient[] {
    return [...this.#connections].flatMap(([{ open }, client]) => (open && client ? [client] : []))
  }

  /** The latest open connection. Throws when there is none. */
  get client(): FakeClient {
    const client = this.clients.at(-1)
    if (!client) throw new Error(this.#conversation.withTranscript('no client is connected'))
    return client
  }

  /** What happened so far, as text, for the messages of your own assertions: `expect(value, server.transcript)`. */
  get transcript(): string {
    return this.#conversation.transcript.toString()
  }

  /**
   * Takes the place of the global `WebSocket` until `restore()`. Several servers may be installed, for different URLs;
   * the latest is asked first. A URL that none of them answers is refused, and nothing reaches the network.
   */
  install(): this & Disposing {
    if (this.#restored)
      throw new Error(
        'holdfast/testing: install() after restore(). Construct a new FakeServer for each test.',
      )
    uninstall(this.#endpoint)
    install(this.#endpoint)
    return this as this & Disposing
  }

  /**
   * Puts the former global `WebSocket` back, and ends everything without notifying anybody: no timer is left, and
   * nothing happens any more to the sockets that were constructed.
   */
  restore(): void {
    uninstall(this.#endpoint)
    this.#restored = true
    for (const connection of this.#connections.keys()) connection.stop()
    this.#connections.clear()
  }

  /** From now on handshakes succeed. */
  accept(): void {
    this.#setAnswer('accept')
  }

  /** From now on handshakes fail: the client gets `error`, then `close` with 1006. */
  refuse(): void {
    this.#setAnswer('refuse')
  }

  /** From now on handshakes are not answered. Those that came meanwhile are not answered later either. */
  hang(): void {
    this.#setAnswer('hang')
  }

  /**
   * Sends a message to every client: a string as text; an `ArrayBuffer`, a view or a `Blob` as binary; every other value
   * as JSON. Throws when nobody is connected.
   */
  say(message: unknown): void {
    const { clients } = this
    if (clients.length === 0)
      throw new Error(this.#conversation.withTranscript('say(): no client is connected'))
    for (const client of clients) client.say(message)
  }

  /**
   * Waits for a connection and returns the server's end of it: the first one that `connected` has not returned before.
   * Rejects with the conversation when none comes in time. Under fake timers it advances the clock as far as needed.
   */
  connected(options?: WaitOptions): Promise<FakeClient> {
    return this.#conversation.wait(
      () => this.#fresh.shift(),
      options,
      () => 'got no connection',
    )
  }

  /**
   * Waits for a message from any client and returns it: the first one that matches and that `heard` has not returned
   * before. Rejects with the conversation when none comes in time. Under fake timers it advances the clock as far as
   * needed.
   */
  heard(expected?: Expected, options?: WaitOptions): Promise<Message> {
    return this.#conversation.heard(undefined, expected, options)
  }

  /**
   * Closes every connection with a close frame. Without a code the clients see 1005.
   *
   * @param code 1000 to 1003, 1007 to 1014 or 3000 to 4999; else throws a `RangeError`
   * @param reason at most 123 bytes
   */
  hangUp(code?: number, reason = ''): void {
    serverCloseFrame(code, reason)
    this.#note(`hangUp(${[code, reason && JSON.stringify(reason)].filter(Boolean).join(', ')})`)
    for (const client of this.clients) client.hangUp(code, reason)
  }

  /** Every TCP connection is gone without a close frame, as when the server crashes. The clients see 1006. */
  vanish(): void {
    this.#note('vanish()')
    for (const connection of [...this.#connections.keys()]) connection.vanish()
  }

  /** From now on nothing arrives in either direction, and nobody is notified: a dead network. */
  mute(): void {
    this.#mute(true)
  }

  /** What is sent from now on arrives again. What was lost stays lost. */
  unmute(): void {
    this.#mute(false)
  }

  /** Slows the network, for connections now and later: the latency in ms, or latency and bandwidth. Throws a `RangeError` for impossible values. */
  slow(slow: number | SlowOptions): void {
    this.#note(`slow(${JSON.stringify(slow)})`)
    changePace(this.#pace, slow)
    for (const connection of this.#connections.keys()) {
      changePace(connection.pace, slow)
      connection.flow()
    }
  }

  /** Holds what clients send in their `bufferedAmount`, until `drain` or `flow`. */
  stall(): void {
    this.#note('stall()')
    this.#stalled = true
    for (const connection of this.#connections.keys()) connection.stall(true)
  }

  /** Lets this many bytes of each client leave at once. */
  drain(bytes: number): void {
    for (const connection of this.#connections.keys()) connection.drain(bytes)
  }

  /** Ends `stall`. */
  flow(): void {
    this.#note('flow()')
    this.#stalled = false
    for (const connection of this.#connections.keys()) {
      connection.stall(false)
      connection.drain(Number.POSITIVE_INFINITY)
    }
  }

  #note(what: string): void {
    this.#conversation.transcript.note('server', what)
  }

  #setAnswer(answer: Answer): void {
    this.#answer = answer
    this.#note(`${answer}()`)
  }

  #mute(muted: boolean): void {
    this.#note(muted ? 'mute()' : 'unmute()')
    this.#muted = muted
    for (const connection of this.#connections.keys()) connection.muted = muted
  }

  #dial(...[socket, url, protocols, client]: Parameters<Dial>): Connection {
    const name = `client ${++this.dials}`
    const { transcript } = this.#conversation
    transcript.note(
      name,
      `connects to ${url.href}${protocols.length ? `, offers ${protocols.join(', ')}` : ''}`,
    )
    const server: ServerEnd = {
      answer: () => {
        const answer = this.onRequest({ url, protocols }) ?? this.#answer
        if (answer === 'hang') return undefined
        if (answer === 'refuse') return null
        const protocol = protocols.length ? this.selectProtocol(protocols) : ''
        // Chromium fails such a connection. Firefox and WebKit open it, against the standard.
        return protocol === undefined || (protocols.length && !protocols.includes(protocol))
          ? null
          : { protocol }
      },
      connected: (connection, protocol) => {
        const fake = new ServerSide(connection, this.#conversation, { url, protocols, protocol, socket })
        // Last in the order of opening.
        this.#connections.delete(connection)
        this.#connections.set(connection, fake)
        this.#fresh.push(fake)
        this.#conversation.changes.notify()
        this.onConnection(fake)
      },
      received: (connection, message) => {
        const fake = this.#connections.get(connection)
        if (!fake) return
        fake.received.push(message)
        this.received.push(message)
        this.#conversation.received(fake, message)
        this.#conversation.changes.notify()
        this.onMessage(fake, message)
      },
      closed: () => this.#conversation.changes.notify(),
      ended: (connection) => this.#connections.delete(connection),
    }
    const conditions = { pace: this.#pace, muted: this.#muted, stalled: this.#stalled }
    const connection = new Connection(name, conditions, transcript, client, server)
    if (this.#restored) connection.stop()
    else this.#connections.set(connection, undefined)
    return connection
  }
}
