import type { Connection } from './connection.ts'

/** What one path of the server does. */
export interface Scenario {
  /** The longest message in bytes; a longer one ends the connection with 1009. @default 65_536 */
  limit?: number
  /** Which of the offered subprotocols to answer with. @default the first */
  select?: (offered: ReadonlySet<string>) => string | false
  /** Returns why this upgrade is refused, or nothing. */
  refuse?: (ask: { url: URL; offered: string[] }) => string | undefined
  /** Whether pages of other sites are refused. @default false */
  ownPagesOnly?: boolean
  /** Whether the server sends ping frames to its clients. @default true */
  pings?: boolean
  /** A client has connected. */
  join: (connection: Connection) => Handlers
  /** The server is closing. Clear all timers. */
  close?: () => void | Promise<void>
}

/** Handles the frames of one client. A `BadInput` that they throw is sent to that client; anything else is logged as a bug. */
export interface Handlers {
  text?: (text: string) => unknown
  binary?: (bytes: Buffer) => unknown
  left?: (code: number) => unknown
}
