import type { Options } from '../index.ts'

/** How a `ReconnectingWebSocket` behaves: the options of `Socket`, except those that make no sense for a `WebSocket`. */
export interface WebSocketOptions
  extends Omit<Options, 'protocols' | 'autoOpen' | 'schema' | 'sends' | 'parse' | 'stringify'> {
  /**
   * Whether this object dials again after a connection is lost. `false` is for clients that respond to `close` with a new
   * `WebSocket`: attempts are repeated until one opens, and when that connection ends, the object is `CLOSED`. @default true
   */
  reopen?: boolean | undefined
}
