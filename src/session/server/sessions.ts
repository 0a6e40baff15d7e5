import { callSafely } from '../../core/report.ts'
import type { Counters } from './limits.ts'
import type { SessionsOptions } from './options.ts'
import type { Following, PublishedMessage, PublishOptions, ServerSession } from './server-session.ts'
import { SessionServer } from './session-server.ts'
import { type DataOptions, item, type ServerSocket } from './socket.ts'
import type { TopicMember } from './store.ts'

type Bytes = string | Uint8Array | ArrayBuffer

/**
 * The sessions of one server process. It takes WebSockets whose handshake is done.
 *
 * ```ts
 * const sessions = new Sessions({ received: (session, data) => save(session.principal, data) })
 * new WebSocketServer({ port: 8080, maxPayload: 1_048_576 }).on('connection', (socket, request) => sessions.accept(socket, request))
 * ```
 *
 * @throws {TypeError | RangeError} for options that are unknown or cannot work, by their path
 */
export class Sessions<Request = unknown> {
  readonly #server: SessionServer<Request>

  constructor(options: SessionsOptions<Request> = {}) {
    this.#server = new SessionServer(options)
  }

  /** What has happened since the start. */
  get counters(): Readonly<Counters> {
    return this.#server.counters
  }

  /** How many sessions are held in this process, and how many of them are connected. */
  get size(): { sessions: number; connected: number } {
    return this.#server.sessions.size
  }

  [Symbol.iterator](): Iterator<ServerSession> {
    return this.#server.sessions.all()[Symbol.iterator]()
  }

  get(id: string): ServerSession | undefined {
    return this.#server.sessions.get(id)
  }

  /** Takes a WebSocket whose handshake is done, with the subprotocol `holdfast.1`. Never throws. */
  accept(socket: ServerSocket, request: Request): void {
    this.#server.accept(socket, request)
  }

  /**
   * Sends to a session of this process or, with a shared store, of any. Resolves with true once the message is stored (in
   * this process where the store is not shared), with false where there is no such session or no room for the message.
   *
   * @throws {Error} (rejects) when the store cannot be reached: it may have stored the message
   */
  async send(id: string, data: Bytes, options?: DataOptions): Promise<boolean> {
    return this.#server.send(id, item(data, options))
  }

  /** Sends to all sessions of a principal. Resolves with how many of them have the message stored. */
  async sendTo(principal: string, data: Bytes, options?: DataOptions): Promise<number> {
    const server = this.#server
    const one = item(data, options)
    const local = [...server.sessions.of(principal)].map(({ id }) => id)
    const names = new Set([...local, ...((await server.store.sessionsOf?.(principal)) ?? [])])
    const sent = await Promise.all([...names].map((name) => server.send(name, one)))
    return sent.filter(Boolean).length
  }

  /**
   * Publishes to everybody who is subscribed to `topic`, in any process, including sessions without a connection that have not expired. Resolves
   * with the message's cursor, once it is stored.
   *
   * @throws {Error} (rejects) when the store cannot be reached: it may have stored the message
   */
  publish(topic: string, data: Bytes, options?: PublishOptions): Promise<string> {
    return this.#server.topics.publish(topic, data, options)
  }

  /**
   * Calls `received` in this process with the messages of a topic, each once and in order: for clients that have no session. Begins with
   * the newest `last` messages of the log. Offsets in the cursors count up by one. Messages are missing where they do not,
   * and another epoch means that the log was created again. Resolves when it has called `received` with what the log had.
   *
   * @throws {Error} (rejects) when the store cannot be reached
   */
  follow(
    topic: string,
    received: (message: PublishedMessage) => void,
    options: { last?: number } = {},
  ): Promise<Following> {
    return this.#server.topics.follow(topic, received, options)
  }

  /** Who is subscribed to a topic, in all processes. Includes sessions without a connection that have not expired. */
  members(topic: string): Promise<TopicMember[]> {
    return this.#server.topics.members(topic)
  }

  /**
   * Sends to the sessions that are in this process at this moment, or to those for which `to` returns true. Sessions of other
   * processes, and with a shared store those between two connections, are not reached: `publish` reaches them. The bytes are
   * shared by all.
   */
  sendToLocal(data: Bytes, to?: (session: ServerSession) => boolean): void {
    const shared = item(data)
    for (const session of [...this.#server.sessions.all()])
      if (!to || callSafely(() => to(session))) session.push(shared)
  }

  /** Everything that is counted, as text in the format of Prometheus (content type `text/plain; version=0.0.4`). */
  metrics(): string {
    return this.#server.metrics()
  }

  /**
   * Ends all connections: the clients come back at a random time within `after` ms. New connections are refused. With a shared
   * store, what is being handled is waited for, and recorded, for up to `grace` ms.
   */
  shutdown(options: { after?: number; grace?: number } = {}): Promise<void> {
    return this.#server.shutdown(options)
  }
}
