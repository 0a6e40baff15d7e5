import type { IncomingMessage } from 'node:http'
import type { ServerSession } from '../../../src/session/server/index.ts'
import type { Connection } from '../connection.ts'

/** How somebody is spoken to. */
export interface Channel {
  /** What it speaks over: the same value is the same channel. */
  readonly over: unknown
  /** Whether it can be spoken to while its line is broken. */
  readonly lasting: boolean
  send(data: string | Buffer): void
  /** Ends it: somebody else speaks for this person now. */
  end(words: string): void
}

export const plainChannel = (connection: Connection): Channel => ({
  over: connection,
  lasting: false,
  send: (data) => connection.send(data),
  end: (words) => connection.close(4409, words),
})

export const sessionChannel = (session: ServerSession<IncomingMessage>): Channel => ({
  // In the hands of another process, and back, it is another object.
  over: session.id,
  lasting: true,
  send: (data) => void session.send(data),
  end: (words) => {
    session.sendJson({ type: 'ended', message: words })
    session.finish()
  },
})
