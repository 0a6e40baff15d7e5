import type { Connection } from '../connection.ts'

/** What the server saw when this client asked, and what it answered: a browser shows its script neither. */
export function handshake({ request, response }: Connection): object {
  const accept = response.find((line) => /^sec-websocket-accept:/i.test(line))?.split(': ')[1]
  const { method, url, headers } = request
  return { type: 'handshake', method, url, headers, accept, response }
}
