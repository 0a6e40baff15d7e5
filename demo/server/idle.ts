import type { Connection } from './connection.ts'

export interface IdleTimes {
  /** How long a client may send nothing, in seconds. */
  idle: number
  /** How often to look, in seconds. */
  check: number
}

/**
 * Cuts a client that sends nothing, as Swoole's `heartbeat_idle_time` does: only bytes from the client count, and there is no
 * close frame. Returns a function that stops it.
 */
export function cutWhenIdle(connection: Connection, { idle, check }: IdleTimes): () => void {
  const tcp = connection.request.socket
  let received = Date.now()
  const note = () => {
    received = Date.now()
  }
  tcp.on('data', note)
  const timer = setInterval(() => {
    if (Date.now() - received > idle * 1_000) connection.terminate()
  }, check * 1_000)
  return () => {
    clearInterval(timer)
    tcp.off('data', note)
  }
}
