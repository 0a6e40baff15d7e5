import type { Socket } from 'node:net'

/** What went over a TCP connection, in bytes, HTTP and WebSocket headers included. */
export interface Bytes {
  received: number
  sent: number
}

const counted = new WeakMap<Socket, Bytes>()

/** What has gone over it since the last question: a connection is kept for one request after another. */
export function bytesSince(socket: Socket): Bytes {
  const { received, sent } = counted.get(socket) ?? { received: 0, sent: 0 }
  const now = { received: socket.bytesRead, sent: socket.bytesWritten }
  counted.set(socket, now)
  return { received: now.received - received, sent: now.sent - sent }
}
