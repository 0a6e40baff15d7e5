import { numberFrom, type OptionRules, ofType, resolveGroup, shown } from '../core/validate.ts'
import type { SocketLike } from '../index.ts'
import type { BacklogLimits } from './tab-connection.ts'

/** How a worker serves its tabs. */
export interface ServeOptions {
  /**
   * Returns the state for a new tab, for example one that was built from all messages so far. Called whenever a tab joins.
   * The value must be one that `structuredClone` accepts.
   */
  snapshot?: (() => unknown) | undefined
  /**
   * How long the connection is kept after the last tab has left, in ms. A navigation or a reload in the only tab then
   * keeps the connection, if the browser keeps the worker for that long. @default 1_000
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

/** How much may wait in the worker for one tab. */
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

const rules: OptionRules<Omit<ResolvedServeOptions, 'backlog'> & { backlog: BacklogOptions }> = {
  snapshot: ofType('function'),
  linger: numberFrom(0, 1_000),
  silence: numberFrom(1, 30_000),
  backlog: {
    default: {},
    accepts: (value) => typeof value === 'object' && value !== null,
    expected: 'an object',
  },
}
const backlogRules: OptionRules<BacklogLimits> = {
  messages: numberFrom(0, 10_000),
  bytes: numberFrom(0, 8_388_608),
}

export function resolveServeOptions(socket: unknown, options: ServeOptions): ResolvedServeOptions {
  if (typeof (socket as SocketLike | undefined)?.on !== 'function')
    throw new TypeError(`holdfast: serveTabs: takes a Socket or a Session, not ${shown(socket)}`)
  const resolved = resolveGroup('', options, rules)
  return { ...resolved, backlog: resolveGroup('backlog.', resolved.backlog, backlogRules) }
}
