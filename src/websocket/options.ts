import type { Options } from '../index.ts'

const UNSUPPORTED = ['protocols', 'autoOpen', 'schema', 'sends', 'parse', 'stringify'] as const

/** The options that were given as the third argument. Anything but an object has no effect, as in the native constructor. */
export function readOptions(given: WebSocketOptions | undefined): WebSocketOptions {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {}
}

/** @throws {TypeError} for options of `Socket` that would have no effect here */
export function checkOptions(options: WebSocketOptions | undefined): void {
  const given = { ...options } as Options & WebSocketOptions
  if (given.reopen !== undefined && typeof given.reopen !== 'boolean')
    throw new TypeError(`holdfast: reopen: must be a boolean, not ${typeof given.reopen}`)
  for (const name of UNSUPPORTED) {
    if (given[name] === undefined) continue
    const cure = name === 'protocols' ? 'Pass subprotocols as the second argument.' : 'Use Socket for it.'
    throw new TypeError(`holdfast: ${name}: a ReconnectingWebSocket has no such option. ${cure}`)
  }
}

/** How a `ReconnectingWebSocket` behaves: the options of `Socket`, except those that make no sense for a `WebSocket`. */
export interface WebSocketOptions
  extends Omit<Options, 'protocols' | 'autoOpen' | 'schema' | 'sends' | 'parse' | 'stringify'> {
  /**
   * Whether this object dials again after a connection is lost. `false` is for clients that respond to `close` with a new
   * `WebSocket`: attempts are repeated until one opens, and when that connection ends, the object is `CLOSED`. @default true
   */
  reopen?: boolean | undefined
}
