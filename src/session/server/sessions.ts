import { callSafely, report } from '../../core/report.ts'
import type { Hello, Refusal } from '../protocol/frames.ts'
import { Admission } from './admission.ts'
import type { Counters, Ending } from './limits.ts'
import { MemoryStore } from './memory-store.ts'
import { resolveOptions, type SessionsOptions } from './options.ts'
import { Registry } from './registry.ts'
import { type Door, ServerConnection } from './server-connection.ts'
import type { ServerSession } from './server-session.ts'
import type { SessionHost } from './session-host.ts'
import { type Item, item, type ServerSocket } from './socket.ts'
import type { Store } from './store.ts'
import { within } from './within.ts'

/** The sessions of one server process. */
export class Sessions<Request = unknown> implements SessionHost<ServerSession<Request>>, Door<Request> {
  readonly settings
  readonly counters: Counters = {
    connections: 0,
    opened: 0,
    resumed: 0,
    taken: 0,
    refused: 0,
    expired: 0,
    overflowed: 0,
    malformed: 0,
    silent: 0,
    received: 0,
    sent: 0,
    resent: 0,
  }
  readonly owing = new Set<ServerSession<Request>>()
  clock = 0
  down: Refusal | undefined
  readonly #store: Store
  readonly #sessions = new Registry<Request>()
  readonly #lines = new Set<ServerConnection<Request>>()
  readonly #reception: Admission<Request>
  readonly #timer: ReturnType<typeof setInterval>

  constructor(options: SessionsOptions<Request> = {}) {
    this.settings = resolveOptions(options)
    this.#store = options.store ?? new MemoryStore()
    this.#reception = new Admission(this, this.#store, this.#sessions)
    const { ttl, tombstone, limits } = this.settings
    this.#store.start(
      {
        wake: (name) => this.#sessions.get(name)?.journal?.wake(),
        give: async (name) => {
          const session = this.#sessions.get(name)
          if (session) await this.handOver(session)
          return session !== undefined
        },
        expired: (id, principal, delivered, sent) => {
          this.counters.expired++
          this.#ended({ id, principal }, { why: 'expired', delivered, written: sent, sent })
        },
      },
      {
        ttl,
        tombstone,
        sessions: limits.sessions,
        perPrincipal: options.authenticate ? limits.perPrincipal : Infinity,
      },
    )
    this.#timer = setInterval(() => this.#tick(), 1_000)
    // It must not keep a process alive that has nothing else to do.
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  /** How many sessions are held in this process, and how many of them are connected. */
  get size(): { sessions: number; connected: number } {
    return this.#sessions.size
  }

  [Symbol.iterator](): Iterator<ServerSession<Request>> {
    return this.#sessions.all()[Symbol.iterator]()
  }

  get(id: string): ServerSession<Request> | undefined {
    return this.#sessions.get(id)
  }

  /** Takes a WebSocket whose handshake is done, with the subprotocol `holdfast.1`. Never throws. */
  accept(socket: ServerSocket, request: Request): void {
    this.counters.connections++
    const line = new ServerConnection(socket, request, this)
    if (!line.over) this.#lines.add(line)
  }

  /** Sends to a session, of this process or, with a shared store, of any. False: there is none, or it has no room. */
  async send(id: string, data: string | Uint8Array | ArrayBuffer): Promise<boolean> {
    const session = this.#sessions.get(id)
    if (session) return session.send(data) !== 'dropped'
    return (await this.#store.send?.(id, [item(data)])) ?? false
  }

  /** Sends to all sessions of this process, or to those that `to` says. The bytes are the same for all of them. */
  broadcast(
    data: string | Uint8Array | ArrayBuffer,
    to?: (session: ServerSession<Request>) => boolean,
  ): void {
    const shared: Item = item(data)
    for (const session of this.#sessions.all()) if (!to || callSafely(() => to(session))) session.push(shared)
  }

  /**
   * Ends all connections: the clients come back at a random time within `after` ms. Nobody is let in any more. With a shared
   * store, what is being handled is waited for, and recorded, for up to `grace` ms.
   */
  async shutdown({ after = 1_500, grace = 5_000 }: { after?: number; grace?: number } = {}): Promise<void> {
    this.down = { why: 'restart', after }
    clearInterval(this.#timer)
    const sessions = [...this.#sessions.all()]
    const given = Promise.all(sessions.map((session) => session.journal && this.handOver(session, this.down)))
    await within(grace, given, 'What is handled or recorded').catch(report)
    for (const session of sessions) session.acknowledge()
    for (const line of this.#lines) line.refuse(this.down)
    await this.#store.stop()
  }

  claim(line: ServerConnection<Request>, name: string, hello: Hello, principal: string): Promise<void> {
    return this.#reception.claim(line, name, hello, principal)
  }

  end(session: ServerSession<Request>, why: Ending['why']): void {
    if (session.over) return
    const { connection, outbox } = session
    session.over = true
    const got = session.close()
    if (why === 'overflow') {
      this.counters.overflowed++
      connection?.refuse({ why, got })
    } else if (connection) {
      if (got > session.inbox.acked) connection.write(`!a${session.inbox.tell(got)}`)
      connection.write('!f')
      connection.end(1000, why)
    }
    void this.#store.end(session.id, session.n, got)
    this.#forget(session)
    const { acked: delivered, highest: written } = outbox
    const sent = delivered + outbox.held.length + (session.journal?.waiting.messages ?? 0)
    this.#ended(session, { why, delivered, written, sent })
  }

  received(session: ServerSession<Request>, data: string | Uint8Array, key: string): unknown {
    return this.settings.received?.(session, data, key)
  }

  /** Another process has it. */
  removed(session: ServerSession<Request>): void {
    session.over = true
    this.#forget(session)
  }

  gone(line: ServerConnection<Request>): void {
    this.#lines.delete(line)
    const { session } = line
    if (session?.connection !== line) return
    session.connection = undefined
    if (session.over) return
    if (session.journal) void this.handOver(session)
    else this.#sessions.disconnected(session, this.clock)
  }

  /** Lets go of it, with all that is handled recorded. */
  async handOver(session: ServerSession<Request>, why?: Refusal): Promise<void> {
    session.connection?.refuse(why ?? { why: 'taken' })
    await session.release()
    if (!session.connection) this.removed(session)
  }

  #forget(session: ServerSession<Request>): void {
    this.#sessions.remove(session)
    this.owing.delete(session)
  }

  #ended(session: { id: string; principal: string }, ending: Ending): void {
    callSafely(() => this.settings.ended?.(session, ending))
  }

  #tick(): void {
    this.clock++
    for (const session of this.owing) session.acknowledge()
    for (const line of this.#lines) line.look()
    const expired = () => this.#sessions.expired(this.clock - this.settings.ttl)
    for (let next = expired(); next; next = expired()) {
      this.counters.expired++
      this.end(next, 'expired')
    }
    const { idle } = this.settings.limits
    if (idle < Infinity)
      for (const session of this.#sessions.all())
        if (this.clock - session.used >= idle) this.end(session, 'idle')
    void this.#store.sweep()
  }
}
