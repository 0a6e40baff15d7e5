import { type OptionRule, type OptionRules, ofType, oneOf, resolveGroup, shown } from '../../core/validate.ts'
import type { Credit } from '../protocol/frames.ts'
import type { Ending, Limits } from './limits.ts'
import type { ServerSession } from './server-session.ts'
import type { HandshakeRequest } from './socket.ts'
import type { Awaitable, Store, TopicBounds, TopicMember } from './store.ts'

/** How a message arrived, beside its content. */
export interface ReceivedHow {
  /** `<session>:<number>`: the same if the message is handled again after a crash. */
  key: string
  /** Whether it was a binary message. */
  binary: boolean
}

/**
 * How the server half behaves. Everything is optional. What a handler throws, or its promise rejects with, is reported
 * (`reportError`, or else `console.error`).
 */
export interface SessionsOptions<Request> {
  /**
   * Returns the name of the principal, or nothing (`undefined`, `null` or `''`) to refuse the client. Called with
   * the token of every hello, and of every fresh token. When it throws, the client is refused as `busy` and tries again.
   */
  authenticate?: (request: Request, token: string | undefined) => Awaitable<string | null | undefined>
  /**
   * Which `Origin` headers are allowed; `'*'`: all. @default the same host as the `Host` header, and requests without
   * `Origin`, which do not come from a page
   */
  origins?: readonly string[] | '*'
  /**
   * The address that `limits.pendingPerAddress` counts. Set it behind a reverse proxy, to the address that the proxy reports.
   * @default the address of the TCP connection
   */
  address?: (request: Request) => string | undefined
  /** A client is connected: with a new session, or with a resumed one. */
  opened?: (session: ServerSession, how: { resumed: boolean; request: Request }) => unknown
  /**
   * A message, once and in order. It is acknowledged when this returns; when this returns a promise, once that settles,
   * and until then the next message waits. `key` is the same if the message is handled again after a crash.
   */
  received?: (session: ServerSession, data: string | Uint8Array, key: string, how: ReceivedHow) => unknown
  /**
   * How `received` gets text messages. `bytes`: as UTF-8, without decoding; a server that only passes messages on then need
   * not encode them again (`send(data, { binary: false })`). @default 'string'
   */
  text?: 'string' | 'bytes'
  /**
   * A session has ended. `ending` has the outcomes of the messages to its client. Called once, in the process that had the
   * session; if none had it, in any one of those that share the store.
   */
  ended?: (session: Pick<ServerSession, 'id' | 'principal'>, ending: Ending) => unknown
  /** A session has subscribed to a topic. Called in the process that has the session. */
  joined?: (topic: string, member: TopicMember) => unknown
  /** It has unsubscribed, or ended. Called once, as `ended` is. A session that is away for a while has not left. */
  left?: (topic: string, member: TopicMember) => unknown
  /** What may be unacknowledged in one direction of a session: messages and bytes. @default [1_000, 1_048_576] */
  credit?: Credit
  /** How long a session outlives its connection, in s. @default 120 */
  ttl?: number
  /** How long after its end the server still knows how many messages of a session were handled, in s. @default 600 */
  tombstone?: number
  /** How long a client may be quiet before it is pinged, in s. @default 25 */
  ping?: number
  /**
   * With a shared store: how long a handler may run on after its client left for another process, in s. After that its
   * message counts as not handled, as after a crash, and the other process hands it over under the same key. @default 5
   */
  grace?: number
  limits?: Partial<Limits>
  /** What the log of one topic keeps. @default { messages: 1_000, bytes: 1_048_576, age: 3_600 } */
  topics?: Partial<TopicBounds>
  /** Where sessions are kept. @default in this process */
  store?: Store
}

/** Options with their defaults. */
export interface ResolvedOptions<Request>
  extends Omit<SessionsOptions<Request>, 'limits' | 'topics' | 'store'> {
  credit: Credit
  text: 'string' | 'bytes'
  ttl: number
  tombstone: number
  ping: number
  grace: number
  limits: Limits
  topics: TopicBounds
}

const positive = (fallback: number): OptionRule<number> => ({
  default: fallback,
  accepts: (value) => typeof value === 'number' && value > 0,
  expected: 'a number above 0',
  isRange: true,
})

const object = {
  accepts: (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value),
  expected: 'an object',
}

/** Groups have rules of their own. */
type TopLevel<Request> = Omit<ResolvedOptions<Request>, 'limits' | 'topics'> &
  Pick<SessionsOptions<Request>, 'limits' | 'topics' | 'store'>

const optionRules: OptionRules<TopLevel<never>> = {
  authenticate: ofType('function'),
  origins: {
    accepts: (value) =>
      value === '*' || (Array.isArray(value) && value.every((origin) => typeof origin === 'string')),
    expected: "a list such as ['https://example.com'], or '*'",
  },
  address: ofType('function'),
  opened: ofType('function'),
  received: ofType('function'),
  ended: ofType('function'),
  joined: ofType('function'),
  left: ofType('function'),
  text: oneOf(['string', 'bytes'], 'string'),
  credit: {
    default: [1_000, 1_048_576],
    accepts: (value) =>
      Array.isArray(value) &&
      value.length === 2 &&
      value.every((limit) => Number.isSafeInteger(limit) && limit > 0),
    expected: 'two whole numbers above 0: [messages, bytes]',
    isRange: true,
  },
  ttl: positive(120),
  tombstone: positive(600),
  ping: positive(25),
  grace: positive(5),
  limits: object,
  topics: object,
  store: object,
}

const limitRules: OptionRules<Limits> = {
  hello: positive(8_192),
  patience: positive(10),
  pending: positive(10_000),
  pendingPerAddress: positive(1_000),
  sessions: positive(100_000),
  perPrincipal: positive(32),
  messages: positive(1_000),
  bytes: positive(1_048_576),
  idle: positive(Number.POSITIVE_INFINITY),
  topics: positive(100),
}

const topicRules: OptionRules<TopicBounds> = {
  messages: positive(1_000),
  bytes: positive(1_048_576),
  age: positive(3_600),
}

/** @throws {TypeError | RangeError} for options that are unknown or cannot work, by their path */
export function resolveOptions<Request>(options: SessionsOptions<Request>): ResolvedOptions<Request> {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`holdfast: the options of Sessions must be an object, not ${shown(options)}`)
  const resolved = resolveGroup('', options, optionRules as OptionRules<TopLevel<Request>>)
  return {
    ...resolved,
    limits: resolveGroup('limits.', resolved.limits ?? {}, limitRules),
    topics: resolveGroup('topics.', resolved.topics ?? {}, topicRules),
  }
}

/** Whether a page of the same host opened the connection, or no page at all. */
export const sameHost = ({ headers }: HandshakeRequest): boolean => {
  const { origin, host } = headers
  if (origin === undefined) return true
  if (typeof origin !== 'string' || typeof host !== 'string') return false
  try {
    const page = new URL(origin)
    // A default port is written by neither or by both; the scheme is not known behind a proxy that ends TLS.
    return page.host === new URL(`${page.protocol}//${host}`).host
  } catch {
    return false
  }
}
