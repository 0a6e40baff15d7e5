import type { Options } from '../index.ts'

/** How a `ReconnectingWebSocket` behaves: the options of `Socket`, less those that a `WebSocket` has no use for. */
export interface WebSocketOptions
  extends Omit<Options, 'protocols' | 'autoOpen' | 'schema' | 'parse' | 'stringify'> {
  /**
   * Whether this object dials again after a connection is lost. `false` is for clients that answer a `close` with a
   * new `WebSocket`: attempts are repeated until one opens, and its end is then the end. @default true
   */
  reopen?: boolean | undefined
}
