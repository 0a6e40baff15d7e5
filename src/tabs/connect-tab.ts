import { report } from '../core/emitter.ts'
import type { SocketLike } from '../index.ts'
import { resolveTabOptions, type TabOptions } from './tab-options.ts'
import { TabSocket } from './tab-socket.ts'

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
 * @param start creates the `SharedWorker`. It is called again when the worker has died. Bundlers find the worker's file
 * by the literal expression `new SharedWorker(new URL('…', import.meta.url))`.
 * @throws {TypeError} for an unknown option, and if `start` or `fallback` is not a function
 */
export function connectTab<In = unknown, Out = unknown>(
  start: () => SharedWorker,
  options: TabOptions<In, Out>,
): SocketLike<In, Out> {
  const tab = new TabSocket<In, Out>(start, resolveTabOptions(start, options as TabOptions))
  if (typeof SharedWorker === 'undefined') return options.fallback()
  try {
    if (options.autoOpen !== false) tab.open()
  } catch (error) {
    // Pages with an opaque origin, and some that block storage, have the constructor but may not use it.
    report(error)
    tab.close()
    return options.fallback()
  }
  return tab
}
