import { isData } from './binary.ts'
import type { Options, Provided } from './options.ts'
import type { Data } from './types.ts'

const defaults = {
  attemptTimeout: 10_000,
  wake: true,
  binaryType: 'blob' as BinaryType,
  parse: JSON.parse as (text: string) => unknown,
  stringify: JSON.stringify as (value: unknown) => string | undefined,
  // reconnect
  base: 2_000,
  factor: 3,
  max: 10_000,
  attempts: Infinity,
  stableAfter: 5_000,
  // heartbeat
  interval: 25_000,
  timeout: 10_000,
  silence: 0,
  // queue
  messages: 1_000,
  bytes: 1_048_576,
  overflow: 'newest' as 'newest' | 'oldest',
  ttl: Infinity,
}

const choices: Record<string, string> = { binaryType: 'blob arraybuffer', overflow: 'newest oldest' }

/** What an option may be that has no default; `false` and `undefined` are fine for all. */
const kinds: Record<string, RegExp> = {
  reconnect: /function|object/,
  final: /function|object/,
  heartbeat: /object/,
  queue: /object/,
  greet: /function/,
  WebSocket: /function/,
}

/** Options after the door: flat, defaults filled in, every value of its kind and in range. */
export type Settings = Omit<Options, keyof typeof defaults> &
  typeof defaults & {
    url: Provided<string | URL>
    ping?: Data
    pong?: string | ((message: MessageEvent) => boolean)
  }

/** The one door: what can never work throws here. */
export function settle(url: Provided<string | URL>, options: Options): Settings {
  const { attemptTimeout, reconnect, heartbeat, queue } = options
  if (!(options.WebSocket ?? globalThis.WebSocket))
    throw new TypeError('No global WebSocket here: pass the option WebSocket')
  for (const [name, kind] of Object.entries(kinds)) {
    const value = options[name as keyof Options]
    if (value && !kind.test(typeof value)) throw new TypeError(`${name}: must not be a ${typeof value}`)
  }
  // What is `false`, or a function, has nothing to spread.
  const given: Record<string, unknown> = { ...options, ...reconnect, ...heartbeat, ...queue, url }
  if (attemptTimeout === false) given.attemptTimeout = Infinity
  if (queue === false) given.messages = 0
  for (const [name, standard] of Object.entries(defaults)) {
    const value = given[name] ?? standard
    const least = /val|out/.test(name) ? 1 : 0
    if (choices[name] && !choices[name].split(' ').includes(value as string))
      throw new RangeError(`${name}: must be one of ${choices[name]}, not ${String(value)}`)
    if (typeof value !== typeof standard || (typeof value === 'number' && !(value >= least)))
      throw new RangeError(
        `${name}: must be a ${typeof standard}${typeof standard === 'number' ? ` of at least ${least}` : ''}, not ${String(value)}`,
      )
    given[name] = value
  }
  if (!heartbeat) given.interval = 0
  else if (given.silence) given.interval = given.silence
  else if (!isData(given.ping)) throw new TypeError('heartbeat: needs a ping or a silence')
  return given as unknown as Settings
}
