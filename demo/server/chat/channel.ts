import type { ServerSession } from '../../../src/session/server/index.ts'
import type { Connection } from '../connection.ts'

/** How messages reach one person: over a plain connection or a session. */
export interface Channel {
  /** The connection, or the id of the session. The same value means the same channel. */
  readonly over: unknown
  /** Whether it is a plain connection, which gets the messages of the room from this process, and not as a topic. */
  readonly plain: boolean
  send(data: string | Buffer): void
  /** Ends it, because the same person joined over another one. */
  end(words: string): void
}

export const plainChannel = (connection: Connection): Channel => ({
  over: connection,
  plain: true,
  send: (data) => connection.send(data),
  end: (words) => connection.close(4409, words),
})

export const sessionChannel = (session: ServerSession): Channel => ({
  // A session that moved to another process and back is another object with the same id.
  over: session.id,
  plain: false,
  send: (data) => void session.send(data),
  end: (words) => {
    session.sendJson({ type: 'ended', message: words })
    session.finish()
  },
})
