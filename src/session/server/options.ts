import type { Credit } from '../protocol/frames.ts'
import type { Ending, Limits } from './limits.ts'
import type { ServerSession } from './server-session.ts'
import type { Store } from './store.ts'

type Awaitable<Value> = Value | PromiseLike<Value>

/** How the server half behaves. Everything is optional. */
export interface SessionsOptions<Request> {
  /**
   * Who this is: a name for the principal, or nothing where nobody may come in. Called with the token of every hello,
   * and of every fresh token.
   */
  authenticate?: (request: Request, token: string | undefined) => Awaitable<string | null | undefined>
  /** Which `Origin` headers may come in. @default all of them */
  origins?: readonly string[]
  /** A client is there: with a new session, or with one that goes on. */
  opened?: (session: ServerSession<Request>, how: { resumed: boolean; request: Request }) => void
  /**
   * A message, once and in order. It is acknowledged when this returns; when this returns a promise, once that settles,
   * and until then the next message waits. `key` is the same if a crash should bring the message again.
   */
  received?: (session: ServerSession<Request>, data: string | Uint8Array, key: string) => unknown
  /**
   * A session is over, with what became of the messages to its client. Called once, in the process that had it; where none
   * had it, in any one of those that share the store.
   */
  ended?: (session: Pick<ServerSession<Request>, 'id' | 'principal'>, ending: Ending) => void
  /** What may be unacknowledged in one direction of a session: messages and bytes. @default [1_000, 1_048_576] */
  credit?: Credit
  /** How long a session outlives its connection, in s. @default 120 */
  ttl?: number
  /** How long after that it is known how much of it was handled, in s. @default 600 */
  tombstone?: number
  /** How long a client may be quiet before it is asked, in s. @default 25 */
  ping?: number
  limits?: Partial<Limits>
  /** Where sessions are kept. @default in this process */
  store?: Store
}

export function resolveOptions<Request>(options: SessionsOptions<Request>) {
  const settings = {
    credit: [1_000, 1_048_576] as Credit,
    ttl: 120,
    tombstone: 600,
    ping: 25,
    ...defined(options),
    limits: {
      hello: 8_192,
      patience: 10,
      sessions: 100_000,
      perPrincipal: 32,
      messages: 1_000,
      bytes: 1_048_576,
      idle: Infinity,
      ...defined(options.limits ?? {}),
    },
  }
  const { credit, ttl, tombstone, ping } = settings
  const numbers = {
    'credit, messages': credit[0],
    'credit, bytes': credit[1],
    ttl,
    tombstone,
    ping,
    ...settings.limits,
  }
  for (const [name, value] of Object.entries(numbers))
    if (!(value > 0)) throw new RangeError(`${name}: must be a number above 0, not ${value}`)
  return settings
}

export type ResolvedOptions<Request> = ReturnType<typeof resolveOptions<Request>>

const defined = <Part extends object>(part: Part) =>
  Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as Part
