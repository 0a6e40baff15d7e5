import { Socket, type SocketLike } from '../../src/index.ts'
import { Session } from '../../src/session/client/index.ts'
import { connectTab } from '../../src/tabs/index.ts'
import type { In, Line, Out } from './counted.ts'

interface Kind {
  kind: string
  /** One that is not opened yet, as `useSocket` wants it. */
  create: (line: Line) => SocketLike<In, Out>
  /** One that connects by itself. */
  connect: (line: Line) => SocketLike<In, Out>
  /** How many connections a page makes itself. */
  native: number
}

/** The worker that shares the connection to that address with all pages. */
const sharedWorker = (url: string) =>
  new SharedWorker(new URL('./tabsWorker.ts', import.meta.url), { type: 'module', name: url })

/** Everything that the bindings work with alike. The connections of all of them are counted at the server. */
export const kinds: Kind[] = [
  {
    kind: 'a Socket',
    create: (line) => line.create(),
    connect: ({ url }) => new Socket<In, Out>(url),
    native: 1,
  },
  {
    kind: 'a Session',
    create: ({ url }) => new Session<In, Out>(url, { autoOpen: false }),
    connect: ({ url }) => new Session<In, Out>(url),
    native: 1,
  },
  {
    kind: "a tab's socket",
    create: ({ url, create }) =>
      connectTab<In, Out>(() => sharedWorker(url), { fallback: create, autoOpen: false }),
    connect: ({ url, create }) => connectTab<In, Out>(() => sharedWorker(url), { fallback: create }),
    native: 0,
  },
]
