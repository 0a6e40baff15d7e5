import { Emitter } from '../core/emitter.ts'
import { EVENTS } from '../core/event-names.ts'
import { report } from '../core/report.ts'
import { resolveOptions } from '../core/resolve-options.ts'
import type { Parts } from '../core/socket.ts'
import { rejectUnknown, shown } from '../core/validate.ts'
import { type Events, type Options, Socket, type SocketLike } from '../index.ts'
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
  // The worker's socket has the real URL: this one is never dialled.
  const resolved = resolveOptions('ws://worker', shared as Options)
  if (typeof SharedWorker === 'undefined') return fallback()
  const emitter = new Emitter<Events>(EVENTS)
  const lifecycle = new TabLifecycle(start, resolved, emitter, onSnapshot)
  const parts: Parts = { options: resolved, emitter, lifecycle }
  // An object with the methods of `Socket`, including their checks and types, on a different lifecycle.
  const tab: SocketLike<In, Out> = Object.assign(Object.create(Socket.prototype), { parts: () => parts })
  try {
    if (resolved.autoOpen) tab.open()
  } catch (error) {
    // A page with an opaque origin, or whose storage is blocked, has the constructor but may not use it.
    report(error)
    tab.close()
    return fallback()
  }
  return tab
}
