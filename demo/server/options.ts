import { fileURLToPath } from 'node:url'

/** How the server runs. Everything is optional; an explicit `undefined` means the default. */
export interface ServerOptions {
  /** 0: any that is free. @default 0 */
  port?: number | undefined
  /** @default '127.0.0.1' */
  host?: string | undefined
  /** A certificate and its key, as PEM: the server then speaks https and wss. */
  tls?: { key: string | Buffer; cert: string | Buffer } | undefined
  /** The folder that uploaded files are kept in. @default demo/uploads */
  uploads?: string | undefined
  /** The longest upload, in bytes. @default 8 MiB */
  uploadLimit?: number | undefined
  /** How many uploads are kept; the oldest go first. @default 100 */
  uploadsKept?: number | undefined
  /** How long a client of `/ws` may send nothing, in seconds. @default 600 */
  heartbeatIdleTime?: number | undefined
  /** How often that is looked at, in seconds. @default 60 */
  heartbeatCheckInterval?: number | undefined
  /** The shortest and the longest time between two guests, in ms. @default [3_000, 8_000] */
  guestInterval?: readonly [number, number] | undefined
  /** @default 500 */
  maxConnections?: number | undefined
  /** Origins that may connect to `/chat` and `/upload` beside our own, such as `https://example.com`; `*`: all. @default none */
  origins?: readonly string[] | undefined
  /** How often clients get a ping frame, in ms. @default 30_000 */
  pingInterval?: number | undefined
  /** How long the server is away when a visitor restarts it, in ms. @default 2_500 */
  restartTime?: number | undefined
  /** How long after that a visitor cannot restart it again, in ms. @default 10_000 */
  restartPause?: number | undefined
  /** How long a session outlives its connection, and its person stays in the room of the chat, in ms. @default 120_000 */
  sessionAway?: number | undefined
  /** A Redis (`redis://…`) through which several servers share the room of the chat. @default none */
  redis?: string | undefined
  /** Called for handshakes, closes and errors. @default nothing */
  log?: ((line: string) => void) | undefined
}

export const defaults = {
  port: 0,
  host: '127.0.0.1',
  uploads: fileURLToPath(new URL('../uploads', import.meta.url)),
  uploadLimit: 8 * 1024 * 1024,
  uploadsKept: 100,
  heartbeatIdleTime: 600,
  heartbeatCheckInterval: 60,
  guestInterval: [3_000, 8_000] as readonly [number, number],
  maxConnections: 500,
  origins: [] as readonly string[],
  pingInterval: 30_000,
  restartTime: 2_500,
  restartPause: 10_000,
  sessionAway: 120_000,
  log: () => {},
}

/** The given options, with defaults for the rest. */
export function merge(
  options: ServerOptions,
): typeof defaults & Pick<ServerOptions, 'tls' | 'redis' | 'log'> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(given) }
}
