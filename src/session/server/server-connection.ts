import { report } from '../../core/report.ts'
import {
  CONTROL_LIMIT,
  decodeControl,
  type Hello,
  type Refusal,
  refusalCodes,
  refusalFrame,
  SUBPROTOCOL,
} from '../protocol/frames.ts'
import type { HostedSession } from './hosted-session.ts'
import { sameHost } from './options.ts'
import type { SessionHost } from './session-host.ts'
import {
  decodeText,
  type HandshakeRequest,
  handshakeOf,
  readIncoming,
  type ServerSocket,
  sessionName,
  type TcpSocket,
  tcpSocketOf,
} from './socket.ts'
import type { TopicFrames } from './topic-feed.ts'

/** How many bytes beyond its messages may be buffered for a client: frame headers, and control frames. */
const SLACK = 65_536
/** How long a ping may be unanswered, in s. */
const ANSWER_TIMEOUT = 10
/** How many pings a client may leave unanswered, besides one for each of its topics. */
const UNANSWERED = 1_000
/** About the bytes that a topic message has beyond its data: the frame's header, the topic's number and the offset. */
const TOPIC_HEADER = 32
/** The slowest link that is not taken for silence, in bytes per s, and the longest time that it is given, in s. */
const SLOWEST_LINK = 8_192
const LONGEST_PONG_TIMEOUT = 120
/** How long to wait for the peer to close before its TCP connection is terminated, in ms: a client that was not welcomed, one that was. */
const LINGER = 900
const LINGER_WELCOMED = 10_000

/** There are too many connections, or `authenticate` or the store has failed or did not answer in time. */
const UNAVAILABLE: Refusal = { why: 'busy', after: 2_000 }

/** An `error` event of `ws` without a listener is thrown. The `close` event follows it. */
const ignoreError = () => {}

/** The server's end of one connection: hello, then the frames of its session, then one end. */
export class ServerConnection {
  /** The argument of `authenticate`. Not kept longer than needed, because it keeps the whole TCP socket in memory. */
  request: unknown
  readonly handshake: HandshakeRequest
  session: HostedSession | undefined
  over = false
  /** When the last frame or byte arrived, and when the unanswered ping was sent; on the host's clock. */
  #receivedAt: number
  #pingedAt: number | undefined
  /** Set once the hello is authenticated. */
  #principal: string | undefined
  #greeted = false
  /** Bytes read from the network, and bytes that wait to be written to it, at the last check. */
  #bytesRead: number | undefined
  #buffered = 0
  /** The next token to authenticate, while another one is authenticated. */
  #token: string | undefined
  /** Whether a fresh token is being authenticated. */
  #checking = false
  /** When the present call of `authenticate` began. */
  #authenticatingSince: number | undefined
  /** Callers of `challenge` that wait for a token. */
  #challenged: ((accepted: boolean) => void)[] | undefined
  #challengedAt = 0
  /** The unanswered pings: bytes of topic messages before each of them, and what to call when the client answers. */
  #pings: { bytes: number; confirmed: (() => void) | undefined }[] | undefined
  /** Bytes of topic messages since the last ping, and of all that the client has not confirmed by a pong. */
  #sincePing = 0
  #topicBytesInFlight = 0
  /** Removes the limit on the bytes of a client that is not welcomed. */
  #removeHelloLimit: (() => void) | undefined
  readonly #socket: ServerSocket
  readonly #tcp: TcpSocket | undefined
  readonly #host: SessionHost
  /** When the connection was accepted, and later when its hello arrived. */
  #since: number

  constructor(socket: ServerSocket, request: unknown, host: SessionHost) {
    this.#socket = socket
    this.#tcp = tcpSocketOf(socket, request)
    this.request = request
    this.handshake = handshakeOf(request)
    this.#host = host
    this.#since = host.clock
    this.#receivedAt = host.clock
    socket.on('error', ignoreError)
    socket.on('close', (code: number) => this.#closed(code))
    socket.on('message', (data: unknown, binary: boolean) => {
      if (this.over) return this.#ignored()
      try {
        this.#received(data, binary)
      } catch (error) {
        report(error)
        this.end(1011, '')
      }
    })
    this.#limitHello()
  }

  get clock(): number {
    return this.#host.clock
  }

  /** Refuses a connection for reasons that are known before its hello. */
  start(full: boolean): void {
    const { origins } = this.#host.settings
    const { origin } = this.handshake.headers
    if (this.#host.closing) this.refuse(this.#host.closing)
    else if (full) this.refuse(UNAVAILABLE)
    else if (origins === undefined ? !sameHost(this.handshake) : !isListed(origins, origin))
      this.refuse({ why: 'denied' })
    else if ((this.#socket.protocol ?? SUBPROTOCOL) !== SUBPROTOCOL)
      this.end(4400, `speaks ${SUBPROTOCOL} only`)
  }

  write(data: string | Uint8Array, binary = false): void {
    if (!this.over) this.#socket.send(data, { binary })
  }

  /** Sends all frames that `write` writes with one system call. */
  writeTogether(write: () => void): void {
    this.#tcp?.cork?.()
    try {
      write()
    } finally {
      this.#tcp?.uncork?.()
    }
  }

  refuse(refusal: Refusal): void {
    if (this.over) return
    this.write(refusalFrame(refusal))
    this.#host.refused(refusal.why)
    this.end(refusalCodes[refusal.why], refusal.why)
  }

  malformed(what: string): void {
    this.#host.counters.malformed++
    this.end(4400, what.slice(0, 20))
  }

  end(code: number, reason: string): void {
    if (this.over) return
    const linger = this.session ? LINGER_WELCOMED : LINGER
    this.#closed()
    try {
      this.#socket.close(code, reason)
    } catch {
      this.#socket.terminate?.()
    }
    // A peer that ignores the close frame would keep the connection.
    const timer = setTimeout(() => this.#socket.terminate?.(), linger)
    ;(timer as { unref?: () => void }).unref?.()
    this.#socket.on('close', () => clearTimeout(timer))
  }

  /** The hello was accepted: from now on the session's window limits what arrives. */
  welcomed(session: HostedSession): void {
    this.session = session
    this.#removeHelloLimit?.()
    // `authenticate` needs it again for a fresh token.
    if (!this.#host.settings.authenticate) this.request = undefined
  }

  /** Called every second: closes a connection whose hello is late, pings a quiet client, drops a silent one. */
  check(): void {
    const { clock, settings, counters } = this.#host
    const { patience } = settings.limits
    if (this.#authenticatingSince !== undefined && clock - this.#authenticatingSince >= patience) {
      report(new Error(`holdfast: authenticate did not answer within ${patience} s`))
      return this.refuse(UNAVAILABLE)
    }
    if (!this.session) {
      const waited = clock - this.#since
      if (!this.#greeted && waited >= patience) this.end(4408, 'no hello')
      // The store may wait for a handler in another process.
      if (this.#greeted && waited >= 2 * patience + settings.grace) this.refuse(UNAVAILABLE)
      return
    }
    this.#noticeBytes(settings.ping)
    // A token that `authenticate` has not looked at yet is no reason to deny access.
    if (this.#challenged && clock - this.#challengedAt >= ANSWER_TIMEOUT)
      return this.refuse(this.#checking ? UNAVAILABLE : { why: 'denied' })
    if (this.#pingedAt === undefined) {
      if (clock - this.#receivedAt >= settings.ping) this.#ping()
    } else if (clock - this.#pingedAt >= this.#pongTimeout) {
      counters.silent++
      this.#closed()
      if (this.#socket.terminate) this.#socket.terminate()
      else this.#socket.close(1001, 'silent')
    }
  }

  /** Whether there is room for more topic messages: those that the client has not confirmed by a pong are limited. */
  get hasTopicRoom(): boolean {
    const [, window] = this.#host.settings.credit
    return this.#topicBytesInFlight < window && (this.#socket.bufferedAmount ?? 0) < 2 * window + SLACK
  }

  writeTopic({ frames, bytes }: TopicFrames): void {
    for (const { data, binary } of frames) this.write(data, binary)
    this.#topicBytesInFlight += bytes + TOPIC_HEADER
    this.#sincePing += bytes + TOPIC_HEADER
    if (this.#sincePing >= this.#host.settings.credit[1] / 4) this.#ping()
  }

  /** Calls `confirmed` once the client has received everything that was written until now. */
  confirm(confirmed: () => void): void {
    this.#ping(confirmed)
    // Other frames show that it is alive, but what waits for its pongs takes memory.
    if ((this.#pings?.length ?? 0) > this.#host.settings.limits.topics + UNANSWERED)
      this.end(1013, 'answers no pings')
  }

  ponged(): void {
    const ping = this.#pings?.shift()
    this.#topicBytesInFlight -= ping?.bytes ?? 0
    ping?.confirmed?.()
  }

  /** Asks the client for a fresh token. A client that does not support challenges is made to reconnect, because its hello has one. */
  challenge(canChallenge: boolean): Promise<boolean> {
    if (this.over) return Promise.resolve(false)
    if (!canChallenge) {
      this.refuse({ why: 'moved' })
      return Promise.resolve(false)
    }
    if (!this.#challenged) {
      this.#challengedAt = this.#host.clock
      this.write('!c')
    }
    return new Promise((resolve) => {
      this.#challenged ??= []
      this.#challenged.push(resolve)
    })
  }

  /** Authenticates a fresh token. Of those that arrive meanwhile, only the last is used. */
  async refresh(token: string): Promise<void> {
    this.#token = token
    if (this.#checking) return
    this.#checking = true
    while (this.#token !== undefined && !this.over) {
      const next = this.#token
      this.#token = undefined
      if ((await this.authenticate(next)) !== undefined && this.#token === undefined)
        this.#answerChallenge(true)
    }
    this.#checking = false
  }

  /** Resolves with the principal; with nothing when the connection was refused. */
  async authenticate(token: string | undefined): Promise<string | undefined> {
    const authenticate = this.#host.settings.authenticate as
      | ((request: unknown, token: string | undefined) => unknown)
      | undefined
    let principal: unknown = ''
    try {
      this.#authenticatingSince = this.#host.clock
      if (authenticate) principal = await authenticate(this.request, token)
    } catch (error) {
      report(error)
      this.refuse(UNAVAILABLE)
      return undefined
    } finally {
      this.#authenticatingSince = undefined
    }
    if (this.over) return undefined
    // An empty name is refused, unless there is no `authenticate`.
    const known = typeof principal === 'string' && (principal !== '' || !authenticate)
    if (known && (this.#principal === undefined || this.#principal === principal)) {
      this.#principal = principal as string
      return this.#principal
    }
    this.refuse({ why: 'denied' })
    return undefined
  }

  #received(data: unknown, binary: boolean): void {
    const frame = readIncoming(data, binary)
    this.#alive()
    const { session } = this
    if (session) {
      // Checked before it is decoded: parsing megabytes would block all clients.
      if (frame.control && frame.bytes.length > CONTROL_LIMIT)
        return this.malformed('control frame too large')
      session.frame(frame)
      // The client sends pings without reading the answers.
      if ((this.#socket.bufferedAmount ?? 0) > session.outbox.bytes + this.#topicBytesInFlight + SLACK)
        this.end(1013, 'reads nothing')
      return
    }
    if (frame.bytes.length > this.#host.settings.limits.hello) return this.end(4413, 'hello too large')
    const hello = frame.control ? decodeHello(frame.bytes) : undefined
    if (this.#greeted || !hello) return this.malformed('no hello')
    this.#greeted = true
    this.#since = this.#host.clock
    this.#hello(hello).catch((error) => {
      report(error)
      this.refuse(UNAVAILABLE)
    })
  }

  async #hello(hello: Hello): Promise<void> {
    const principal = await this.authenticate(hello.auth)
    if (principal === undefined) return
    const name = sessionName(hello.id)
    const known = typeof name === 'string' ? name : await name
    if (!this.over) await this.#host.admit(this, known, hello, principal)
  }

  #ping(confirmed?: () => void): void {
    const { session } = this
    if (!session) return
    this.#pingedAt ??= this.#host.clock
    this.#pings ??= []
    this.#pings.push({ bytes: this.#sincePing, confirmed })
    this.#sincePing = 0
    this.write(`!p${session.outbox.written}`)
  }

  /** How long to wait for a pong, in s: longer when many bytes were written before the ping. */
  get #pongTimeout(): number {
    const bytes = (this.session?.outbox.inFlight ?? 0) + this.#topicBytesInFlight
    return Math.min(LONGEST_PONG_TIMEOUT, ANSWER_TIMEOUT + bytes / SLOWEST_LINK)
  }

  /** Bytes that arrive or leave show that the client is alive. */
  #noticeBytes(ping: number): void {
    const bytesRead = this.#tcp?.bytesRead ?? 0
    const buffered = this.#socket.bufferedAmount ?? 0
    // Random, so that clients that connected together are not pinged together.
    if (this.#bytesRead === undefined) this.#receivedAt -= Math.floor(Math.random() * ping)
    // A large message on a slow link is not complete yet, but its bytes arrive or leave.
    else if (bytesRead !== this.#bytesRead) this.#alive()
    else if (buffered < this.#buffered && this.#pingedAt !== undefined) this.#pingedAt = this.#host.clock
    this.#bytesRead = bytesRead
    this.#buffered = buffered
  }

  #alive(): void {
    this.#receivedAt = this.#host.clock
    this.#pingedAt = undefined
  }

  #answerChallenge(accepted: boolean): void {
    const challenged = this.#challenged ?? []
    this.#challenged = undefined
    for (const resolve of challenged) resolve(accepted)
  }

  /**
   * Limits the bytes of a client that is not welcomed. A WebSocket implementation emits a message when it is complete, and
   * until then buffers as much of it as its own limit allows, which may be a lot.
   */
  #limitHello(): void {
    const tcp = this.#tcp
    if (!tcp?.on || !tcp.off) return
    let bytes = 0
    const { hello } = this.#host.settings.limits
    const count = ({ length }: { length: number }) => {
      bytes += length
      if (!this.over && bytes > hello + 1_024) this.end(4413, 'hello too large')
      if (this.over && bytes > hello + SLACK) this.#socket.terminate?.()
    }
    tcp.on('data', count)
    this.#removeHelloLimit = () => {
      tcp.off?.('data', count)
      this.#removeHelloLimit = undefined
    }
  }

  /** A frame arrived after the end. A client that was never welcomed is disconnected at once. */
  #ignored(): void {
    if (!this.session) this.#socket.terminate?.()
  }

  #closed(code?: number): void {
    if (this.over) return
    this.over = true
    this.request = undefined
    this.#answerChallenge(false)
    this.#host.disconnected(this, code)
  }
}

function isListed(origins: readonly string[] | '*', origin: unknown): boolean {
  return origins === '*' || (typeof origin === 'string' && origins.includes(origin))
}

function decodeHello(bytes: Uint8Array): Hello | undefined {
  const frame = decodeControl(decodeText(bytes))
  return frame.type === 'hello' ? frame.body : undefined
}
