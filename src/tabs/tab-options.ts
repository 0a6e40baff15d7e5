import type { QueueLimits } from '../core/policy/send-queue.ts'
import type { QueueOptions, Schema, SocketLike } from '../index.ts'

/** How a page uses the shared socket. */
export interface TabOptions<In = unknown, Out = unknown> {
  /** Creates the socket of a page that cannot have a SharedWorker: usually a plain `Socket`. */
  fallback: () => SocketLike<In, Out>
  /**
   * Called with what the worker's `snapshot` function returned: when this tab joins, and whenever it joins again after it
   * may have missed messages. It is called before `open`; the messages that follow are newer than the snapshot.
   */
  onSnapshot?: ((value: unknown) => void) | undefined
  /** What this page keeps while the shared socket is not open; `false`: nothing. Defaults as those of `Socket`. */
  queue?: QueueOptions | false | undefined
  /** Validates `json` messages, synchronously; the type of the messages is inferred from it. */
  schema?: Schema<In> | undefined
  /** Reads a text frame. @default JSON.parse */
  parse?: ((text: string) => unknown) | undefined
  /** Writes what `sendJson` is given. @default JSON.stringify */
  stringify?: ((value: unknown) => string) | undefined
  /** Whether to connect at once; `false` starts `idle`, until `open()`. @default true */
  autoOpen?: boolean | undefined
}

/** With defaults filled in. */
export type ResolvedTabOptions = Pick<TabOptions, 'onSnapshot' | 'schema'> & {
  queue: QueueLimits
  parse: (text: string) => unknown
  stringify: (value: unknown) => string
}

const names = ['fallback', 'onSnapshot', 'queue', 'schema', 'parse', 'stringify', 'autoOpen']

export function resolveTabOptions(start: unknown, options: TabOptions): ResolvedTabOptions {
  if (typeof start !== 'function')
    throw new TypeError('holdfast: connectTab takes a function. Use () => new SharedWorker(…).')
  if (typeof options?.fallback !== 'function')
    throw new TypeError('holdfast: fallback must be a function. Use { fallback: () => new Socket(url) }.')
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown)
    throw new TypeError(`holdfast: connectTab has no option ${unknown}. It has ${names.join(', ')}.`)
  const { onSnapshot, schema, parse = JSON.parse, stringify = JSON.stringify, queue } = options
  const { messages = 1_000, bytes = 1_048_576, overflow = 'newest', ttl = Infinity } = queue || {}
  return {
    onSnapshot,
    schema,
    parse,
    stringify,
    queue: { messages: queue === false ? 0 : messages, bytes, overflow, ttl },
  }
}
