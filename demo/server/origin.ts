import type { IncomingMessage } from 'node:http'

/**
 * Whether a request comes from one of our own pages, from an origin in the list (`*`: any), or not from a browser. Browsers
 * always send `Origin`, and no script can change it.
 * `anyPort`: several servers of one host share the room, and their pages connect to any of them.
 */
export function isAllowedOrigin(
  { headers }: IncomingMessage,
  origins: readonly string[],
  anyPort = false,
): boolean {
  const { origin, host } = headers
  if (origin === undefined || origins.includes('*') || origins.includes(origin)) return true
  // Sandboxed pages and files have the origin `null`.
  if (!URL.canParse(origin) || !host || !URL.canParse(`http://${host}`)) return false
  const part = anyPort ? 'hostname' : 'host'
  return new URL(origin)[part] === (anyPort ? new URL(`http://${host}`).hostname : host.toLowerCase())
}
