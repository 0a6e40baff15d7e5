import type { ServerSession } from './server-session.ts'

/** The sessions of this process: by name, by principal, and in the order in which they lost their connection. */
export class Registry<Request> {
  readonly #sessions = new Map<string, ServerSession<Request>>()
  /** And when. */
  readonly #away = new Map<ServerSession<Request>, number>()
  readonly #principals = new Map<string, Set<ServerSession<Request>>>()

  get size(): { sessions: number; connected: number } {
    return { sessions: this.#sessions.size, connected: this.#sessions.size - this.#away.size }
  }

  get(id: string): ServerSession<Request> | undefined {
    return this.#sessions.get(id)
  }

  all(): Iterable<ServerSession<Request>> {
    return this.#sessions.values()
  }

  add(session: ServerSession<Request>): void {
    const { id, principal } = session
    this.#sessions.set(id, session)
    const siblings = this.#principals.get(principal) ?? new Set()
    this.#principals.set(principal, siblings.add(session))
  }

  remove(session: ServerSession<Request>): void {
    const { id, principal } = session
    if (this.#sessions.get(id) === session) this.#sessions.delete(id)
    this.#away.delete(session)
    const siblings = this.#principals.get(principal)
    siblings?.delete(session)
    if (!siblings?.size) this.#principals.delete(principal)
  }

  disconnected(session: ServerSession<Request>, clock: number): void {
    this.#away.set(session, clock)
    // Behind its siblings that left before.
    const siblings = this.#principals.get(session.principal)
    if (siblings?.delete(session)) siblings.add(session)
  }

  reconnected(session: ServerSession<Request>): void {
    this.#away.delete(session)
  }

  of(principal: string): ReadonlySet<ServerSession<Request>> {
    return this.#principals.get(principal) ?? new Set()
  }

  /** The next one that has been away since before `clock`. */
  expired(clock: number): ServerSession<Request> | undefined {
    for (const [session, since] of this.#away) return since <= clock ? session : undefined
    return undefined
  }
}
