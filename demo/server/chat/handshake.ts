import type { Connection } from '../connection.ts'

/** The upgrade request and its response, as the server saw them. A browser shows a script neither. */
export function handshake({ request, response }: Connection): object {
  const accept = response.find((line) => /^sec-websocket-accept:/i.test(line))?.split(': ')[1]
  const { method, url, headers } = request
  return { type: 'handshake', method, url, headers, accept, response }
}
