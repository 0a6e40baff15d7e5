import type { Connection } from './connection.ts'

export interface IdleTimes {
  /** How long a client may say nothing, in seconds. */
  idle: number
  /** How often to look, in seconds. */
  check: number
}

/**
 * Cuts a client that says nothing, as Swoole's `heartbeat_idle_time` does: only bytes from the client count, however
 * much it is sent, and the end is abrupt. Returns its undo.
 */
export function cutWhenIdle(connection: Connection, { idle, check }: IdleTimes): () => void {
  const line = connection.request.socket
  let heard = Date.now()
  const hear = () => {
    heard = Date.now()
  }
  line.on('data', hear)
  const timer = setInterval(() => {
    if (Date.now() - heard > idle * 1_000) connection.terminate()
  }, check * 1_000)
  return () => {
    clearInterval(timer)
    line.off('data', hear)
  }
}
