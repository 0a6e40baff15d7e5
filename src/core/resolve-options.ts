import { isData } from './binary.ts'
import { domException } from './errors.ts'
import type { Data } from './events.ts'
import { type InternalOptions, PROTOCOL } from './internal-options.ts'
import type { Options, Provided, ReconnectOptions, Schema } from './options.ts'
import type { HeartbeatTiming } from './policy/heartbeat.ts'
import type { QueueLimits } from './policy/send-queue.ts'
import type { ConnectionProtocol } from './protocol.ts'
import {
  abortSignal,
  numberFrom,
  type OptionRule,
  type OptionRules,
  ofType,
  oneOf,
  resolveGroup,
  shown,
} from './validate.ts'

export type Backoff = Required<{ [Name in keyof ReconnectOptions]: number }>

export interface ResolvedHeartbeat extends HeartbeatTiming {
  ping: Data | (() => Data) | undefined
  pong: string | ((message: MessageEvent) => boolean) | undefined
}

/** The options with all defaults filled in: every group is complete, every value was checked. */
export interface ResolvedOptions
  extends Pick<Options, 'protocols' | 'final' | 'greet' | 'schema' | 'signal' | 'WebSocket'> {
  url: Provided<string | URL>
  reconnect: Backoff | Extract<Options['reconnect'], (...args: never) => unknown> | false
  /** `Infinity`: no limit. */
  attemptTimeout: number
  heartbeat: ResolvedHeartbeat | undefined
  queue: QueueLimits
  wake: boolean
  suspendHidden: number | false
  binaryType: BinaryType
  parse: (text: string) => unknown
  stringify: (value: unknown) => string | undefined
  autoOpen: boolean
  protocol: ConnectionProtocol | undefined
}

const reconnectRules: OptionRules<Backoff> = {
  base: numberFrom(0, 2_000),
  factor: numberFrom(0, 3),
  max: numberFrom(0, 10_000),
  attempts: numberFrom(0, Infinity),
  stableAfter: numberFrom(0, 5_000),
}

const pingRules: OptionRules<ResolvedHeartbeat> = {
  // `resolveHeartbeat` checks it, with a message that says more.
  ping: { accepts: () => true, expected: 'a message' },
  silence: { default: 0, accepts: () => false, expected: 'left out where there is a ping' },
  pong: {
    accepts: (value) => typeof value === 'string' || typeof value === 'function',
    expected: 'the exact text of the answer, or a function that recognizes it',
  },
  interval: numberFrom(1, 25_000),
  timeout: numberFrom(1, 10_000),
}

/** `silence` instead of `ping`. */
const silenceRules = {
  silence: numberFrom(1),
  ping: { accepts: () => false, expected: 'left out where there is a silence' },
}

const queueRules: OptionRules<QueueLimits> = {
  messages: numberFrom(0, 1_000),
  bytes: numberFrom(0, 1_048_576),
  overflow: oneOf(['newest', 'oldest'], 'newest'),
  ttl: numberFrom(0, Infinity),
  perSecond: numberFrom(Number.MIN_VALUE, Infinity),
}

const isFunction = (value: unknown) => typeof value === 'function'
const isGroup = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** An option of a group may be `false` in place of the group. */
const groupOrFalse = {
  accepts: (value: unknown) => value === false || isGroup(value),
  expected: 'false or an object',
}

const numberOrFalse = (least: number, fallback: number | false): OptionRule<number | false> => ({
  default: fallback,
  accepts: (value) => value === false || (typeof value === 'number' && value >= least),
  expected: `a number of at least ${least}, or false`,
  isRange: true,
})

/** The options as the rules below leave them: each group is still as it was given. */
type TopLevel = Omit<ResolvedOptions, 'url' | 'protocol' | 'attemptTimeout' | Group> &
  Pick<Options, 'sends' | Group> & { attemptTimeout: number | false }
type Group = 'reconnect' | 'heartbeat' | 'queue'

const rules: OptionRules<TopLevel> = {
  protocols: {
    accepts: (value) => isFunction(value) || [value].flat().every((name) => typeof name === 'string'),
    expected: 'a subprotocol, a list of them, or a function',
  },
  reconnect: {
    accepts: (value) => value === false || isFunction(value) || isGroup(value),
    expected: 'false, a function or an object',
  },
  final: {
    accepts: (value) =>
      isFunction(value) || (Array.isArray(value) && value.every((code) => typeof code === 'number')),
    expected: 'a list of close codes, or a function',
  },
  attemptTimeout: numberOrFalse(1, 10_000),
  heartbeat: groupOrFalse,
  greet: { accepts: (value) => value === false || isFunction(value), expected: 'a function' },
  queue: groupOrFalse,
  wake: ofType('boolean', true),
  suspendHidden: numberOrFalse(0, false),
  binaryType: oneOf(['blob', 'arraybuffer'], 'blob'),
  schema: {
    // Some libraries make schemas that are functions.
    accepts: (value) => isFunction((value as Schema<unknown> | null)?.['~standard']?.validate),
    expected: 'a Standard Schema, such as one made by zod, valibot or arktype',
  },
  sends: { accepts: () => true, expected: 'typeOf<Type>()' },
  parse: ofType('function', JSON.parse),
  stringify: ofType('function', JSON.stringify),
  signal: abortSignal,
  autoOpen: ofType('boolean', true),
  WebSocket: ofType('function'),
}

// Sockets with default options share these objects: a copy for each would double the memory of an idle socket.
export const defaultReconnect = resolveGroup('', {}, reconnectRules)
const defaultQueue = resolveGroup('', {}, queueRules)
const noQueue: QueueLimits = { ...defaultQueue, messages: 0 }

/** @throws {TypeError | RangeError | DOMException} for everything that can never work */
export function resolveOptions(url: Provided<string | URL>, options: Options): ResolvedOptions {
  if (!isGroup(options)) {
    const cure = typeof options === 'string' ? ` Use { protocols: ${shown(options)} }.` : ''
    throw new TypeError(
      `holdfast: the second argument must be an object of options, not ${shown(options)}.${cure}`,
    )
  }
  // An object with its own `toString`, such as that of `ReconnectingWebSocket`, is converted to text at each attempt.
  if (typeof url !== 'function' && !(isGroup(url) && Object.hasOwn(url as URL, 'toString'))) checkUrl(url)
  if ((options.heartbeat as unknown) === true)
    throw new TypeError("holdfast: heartbeat: true has no ping. Use { ping: 'ping', pong: 'pong' }.")
  const given = resolveGroup('', options, rules)
  if (given.suspendHidden !== false && !given.wake)
    throw new TypeError('holdfast: suspendHidden needs wake: true, because only then is the page observed')
  // Name by name: the engine would give the result of a spread a hidden class of its own for each socket, some 700 bytes.
  return {
    url,
    protocols: given.protocols,
    reconnect: resolveReconnect(given.reconnect),
    final: given.final,
    attemptTimeout: given.attemptTimeout === false ? Infinity : given.attemptTimeout,
    heartbeat: resolveHeartbeat(given.heartbeat),
    greet: given.greet,
    queue: resolveQueue(given.queue),
    wake: given.wake,
    suspendHidden: given.suspendHidden,
    binaryType: given.binaryType,
    schema: given.schema,
    parse: given.parse,
    stringify: given.stringify,
    signal: given.signal,
    autoOpen: given.autoOpen,
    WebSocket: given.WebSocket,
    protocol: (options as InternalOptions)[PROTOCOL],
  }
}

function resolveReconnect(reconnect: Options['reconnect']): ResolvedOptions['reconnect'] {
  if (reconnect === false || typeof reconnect === 'function') return reconnect
  return reconnect ? resolveGroup('reconnect.', reconnect, reconnectRules) : defaultReconnect
}

function resolveQueue(queue: Options['queue']): QueueLimits {
  if (queue === false) return noQueue
  return queue ? resolveGroup('queue.', queue, queueRules) : defaultQueue
}

function resolveHeartbeat(heartbeat: Options['heartbeat']): ResolvedHeartbeat | undefined {
  if (!heartbeat) return undefined
  if (heartbeat.silence !== undefined && heartbeat.ping === undefined) {
    resolveGroup('heartbeat.', heartbeat, silenceRules)
    const { silence } = heartbeat
    return { silence, interval: silence, timeout: 0, ping: undefined, pong: undefined }
  }
  const resolved = resolveGroup('heartbeat.', heartbeat, pingRules)
  if (!isData(resolved.ping) && typeof resolved.ping !== 'function')
    throw new TypeError(
      `holdfast: heartbeat.ping: must be a message or a function that returns one, not ${shown(resolved.ping)}. Use { ping: 'ping', pong: 'pong' }, or { silence: ms } for a server that sends on its own.`,
    )
  return resolved
}

/**
 * Throws for a URL that no `WebSocket` accepts: another attempt with it cannot succeed.
 *
 * @throws {TypeError | DOMException} `SyntaxError`, as the `WebSocket` constructor does
 */
export function checkUrl(url: string | URL): void {
  const wrongType = (what: string) =>
    new TypeError(`holdfast: url: must be a string, a URL or a function, not ${what}`)
  if (typeof url !== 'string' && !(typeof url === 'object' && url !== null)) throw wrongType(shown(url))
  const text = `${url}`
  // A plain object or a promise. In a page it would be a relative URL.
  if (typeof url === 'object' && text.startsWith('[object '))
    throw wrongType(`${text}. A URL that is known later: () => promise.`)
  const invalid = (why: string) =>
    domException(`holdfast: url: '${text}' is not a valid WebSocket URL: ${why}`, 'SyntaxError')
  if (!text.trim()) throw invalid("it is empty. Use 'wss://example.com/path', or '/path' in a page.")
  if (text.includes('#')) throw invalid('a WebSocket URL has no fragment (#).')
  const scheme = /^\s*([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
  // `ws:` and `wss:` are never relative to the page. Parsing its URL as well would take longer.
  const base = scheme === 'ws' || scheme === 'wss' ? undefined : globalThis.location?.href
  if (scheme === undefined && base === undefined)
    throw invalid("a relative URL needs a page. Use 'wss://example.com/path'.")
  if (scheme !== undefined && !['ws', 'wss', 'http', 'https'].includes(scheme))
    throw invalid(`'${scheme}:' is not supported. Use 'ws:' or 'wss:'.`)
  try {
    new URL(text, base)
  } catch {
    throw invalid('it cannot be parsed.')
  }
}
