import type { ServerSession } from '../../../src/session/server/index.ts'
import type { Visit } from '../visit.ts'

/** How somebody is spoken to. */
export interface Voice {
  /** What it speaks over: the same value is the same voice. */
  readonly over: unknown
  /** Whether it can be spoken to while its line is broken. */
  readonly lasting: boolean
  send(data: string | Buffer): void
  /** Ends it: somebody else speaks for this person now. */
  end(words: string): void
}

export const plainVoice = (visit: Visit): Voice => ({
  over: visit,
  lasting: false,
  send: (data) => visit.send(data),
  end: (words) => visit.close(4409, words),
})

export const sessionVoice = (session: ServerSession): Voice => ({
  // In the hands of another process, and back, it is another object.
  over: session.id,
  lasting: true,
  send: (data) => void session.send(data),
  end: (words) => {
    session.sendJson({ type: 'error', message: words })
    session.finish()
  },
})
