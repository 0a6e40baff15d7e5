import type { IncomingMessage } from 'node:http'
import { WebSocket, WebSocketServer } from 'ws'
import type { Scenario } from './scenario.ts'

/** One path: its scenario, and the `ws` server that answers its handshakes. */
export interface Endpoint {
  scenario: Scenario
  server: WebSocketServer
  /** The header lines of the response to a request. */
  response: (request: IncomingMessage) => readonly string[]
}

export function createEndpoint(scenario: Scenario): Endpoint {
  const limit = scenario.limit ?? 65_536
  const responses = new WeakMap<IncomingMessage, string[]>()

  // `ws` closes with a bare 1009 after an oversized message. The reason tells the limit.
  class WebSocketWithReason extends WebSocket {
    override close(code?: number, reason?: string | Buffer): void {
      super.close(code, code === 1009 ? `At most ${limit} bytes per message.` : reason)
    }
  }

  const options = {
    noServer: true,
    clientTracking: false,
    maxPayload: limit,
    perMessageDeflate: false,
    closeTimeout: 2_000,
    WebSocket: WebSocketWithReason,
    ...(scenario.select && { handleProtocols: scenario.select }),
  }
  const server = new WebSocketServer(options)
  server.on('headers', (lines, request) => responses.set(request, [...lines]))
  return { scenario, server, response: (request) => responses.get(request) ?? [] }
}
