import { callSafely, report } from '../../core/report.ts'
import type { Hello, Refusal } from '../protocol/frames.ts'
import { Admission } from './admission.ts'
import { callHandler } from './call-handler.ts'
import type { HostedSession } from './hosted-session.ts'
import { type Ending, type EndingReason, newCounters } from './limits.ts'
import { MemoryStore } from './memory-store.ts'
import { Duration, prometheus } from './metrics.ts'
import { type ReceivedHow, type ResolvedOptions, resolveOptions, type SessionsOptions } from './options.ts'
import { Oversized } from './oversized.ts'
import { Registry } from './registry.ts'
import { ServerConnection } from './server-connection.ts'
import type { SessionHost } from './session-host.ts'
import type { Item, ServerSocket } from './socket.ts'
import type { Store, TopicMember } from './store.ts'
import { Topics } from './topics.ts'
import { withTimeout } from './with-timeout.ts'

/** What `Sessions` is made of: connections, sessions and topics of one process, and its clock. */
export class SessionServer<Request> implements SessionHost {
  readonly settings: ResolvedOptions<never>
  readonly counters = newCounters()
  readonly owing = new Set<HostedSession>()
  readonly topics: Topics
  readonly sessions = new Registry()
  readonly oversized = new Oversized()
  readonly store: Store
  clock = 0
  closing: Refusal | undefined
  readonly #options: ResolvedOptions<Request>
  readonly #connections = new Set<ServerConnection>()
  /** Connections that are not welcomed, by address. */
  readonly #pending = new Map<ServerConnection, string>()
  readonly #pendingByAddress = new Map<string, number>()
  readonly #refusals = new Map<string, number>()
  readonly #handlerTime = new Duration()
  readonly #storeTime = new Duration()
  readonly #admission: Admission
  readonly #timer: ReturnType<typeof setInterval>
  /** Calls of `ended` that wait, while one runs. */
  #endings: (() => void)[] | undefined

  constructor(options: SessionsOptions<Request>) {
    this.#options = resolveOptions(options)
    this.settings = this.#options as unknown as ResolvedOptions<never>
    this.store = options.store ?? new MemoryStore()
    this.topics = new Topics(this.store.topics, this)
    this.#admission = new Admission(this, this.store, this.sessions, (claim) => {
      const answer = this.store.claim(claim)
      return 'then' in answer ? this.#storeTime.of(answer) : answer
    })
    const { ttl, tombstone, limits, topics } = this.settings
    this.store.start(
      {
        wake: (name) => this.sessions.get(name)?.journal?.wake(),
        handOver: async (name, n) => {
          const session = this.sessions.get(name)
          if (session && session.n < n) await this.handOver(session)
          return session !== undefined
        },
        expired: (id, principal, delivered, sent) => {
          this.counters.expired++
          this.#ended({ id, principal }, { why: 'expired', delivered, written: sent, sent })
        },
        left: (topic, member) => this.#left(topic, member),
        unsubscribed: (name, topic) => {
          const session = this.sessions.get(name)
          if (session) this.topics.unsubscribe(session, topic).catch(report)
        },
      },
      {
        ttl,
        tombstone,
        sessions: limits.sessions,
        perPrincipal: options.authenticate ? limits.perPrincipal : Infinity,
        topics,
      },
    )
    this.#timer = setInterval(() => this.#tick(), 1_000)
    // The timer must not keep the process alive.
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  accept(socket: ServerSocket, request: Request): void {
    this.counters.connections++
    const connection = new ServerConnection(socket, request, this)
    const address = callSafely(() => this.#options.address?.(request)) ?? connection.handshake.address
    const here = this.#pendingByAddress.get(address) ?? 0
    const { pending, pendingPerAddress } = this.settings.limits
    const full = this.#pending.size >= pending || (address !== '' && here >= pendingPerAddress)
    connection.start(full)
    if (connection.over) return
    this.#connections.add(connection)
    this.#pending.set(connection, address)
    this.#pendingByAddress.set(address, here + 1)
  }

  async admit(connection: ServerConnection, name: string, hello: Hello, principal: string): Promise<void> {
    await this.#admission.admit(connection, name, hello, principal)
    this.#notPending(connection)
  }

  refused(why: Refusal['why']): void {
    this.counters.refused++
    this.#refusals.set(why, (this.#refusals.get(why) ?? 0) + 1)
  }

  received(session: HostedSession, data: string | Uint8Array, how: ReceivedHow): unknown {
    const { received } = this.settings
    if (!received) return undefined
    const begun = performance.now()
    const answer = received(session, data, how.key, how)
    const then = (answer as PromiseLike<unknown> | undefined)?.then
    if (typeof then !== 'function') {
      this.#handlerTime.add(performance.now() - begun)
      return answer
    }
    return Promise.resolve(answer).finally(() => this.#handlerTime.add(performance.now() - begun))
  }

  end(session: HostedSession, why: EndingReason): void {
    if (session.over) return
    const { connection, outbox } = session
    session.over = true
    const got = session.close()
    if (why === 'expired') this.counters.expired++
    if (why === 'overflow') {
      this.counters.overflowed++
      connection?.refuse({ why, got })
    } else if (connection) {
      if (got > session.inbox.acked) connection.write(`!a${session.inbox.acknowledge(got)}`)
      connection.write('!f')
      connection.end(1000, why)
    }
    const topics = this.#forget(session)
    this.oversized.forget(session.id)
    const stored = this.store.end(session.id, session.n, got)
    const { acked: delivered, highest: written } = outbox
    const sent = delivered + outbox.held.length + (session.journal?.waiting.messages ?? 0)
    const hasEnded = () => {
      this.topics.ended(session, topics)
      this.#ended(session, { why, delivered, written, sent })
    }
    if (typeof stored !== 'object') return hasEnded()
    stored.then((isEnded) => {
      // Otherwise another process has the session, and continues its subscriptions.
      if (isEnded !== false) hasEnded()
    }, report)
  }

  removed(session: HostedSession): void {
    session.over = session.moved = true
    session.abandon()
    this.#forget(session)
  }

  disconnected(connection: ServerConnection, code?: number): void {
    this.#connections.delete(connection)
    this.#notPending(connection)
    const { session } = connection
    if (session?.connection !== connection) return
    session.connection = undefined
    if (session.over) return
    this.oversized.closed(session.id, code)
    if (session.journal) void this.#leave(session).catch(report)
    else this.sessions.disconnected(session, this.clock)
  }

  handOver(
    session: HostedSession,
    why: Refusal = { why: 'taken' },
    grace = this.settings.grace * 1_000,
  ): Promise<void> {
    session.leaving ??= this.#handOver(session, why, grace).finally(() => {
      session.leaving = undefined
    })
    return session.leaving
  }

  async send(id: string, one: Item): Promise<boolean> {
    const session = this.sessions.get(id)
    if (session) return session.sendStored(one)
    return (await this.store.send?.(id, [one])) ?? false
  }

  async shutdown({ after = 1_500, grace = 5_000 }: { after?: number; grace?: number }): Promise<void> {
    const closing: Refusal = { why: 'restart', after }
    this.closing = closing
    clearInterval(this.#timer)
    const sessions = [...this.sessions.all()]
    const handedOver = sessions.map((session) => session.journal && this.handOver(session, closing, grace))
    await withTimeout(Promise.all(handedOver), grace, 'What is handled or recorded').catch(report)
    for (const session of sessions) session.acknowledge()
    for (const connection of [...this.#connections]) connection.refuse(closing)
    await this.store.stop()
  }

  metrics(): string {
    return prometheus({
      counters: this.counters,
      gauges: {
        ...this.sessions.size,
        connections: this.#connections.size,
        pending: this.#pending.size,
        topics: this.topics.size,
      },
      refusals: this.#refusals,
      handler: this.#handlerTime,
      store: this.#storeTime,
    })
  }

  /** Hands the session over, but waits for a running handler first. Does nothing if the client reconnects meanwhile. */
  async #leave(session: HostedSession): Promise<void> {
    if (!session.quiet) await session.settled(this.settings.ttl * 1_000)
    if (!session.connection && !session.over) await this.handOver(session)
  }

  async #handOver(session: HostedSession, why: Refusal, grace: number): Promise<void> {
    session.connection?.refuse(why)
    await session.release(grace)
    if (!session.connection && !session.over) this.removed(session)
  }

  #notPending(connection: ServerConnection): void {
    const address = this.#pending.get(connection)
    if (address === undefined) return
    this.#pending.delete(connection)
    const left = (this.#pendingByAddress.get(address) ?? 1) - 1
    if (left) this.#pendingByAddress.set(address, left)
    else this.#pendingByAddress.delete(address)
  }

  /** Returns the topics that the session was subscribed to. */
  #forget(session: HostedSession): string[] {
    this.sessions.remove(session)
    this.owing.delete(session)
    return this.topics.forget(session)
  }

  #left(topic: string, member: TopicMember): void {
    callHandler(() => this.settings.left?.(topic, member))
  }

  /** Calls `ended`: one call after the other, also when the application ends more sessions inside it. */
  #ended({ id, principal }: { id: string; principal: string }, ending: Ending): void {
    const callEnded = () => callHandler(() => this.settings.ended?.({ id, principal }, ending))
    if (this.#endings) {
      this.#endings.push(callEnded)
      return
    }
    this.#endings = [callEnded]
    // `ended` may append to this list while it is iterated over.
    for (const next of this.#endings) next()
    this.#endings = undefined
  }

  #tick(): void {
    this.clock++
    for (const session of this.owing) session.acknowledge()
    for (const connection of this.#connections) connection.check()
    this.topics.tick()
    const expired = () => this.sessions.expired(this.clock - this.settings.ttl)
    for (let next = expired(); next; next = expired()) this.end(next, 'expired')
    const { idle } = this.settings.limits
    if (idle < Infinity)
      for (const session of this.sessions.all())
        if (this.clock - session.used >= idle) this.end(session, 'idle')
    void this.store.sweep()
  }
}
