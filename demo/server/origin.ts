import type { IncomingMessage } from 'node:http'

/**
 * Whether this comes from one of our own pages, from an origin in the list (`*`: any), or from no page at all: browsers
 * always say in `Origin` whose page is asking, and no script can change it. Others are not bound by anything anyway.
 * `anyPort`: several servers of one host share the room, and their pages go from one to the next.
 */
export function isAllowedOrigin(
  { headers }: IncomingMessage,
  origins: readonly string[],
  anyPort = false,
): boolean {
  const { origin, host } = headers
  if (origin === undefined || origins.includes('*') || origins.includes(origin)) return true
  // `null`, from a sandbox or a file, is an origin and no address.
  if (!URL.canParse(origin) || !host || !URL.canParse(`http://${host}`)) return false
  const part = anyPort ? 'hostname' : 'host'
  return new URL(origin)[part] === (anyPort ? new URL(`http://${host}`).hostname : host.toLowerCase())
}
