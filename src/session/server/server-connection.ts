import { report } from '../../core/report.ts'
import { codes, type Hello, type Refusal, refusal, SUBPROTOCOL } from '../protocol/frames.ts'
import { decode } from './client-frames.ts'
import type { Counters } from './limits.ts'
import type { ResolvedOptions } from './options.ts'
import type { ServerSession } from './server-session.ts'
import type { Lane } from './session-host.ts'
import { frameOf, type ServerSocket, sessionName } from './socket.ts'

/** How much more than its messages may wait for a client: their headers, and control frames. In bytes. */
const SLACK = 65_536

/** What a connection needs of those it stands among. */
export interface Door<Request> {
  readonly settings: ResolvedOptions<Request>
  readonly counters: Counters
  /** Seconds, roughly. */
  readonly clock: number
  readonly down: Refusal | undefined
  claim(line: ServerConnection<Request>, name: string, hello: Hello, principal: string): Promise<void>
  gone(line: ServerConnection<Request>): void
}

/** The server's end of one connection: hello, then the frames of the session that it has, then one end. */
export class ServerConnection<Request> implements Lane {
  readonly request: Request
  session: ServerSession<Request> | undefined
  /** When its last frame came, and when the open question was put; on the door's clock. */
  heard: number
  #asked: number | undefined
  /** There from the hello on. */
  #principal: string | undefined
  #greeted = false
  over = false
  readonly #socket: ServerSocket
  readonly #door: Door<Request>
  readonly #since: number

  constructor(socket: ServerSocket, request: Request, door: Door<Request>) {
    this.#socket = socket
    this.request = request
    this.#door = door
    this.#since = door.clock
    this.heard = door.clock
    socket.on('error', () => {})
    socket.on('close', () => this.#gone())
    socket.on('message', (data: unknown, binary: boolean) => {
      if (this.over) return
      try {
        this.#heard(data, binary)
      } catch (error) {
        report(error)
        this.end(1011, '')
      }
    })
    const { origins } = door.settings
    const { origin } = (request as { headers?: { origin?: string } })?.headers ?? {}
    if (door.down) this.refuse(door.down)
    else if (origins && !origins.includes(origin as string)) this.refuse({ why: 'denied' })
    else if ((socket.protocol ?? SUBPROTOCOL) !== SUBPROTOCOL) this.end(4400, `speaks ${SUBPROTOCOL} only`)
  }

  write(data: string | Uint8Array, binary = false): void {
    if (!this.over) this.#socket.send(data, { binary })
  }

  refuse(why: Refusal): void {
    this.write(refusal(why))
    this.#door.counters.refused++
    this.end(codes[why.why], why.why)
  }

  malformed(what: string): void {
    this.#door.counters.malformed++
    this.end(4400, what.slice(0, 20))
  }

  end(code: number, reason: string): void {
    if (this.over) return
    this.#gone()
    try {
      this.#socket.close(code, reason)
    } catch {
      this.#socket.terminate?.()
    }
  }

  /** Looks at the clock: a hello that is late, a quiet client to be asked, a silent one to be given up. */
  look(): void {
    const { clock, settings, counters } = this.#door
    if (!this.session) {
      if (clock - this.#since >= settings.limits.patience) this.end(4408, 'no hello')
      return
    }
    const { bytesRead = 0 } = (this.#socket as { _socket?: { bytesRead?: number } })._socket ?? {}
    // A random first phase: clients that came together are not asked together.
    if (this.#read === undefined) this.heard -= Math.floor(Math.random() * settings.ping)
    // A long message on a slow line: not all of it is here, but it comes.
    else if (bytesRead !== this.#read) this.#alive()
    this.#read = bytesRead
    if (this.#asked === undefined) {
      if (clock - this.heard < settings.ping) return
      this.#asked = clock
      this.write(`!p${this.session.outbox.written}`)
    } else if (clock - this.#asked >= 10) {
      counters.silent++
      this.#gone()
      if (this.#socket.terminate) this.#socket.terminate()
      else this.#socket.close(1001, 'silent')
    }
  }
  #read: number | undefined

  #alive(): void {
    this.heard = this.#door.clock
    this.#asked = undefined
  }

  /** Looks at a fresh token; of those that come meanwhile, at the last. */
  async refresh(token: string): Promise<void> {
    const busy = this.#token !== undefined
    this.#token = token
    if (busy) return
    for (let next: string | undefined = token; next !== undefined && !this.over; ) {
      await this.authenticate(next)
      next = this.#token === next ? undefined : this.#token
    }
    this.#token = undefined
  }
  #token: string | undefined

  async authenticate(token: string | undefined): Promise<string | undefined> {
    let principal: string | null | undefined
    try {
      const { authenticate } = this.#door.settings
      principal = authenticate ? await authenticate(this.request, token) : ''
    } catch (error) {
      report(error)
    }
    if (this.over) return
    this.#principal ??= principal ?? undefined
    if (typeof principal === 'string' && principal === this.#principal) return principal
    this.refuse({ why: 'denied' })
    return undefined
  }

  #heard(data: unknown, binary: boolean): void {
    const frame = frameOf(data, binary)
    this.#alive()
    if (this.session) {
      this.session.frame(frame.data, frame.bytes)
      // It asks and asks, and does not read the answers.
      if ((this.#socket.bufferedAmount ?? 0) > this.session.outbox.bytes + SLACK)
        this.end(1013, 'reads nothing')
      return
    }
    if (frame.bytes > this.#door.settings.limits.hello) return this.end(4413, 'hello too large')
    const hello = decode(frame.data)
    if (this.#greeted || hello.is !== 'h') return this.malformed('no hello')
    this.#greeted = true
    this.#hello(hello.body).catch((error) => {
      report(error)
      this.end(1013, 'try again')
    })
  }

  async #hello(hello: Hello): Promise<void> {
    const principal = await this.authenticate(hello.auth)
    if (principal === undefined) return
    const name = await sessionName(hello.id)
    if (!this.over) await this.#door.claim(this, name, hello, principal)
  }

  #gone(): void {
    if (this.over) return
    this.over = true
    this.#door.gone(this)
  }
}
