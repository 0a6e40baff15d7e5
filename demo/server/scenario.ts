import type { Connection } from './connection.ts'

/** What one path of the server does. */
export interface Scenario {
  /** The longest message in bytes; a longer one ends the connection with 1009. @default 65_536 */
  limit?: number
  /** Which of the offered subprotocols to answer with. @default the first */
  select?: (offered: ReadonlySet<string>) => string | false
  /** Why a client that asks like this is not let in, or nothing. */
  refuse?: (ask: { url: URL; offered: string[] }) => string | undefined
  /** Whether pages of other sites are kept out. @default false */
  ownPagesOnly?: boolean
  /** Whether the server asks its clients for signs of life with ping frames. @default true */
  pings?: boolean
  /** Somebody came in. */
  join: (connection: Connection) => Handlers
  /** The server is closing: let go of every timer. */
  close?: () => void | Promise<void>
}

/** What is done with the frames of one client. What these throw is told to that client, or logged if it is our bug. */
export interface Handlers {
  text?: (text: string) => unknown
  binary?: (bytes: Buffer) => unknown
  left?: (code: number) => unknown
}
