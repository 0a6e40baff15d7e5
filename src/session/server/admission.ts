import { callSafely } from '../../core/report.ts'
import { type Hello, type Refusal, welcome } from '../protocol/frames.ts'
import type { ResolvedOptions } from './options.ts'
import type { Registry } from './registry.ts'
import type { ServerConnection } from './server-connection.ts'
import { ServerSession } from './server-session.ts'
import type { SessionHost } from './session-host.ts'
import type { Answer, Kept, Store } from './store.ts'
import { within } from './within.ts'

/** How long what is handled may take to be recorded before its client, who is back, is sent away for a while, in ms. */
const PATIENCE = 5_000

/** What a reception needs of those it lets people in to. */
export interface Hall<Request> extends SessionHost<ServerSession<Request>> {
  readonly settings: ResolvedOptions<Request>
  handOver(session: ServerSession<Request>, why?: Refusal): Promise<void>
  gone(line: ServerConnection<Request>): void
}

/** Decides what a hello gets: a new session, one that goes on, or a refusal. */
export class Admission<Request> {
  readonly #hall: Hall<Request>
  readonly #store: Store
  readonly #sessions: Registry<Request>

  constructor(hall: Hall<Request>, store: Store, sessions: Registry<Request>) {
    this.#hall = hall
    this.#store = store
    this.#sessions = sessions
  }

  async claim(line: ServerConnection<Request>, name: string, hello: Hello, principal: string): Promise<void> {
    const { n, got } = hello
    const known = this.#sessions.get(name)
    // A forged count must not cost the session its line.
    if (known && known.principal === principal && n > known.n && (got ?? 0) > known.outbox.highest)
      return line.malformed('got')
    if (!known && !this.#store.shared && got === undefined && !this.#room(principal))
      return line.refuse({ why: 'denied' })
    // What is handled here must be recorded before the store says where the client goes on.
    if (known?.journal && known.principal === principal && n > known.n)
      await within(PATIENCE, this.#hall.handOver(known), 'The record of the session')
    if (line.over) return
    const answer = await this.#store.claim({ name, n, got, principal })
    if (answer.is === 'refused')
      return line.over ? undefined : line.refuse({ why: answer.why, got: answer.got })
    const session =
      answer.is === 'found' && !answer.kept
        ? this.#sessions.get(name)
        : this.#adopt(line, name, n, principal, answer)
    if (!session) return line.refuse({ why: 'gone' })
    if (session.connection) {
      this.#hall.counters.taken++
      session.connection.refuse({ why: 'taken' })
    }
    session.n = n
    const { outbox } = session
    if ((got ?? 0) > outbox.highest) {
      line.malformed('got')
      if (session.journal) await this.#hall.handOver(session)
      return
    }
    // It has less than it had acknowledged: it cannot be brought up to date.
    if (!outbox.resume(got ?? 0)) {
      this.#hall.end(session, 'expired')
      return line.refuse({ why: 'gone', got: session.close() })
    }
    this.#attach(session, line, answer.is === 'found')
    // It broke while the store was asked.
    if (line.over) this.#hall.gone(line)
  }

  #attach(session: ServerSession<Request>, line: ServerConnection<Request>, resumed: boolean): void {
    const { ttl, ping, credit } = this.#hall.settings
    session.connection = line
    session.request = line.request
    session.used = this.#hall.clock
    line.session = session
    this.#sessions.reconnected(session)
    session.inbox.resume(session.done)
    line.write(welcome({ got: session.done, ttl, ping, win: credit }))
    this.#hall.counters[resumed ? 'resumed' : 'opened']++
    this.#hall.counters.resent += session.outbox.highest - session.outbox.acked
    session.pump()
    callSafely(() => this.#hall.settings.opened?.(session, { resumed, request: line.request }))
  }

  #adopt(line: ServerConnection<Request>, name: string, n: number, principal: string, answer: Answer) {
    const before = this.#sessions.get(name)
    const { connection: old } = before ?? {}
    if (before) this.#hall.removed(before)
    // Two came at the same time: what the first one says from now on is not heard.
    old?.refuse({ why: 'taken' })
    const session = new ServerSession<Request>(this.#hall, name, principal, line.request)
    const { kept = { got: 0, acked: 0, items: [] } } = answer as { kept?: Kept }
    session.adopt(kept.got, kept.acked, kept.items)
    session.journal = this.#store.journal?.(name, n, kept, session)
    this.#sessions.add(session)
    return session
  }

  /** Whether a new session may be made, after what was away for longest has given way. */
  #room(principal: string): boolean {
    const { limits, authenticate } = this.#hall.settings
    const siblings = this.#sessions.of(principal)
    if (authenticate && siblings.size >= limits.perPrincipal) {
      const oldest = [...siblings].find(({ connected }) => !connected)
      if (!oldest) return false
      this.#hall.end(oldest, 'expired')
    }
    return this.#sessions.size.sessions < limits.sessions
  }
}
