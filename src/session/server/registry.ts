import type { HostedSession } from './hosted-session.ts'

/** The sessions of this process: by name, by principal, and in the order in which they lost their connection. */
export class Registry {
  readonly #sessions = new Map<string, HostedSession>()
  /** Sessions without a connection, and since when. */
  readonly #away = new Map<HostedSession, number>()
  /** The sessions in `#away` whose client never sent or acknowledged a message. */
  readonly #awayUnproven = new Set<HostedSession>()
  readonly #principals = new Map<string, Set<HostedSession>>()

  get size(): { sessions: number; connected: number } {
    return { sessions: this.#sessions.size, connected: this.#sessions.size - this.#away.size }
  }

  get(id: string): HostedSession | undefined {
    return this.#sessions.get(id)
  }

  all(): Iterable<HostedSession> {
    return this.#sessions.values()
  }

  add(session: HostedSession): void {
    const { id, principal } = session
    this.#sessions.set(id, session)
    const siblings = this.#principals.get(principal) ?? new Set()
    this.#principals.set(principal, siblings.add(session))
  }

  remove(session: HostedSession): void {
    const { id, principal } = session
    if (this.#sessions.get(id) === session) this.#sessions.delete(id)
    this.reconnected(session)
    const siblings = this.#principals.get(principal)
    siblings?.delete(session)
    if (!siblings?.size) this.#principals.delete(principal)
  }

  disconnected(session: HostedSession, clock: number): void {
    this.#away.set(session, clock)
    if (!session.proven) this.#awayUnproven.add(session)
    // Sorted by when they lost their connection: behind those of the principal that lost it earlier.
    const siblings = this.#principals.get(session.principal)
    if (siblings?.delete(session)) siblings.add(session)
  }

  reconnected(session: HostedSession): void {
    this.#away.delete(session)
    this.#awayUnproven.delete(session)
  }

  of(principal: string): ReadonlySet<HostedSession> {
    return this.#principals.get(principal) ?? new Set()
  }

  /** The next session that has been away since before `clock`. */
  expired(clock: number): HostedSession | undefined {
    for (const [session, since] of this.#away) return since <= clock ? session : undefined
    return undefined
  }

  /** The session that is removed first when the server is full: away for longest, and never used. */
  mostExpendable(): HostedSession | undefined {
    for (const session of this.#awayUnproven) return session
    return undefined
  }
}
