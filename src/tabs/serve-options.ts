import type { SocketLike } from '../index.ts'
import type { BacklogLimits } from './tab-connection.ts'

/** How a worker serves its tabs. */
export interface ServeOptions {
  /**
   * Returns what a new tab needs to know of the past, such as the state that the messages so far have built. Called
   * whenever a tab joins. The value must be one that `structuredClone` takes.
   */
  snapshot?: (() => unknown) | undefined
  /**
   * How long the connection is kept after the last tab has left, in ms. A navigation or a reload in the only tab then
   * finds the connection as it was, if the browser keeps the worker for that long. @default 1_000
   */
  linger?: number | undefined
  /**
   * A tab that has not reacted for this long, in ms, counts as frozen or crashed: nothing is kept for it. If it reacts
   * again, it joins again. @default 30_000
   */
  silence?: number | undefined
  /** What is kept for a tab that is slower than the server. When it overflows, the tab joins again with a snapshot. */
  backlog?: BacklogOptions | undefined
}

export interface BacklogOptions {
  /** How many messages at most. @default 10_000 */
  messages?: number | undefined
  /** How many bytes at most; a string counts two for each UTF-16 unit. @default 8_388_608 */
  bytes?: number | undefined
}

export interface ResolvedServeOptions {
  snapshot: (() => unknown) | undefined
  linger: number
  silence: number
  backlog: BacklogLimits
}

const groups = { serveTabs: ['snapshot', 'linger', 'silence', 'backlog'], backlog: ['messages', 'bytes'] }

export function resolveServeOptions(socket: unknown, options: ServeOptions): ResolvedServeOptions {
  if (typeof (socket as SocketLike | undefined)?.on !== 'function')
    throw new TypeError(
      'holdfast: serveTabs takes a Socket or a Session, such as serveTabs(new Socket(url)).',
    )
  refuseUnknown('serveTabs', options)
  const { snapshot, linger = 1_000, silence = 30_000, backlog = {} } = options
  refuseUnknown('backlog', backlog)
  const { messages = 10_000, bytes = 8_388_608 } = backlog
  if (snapshot !== undefined && typeof snapshot !== 'function')
    throw new TypeError('holdfast: snapshot must be a function that returns the value.')
  const numbers = { linger, silence, 'backlog.messages': messages, 'backlog.bytes': bytes }
  for (const [name, value] of Object.entries(numbers)) {
    if (!(value >= 0)) throw new RangeError(`holdfast: ${name} must be a number of at least 0, not ${value}.`)
  }
  return { snapshot, linger, silence, backlog: { messages, bytes } }
}

function refuseUnknown(group: keyof typeof groups, options: object): void {
  const known = groups[group]
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown) throw new TypeError(`holdfast: ${group} has no option ${unknown}. It has ${known.join(', ')}.`)
}
