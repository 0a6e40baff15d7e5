import { FEATURES, type Hello, welcomeFrame } from '../protocol/frames.ts'
import { callHandler } from './call-handler.ts'
import { HostedSession } from './hosted-session.ts'
import type { Registry } from './registry.ts'
import type { ServerConnection } from './server-connection.ts'
import type { SessionHost } from './session-host.ts'
import type { Answer, Kept, Store } from './store.ts'
import { withTimeout } from './with-timeout.ts'

/** How long a returning client waits for the record of its session before it is refused as `busy`. In ms. */
const RECORD_TIMEOUT = 5_000
/** The `after` of a refusal because the server is full, in ms. */
const BUSY = 5_000

const nothingKept: Kept = { got: 0, acked: 0, items: [] }

/** Answers a hello with a new session, a resumed one, or a refusal. */
export class Admission {
  readonly #host: SessionHost
  readonly #store: Store
  /** `store.claim`, with its duration measured. */
  readonly #claim: Store['claim']
  readonly #sessions: Registry

  constructor(host: SessionHost, store: Store, sessions: Registry, claim: Store['claim']) {
    this.#host = host
    this.#store = store
    this.#claim = claim
    this.#sessions = sessions
  }

  async admit(connection: ServerConnection, name: string, hello: Hello, principal: string): Promise<void> {
    const { n, got } = hello
    const { request } = connection
    const known = this.#sessions.get(name)
    const owned = known?.principal === principal && n > known.n ? known : undefined
    // A forged count must not cost the session its connection.
    if (owned && (got ?? 0) > owned.outbox.highest && !owned.journal)
      return connection.refuse({ why: 'gone' })
    if (!known && !this.#store.shared && got === undefined && !this.#makeRoom(principal))
      return connection.refuse({ why: 'busy', after: BUSY })
    // The session is being handed over: what was handled here must be recorded before the store is asked.
    if (owned?.leaving) await withTimeout(owned.leaving, RECORD_TIMEOUT, 'The record of the session')
    if (connection.over) return
    const claimed = this.#claim({ name, n, got, principal })
    const answer = 'then' in claimed ? await claimed : claimed
    if (answer.type === 'refused') {
      const { why, after } = answer
      return connection.refuse({ why, got: answer.got, after: after ?? (why === 'busy' ? BUSY : undefined) })
    }
    const session = this.#sessionFor(connection, name, n, principal, answer)
    // It was handed over while the store was asked: the client's next attempt finds it.
    if (!session || session.leaving) return connection.refuse({ why: 'moved' })
    const { connection: older } = session
    if (older) {
      this.#host.counters.taken++
      // Otherwise the end of the older connection would hand the session over.
      session.connection = undefined
      older.refuse({ why: 'taken' })
    }
    session.n = n
    const { outbox } = session
    // One end has less than it acknowledged before, because the store lost its newest writes: the client starts a new session.
    if ((got ?? 0) > outbox.highest || !outbox.resume(got ?? 0)) {
      this.#host.end(session, 'expired')
      return connection.refuse({ why: 'gone', got: session.close() })
    }
    const refused = this.#host.oversized.resumed(name, got ?? 0, hello.topics ?? {})
    // A message of the session: without it, all later numbers would be wrong.
    if (refused && 'number' in refused) {
      this.#host.end(session, 'overflow')
      return connection.refuse({ why: 'overflow', got: session.close() })
    }
    const resumed = answer.type === 'resumed'
    // The welcome, repeated messages, topics, and what the application sends in `opened`: all with one system call.
    connection.writeTogether(() => {
      this.#attach(session, connection, hello, answer.kept)
      this.#host.counters[resumed ? 'resumed' : 'opened']++
      callHandler(() => {
        const opened = this.#host.settings.opened as
          | ((session: HostedSession, how: { resumed: boolean; request: unknown }) => unknown)
          | undefined
        return opened?.(session, { resumed, request })
      })
    })
    // The connection ended while the store was asked.
    if (connection.over) this.#host.disconnected(connection)
  }

  #attach(session: HostedSession, connection: ServerConnection, hello: Hello, kept: Kept | undefined): void {
    const { ttl, ping, credit } = this.#host.settings
    session.connection = connection
    session.request = connection.handshake
    session.used = this.#host.clock
    session.readHello(hello)
    connection.welcomed(session)
    this.#sessions.reconnected(session)
    session.inbox.resume(session.done)
    connection.write(welcomeFrame({ got: session.done, ttl, ping, win: credit, can: FEATURES }))
    this.#host.counters.resent += session.outbox.highest - session.outbox.acked
    session.pump()
    this.#host.topics.connected(session, kept)
  }

  #sessionFor(
    connection: ServerConnection,
    name: string,
    n: number,
    principal: string,
    answer: Exclude<Answer, { type: 'refused' }>,
  ): HostedSession | undefined {
    const before = this.#sessions.get(name)
    const { kept } = answer
    // No other process had it meanwhile: the session object is still valid.
    if (answer.type === 'resumed' && !kept) return before
    if (before) {
      this.#host.removed(before)
      // Two connections of the session arrived at the same time: the first one is refused.
      before.connection?.refuse({ why: 'taken' })
    }
    const session = new HostedSession(this.#host, name, principal, connection.handshake)
    session.adopt(kept ?? nothingKept)
    session.journal = this.#store.journal?.(name, n, kept ?? nothingKept, session)
    this.#sessions.add(session)
    return session
  }

  /** Whether a new session may be created, after one that is away has made room for it. */
  #makeRoom(principal: string): boolean {
    const { limits, authenticate } = this.#host.settings
    const siblings = this.#sessions.of(principal)
    if (authenticate && siblings.size >= limits.perPrincipal) {
      const oldest = [...siblings].find(({ connected }) => !connected)
      if (!oldest) return false
      this.#host.end(oldest, 'expired')
    }
    if (this.#sessions.size.sessions < limits.sessions) return true
    const expendable = this.#sessions.mostExpendable()
    if (expendable) this.#host.end(expendable, 'expired')
    return this.#sessions.size.sessions < limits.sessions
  }
}
