import { type InternalOptions, LIFECYCLE } from '../core/internal-options.ts'
import { report } from '../core/report.ts'
import { rejectUnknown, shown } from '../core/validate.ts'
import { type Options, Socket, type SocketLike } from '../index.ts'
import { TabLifecycle } from './tab-lifecycle.ts'
import type { TabOptions } from './tab-options.ts'

const OPTIONS = ['fallback', 'onSnapshot', 'queue', 'schema', 'sends', 'parse', 'stringify', 'autoOpen']
const QUEUE = ['messages', 'bytes', 'overflow', 'ttl']

/**
 * Connects this page to the socket that the application's SharedWorker shares between all tabs with `serveTabs`. Returns a
 * `SocketLike`. Where the browser has no SharedWorker, or does not allow it here, returns `options.fallback()`.
 *
 * ```ts
 * const socket = connectTab(
 *   () => new SharedWorker(new URL('./worker.js', import.meta.url), { type: 'module' }),
 *   { fallback: () => new Socket(url) },
 * )
 * ```
 *
 * `close()` and `suspend()` leave the shared socket; the other tabs keep it.
 *
 * @param start creates the `SharedWorker`. It is called again after the worker has ended. Bundlers find the worker's file
 * by the literal expression `new SharedWorker(new URL('…', import.meta.url))`.
 * @throws {TypeError | RangeError} for unknown options and values that can never work
 */
export function connectTab<In = unknown, Out = unknown>(
  start: () => SharedWorker,
  options: TabOptions<In, Out>,
): SocketLike<In, Out> {
  const { fallback, onSnapshot, ...shared } = options ?? {}
  for (const [name, value] of Object.entries({ start, fallback, onSnapshot: onSnapshot ?? start }))
    if (typeof value !== 'function')
      throw new TypeError(`holdfast: connectTab: ${name} must be a function, not ${shown(value)}`)
  rejectUnknown('', options, OPTIONS)
  rejectUnknown('queue.', shared.queue || {}, QUEUE)
  const socketOptions: Options<In, Out> & InternalOptions = {
    ...shared,
    [LIFECYCLE]: (resolved, emitter) => new TabLifecycle(start, resolved, emitter, onSnapshot),
  }
  // The worker's socket has the real URL: this one is never dialled.
  const tab = new Socket('ws://worker', socketOptions)
  if (typeof SharedWorker === 'undefined') return fallback()
  try {
    if (shared.autoOpen ?? true) tab.open()
  } catch (error) {
    // A page with an opaque origin, or whose storage is blocked, has the constructor but may not use it.
    report(error)
    tab.close()
    return fallback()
  }
  return tab
}
