import { isData } from './binary.ts'
import type { Data } from './events.ts'
import type { Options, Provided } from './options.ts'

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

const choices: Record<string, string> = { binaryType: 'blob or arraybuffer', overflow: 'newest or oldest' }

/** What an option may be that has no default; `false` and `undefined` are fine for all. */
const kinds: Record<string, string> = {
  reconnect: 'function or object',
  final: 'function or object',
  heartbeat: 'object',
  queue: 'object',
  greet: 'function',
  WebSocket: 'function',
}

/** Options after the door: flat, defaults filled in, every value of its kind and in range. */
export type ResolvedOptions = Omit<Options, keyof typeof defaults> &
  typeof defaults & {
    url: Provided<string | URL>
    ping?: Data
    pong?: string | ((message: MessageEvent) => boolean)
  }

/** The one door: what can never work throws here. */
export function resolveOptions(url: Provided<string | URL>, options: Options): ResolvedOptions {
  const { attemptTimeout, reconnect, heartbeat, queue } = options
  if (!(options.WebSocket ?? globalThis.WebSocket))
    throw new TypeError('No global WebSocket here: pass the option WebSocket')
  for (const [name, kind] of Object.entries(kinds)) {
    const value = options[name as keyof Options]
    if (value && !kind.includes(typeof value))
      throw new TypeError(`${name}: must be ${kind}, not ${String(value)}`)
  }
  // Own are only those that were given: a copy of all for each socket would weigh more than the rest of it.
  const settings = Object.create(defaults) as Record<string, unknown>
  settings.url = url
  // What is `false`, or a function, has nothing to spread.
  for (const [name, value] of Object.entries({ ...options, ...reconnect, ...heartbeat, ...queue }))
    if (value !== undefined) settings[name] = value
  if (attemptTimeout === false) settings.attemptTimeout = Infinity
  if (queue === false) settings.messages = 0
  for (const [name, standard] of Object.entries(defaults)) {
    const value = settings[name]
    const kind = typeof standard
    const least = /val|out/.test(name) ? 1 : 0
    const choice = choices[name]
    const fits = choice
      ? choice.split(' or ').includes(value as string)
      : typeof value === kind && !((value as number) < least)
    if (!fits || Number.isNaN(value))
      throw new RangeError(
        `${name}: must be ${choice ?? kind + (kind === 'number' ? ` of at least ${least}` : '')}, not ${String(value)}`,
      )
  }
  if (!heartbeat) settings.interval = 0
  else if (settings.silence)
    Object.assign(settings, { interval: settings.silence, timeout: 0, ping: undefined })
  else if (!isData(settings.ping)) throw new TypeError('heartbeat: needs a ping or a silence')
  return settings as unknown as ResolvedOptions
}
