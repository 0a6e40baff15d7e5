import { isData } from './binary.ts'
import { domException } from './errors.ts'
import type { Data } from './events.ts'
import type { Options, Provided, ReconnectOptions, Schema } from './options.ts'
import type { HeartbeatTiming } from './policy/heartbeat.ts'
import type { QueueLimits } from './policy/send-queue.ts'
import { type ConnectionProtocol, PROTOCOL } from './protocol.ts'
import { abortSignal, numberFrom, type OptionRules, ofType, oneOf, resolveGroup, shown } from './validate.ts'

const reconnectRules: OptionRules = {
  base: numberFrom(0, 2_000),
  factor: numberFrom(0, 3),
  max: numberFrom(0, 10_000),
  attempts: numberFrom(0, Infinity),
  stableAfter: numberFrom(0, 5_000),
}

const pingRules: OptionRules = {
  ping: { accepts: () => true, expected: 'a message' },
  silence: { accepts: () => false, expected: 'left out where there is a ping' },
  pong: {
    accepts: (value) => typeof value === 'string' || typeof value === 'function',
    expected: 'the exact text of the answer, or a function that recognizes it',
  },
  interval: numberFrom(1, 25_000),
  timeout: numberFrom(1, 10_000),
}

const silenceRules: OptionRules = {
  silence: numberFrom(1),
  ping: { accepts: () => false, expected: 'left out where there is a silence' },
}

const queueRules: OptionRules = {
  messages: numberFrom(0, 1_000),
  bytes: numberFrom(0, 1_048_576),
  overflow: oneOf(['newest', 'oldest'], 'newest'),
  ttl: numberFrom(0, Infinity),
  perSecond: numberFrom(Number.MIN_VALUE, Infinity),
}

const isGroup = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isFunction = (value: unknown) => typeof value === 'function'

const rules: OptionRules = {
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
  attemptTimeout: {
    default: 10_000,
    accepts: (value) => value === false || (typeof value === 'number' && value >= 1),
    expected: 'a number of at least 1, or false',
    isRange: true,
  },
  heartbeat: { accepts: (value) => value === false || isGroup(value), expected: 'false or an object' },
  greet: { accepts: (value) => value === false || isFunction(value), expected: 'a function' },
  queue: { accepts: (value) => value === false || isGroup(value), expected: 'false or an object' },
  wake: ofType('boolean', true),
  suspendHidden: {
    default: false,
    accepts: (value) => value === false || (typeof value === 'number' && value >= 0),
    expected: 'a number of at least 0, or false',
    isRange: true,
  },
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

export type Backoff = Required<{ [Name in keyof ReconnectOptions]: number }>

export interface ResolvedHeartbeat extends HeartbeatTiming {
  ping: Data | (() => Data) | undefined
  pong: string | ((message: MessageEvent) => boolean) | undefined
}

/** The options inside: every group complete, every value of its type and in range. */
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

// Most sockets share these: groups of their own would double the memory of an idle one.
export const defaultReconnect = resolveGroup('', {}, reconnectRules) as unknown as Backoff
const defaultQueue = resolveGroup('', {}, queueRules) as unknown as QueueLimits
const noQueue: QueueLimits = { ...defaultQueue, messages: 0 }

/** @throws {TypeError | RangeError | DOMException} for everything that can never work */
export function resolveOptions(url: Provided<string | URL>, options: Options): ResolvedOptions {
  if (!isGroup(options)) {
    const cure = typeof options === 'string' ? ` Use { protocols: ${shown(options)} }.` : ''
    throw new TypeError(
      `holdfast: the second argument must be an object of options, not ${shown(options)}.${cure}`,
    )
  }
  // An object with a `toString` of its own is read at each attempt.
  if (!isFunction(url) && !(isGroup(url) && Object.hasOwn(url as URL, 'toString')))
    checkUrl(url as string | URL)
  if ((options.heartbeat as unknown) === true)
    throw new TypeError("holdfast: heartbeat: true has no ping. Use { ping: 'ping', pong: 'pong' }.")
  const given = resolveGroup('', options, rules) as unknown as ResolvedOptions & Options
  const { reconnect, heartbeat, queue, attemptTimeout } = options
  if (given.suspendHidden !== false && !given.wake)
    throw new TypeError('holdfast: suspendHidden needs wake: true, because only then is the page observed')
  return {
    ...given,
    url,
    reconnect: isGroup(reconnect)
      ? (resolveGroup('reconnect.', reconnect as object, reconnectRules) as unknown as Backoff)
      : ((reconnect ?? defaultReconnect) as ResolvedOptions['reconnect']),
    attemptTimeout: attemptTimeout === false ? Infinity : given.attemptTimeout,
    heartbeat: resolveHeartbeat(heartbeat),
    queue: queue ? resolveQueue(queue) : queue === false ? noQueue : defaultQueue,
    protocol: (options as { [PROTOCOL]?: ConnectionProtocol })[PROTOCOL],
  }
}

const resolveQueue = (queue: object) => resolveGroup('queue.', queue, queueRules) as unknown as QueueLimits

function resolveHeartbeat(heartbeat: Options['heartbeat']): ResolvedHeartbeat | undefined {
  if (!heartbeat) return undefined
  if (heartbeat.silence !== undefined && heartbeat.ping === undefined) {
    const { silence } = resolveGroup('heartbeat.', heartbeat, silenceRules) as { silence: number }
    return { silence, interval: silence, timeout: 0, ping: undefined, pong: undefined }
  }
  const { ping, pong, interval, timeout } = resolveGroup(
    'heartbeat.',
    heartbeat,
    pingRules,
  ) as unknown as ResolvedHeartbeat
  if (!isData(ping) && !isFunction(ping))
    throw new TypeError(
      `holdfast: heartbeat.ping: must be a message or a function that returns one, not ${shown(ping)}. Use { ping: 'ping', pong: 'pong' }, or { silence: ms } for a server that sends on its own.`,
    )
  return { silence: 0, interval, timeout, ping, pong }
}

/**
 * A URL that no `WebSocket` accepts will not get better by dialling it again and again.
 *
 * @throws {TypeError | DOMException} `SyntaxError`, as the `WebSocket` constructor does
 */
export function checkUrl(url: string | URL): void {
  if (typeof url !== 'string' && !(typeof url === 'object' && url !== null))
    throw new TypeError(`holdfast: url: must be a string, a URL or a function, not ${shown(url)}`)
  const text = `${url}`
  // A plain object or a promise. In a page it would be a relative URL.
  if (typeof url === 'object' && text.startsWith('[object '))
    throw new TypeError(
      `holdfast: url: must be a string, a URL or a function, not ${text}. A URL that is known later: () => promise.`,
    )
  const invalid = (why: string) =>
    domException(`holdfast: url: '${text}' is not a valid WebSocket URL: ${why}`, 'SyntaxError')
  if (!text.trim()) throw invalid("it is empty. Use 'wss://example.com/path', or '/path' in a page.")
  if (text.includes('#')) throw invalid('a WebSocket URL has no fragment (#).')
  const base = globalThis.location?.href
  const scheme = /^\s*([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
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
