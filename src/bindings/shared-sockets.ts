import type { SocketLike } from '../index.ts'

/** A socket that no mounted component uses is forgotten this many ms after it was created. */
const UNUSED = 10_000

interface Shared {
  readonly socket: SocketLike
  /** How many mounted components use it. */
  holders: number
  opened: boolean
  timer?: ReturnType<typeof setTimeout>
}

/** The sockets of the components of this page, by their key. */
const sockets = new Map<string, Shared>()

function createIdle<S extends SocketLike>(key: string, create: () => S): S {
  const socket = create()
  const { status } = socket
  if (status === 'connecting' || status === 'open' || status === 'waiting') {
    socket.close()
    throw new TypeError(
      `holdfast: useSocket('${key}'): the socket is already ${status}. ` +
        'Create it with { autoOpen: false }: it is opened once the component is mounted.',
    )
  }
  return socket
}

/**
 * Opens or closes the socket in a later task. So a component that is unmounted and mounted again in one task (React's
 * StrictMode, hot reload, a list that is rebuilt) keeps its connection.
 */
function updateLater(key: string, shared: Shared, delay = 0): void {
  clearTimeout(shared.timer)
  shared.timer = setTimeout(() => {
    if (shared.holders) {
      if (!shared.opened) shared.socket.open()
      shared.opened = true
    } else {
      sockets.delete(key)
      if (shared.opened) shared.socket.close()
    }
  }, delay)
}

function find(key: string, create: () => SocketLike): Shared {
  let shared = sockets.get(key)
  if (!shared) {
    shared = { socket: createIdle(key, create), holders: 0, opened: false }
    sockets.set(key, shared)
    // A framework may discard a rendering before it is mounted.
    updateLater(key, shared, UNUSED)
  }
  return shared
}

/** Returns the socket of that key, or creates it. It is opened once a mounted component holds it. */
export function sharedSocket<S extends SocketLike>(key: string, create: () => S): S {
  // All callers create the same type of socket for a key.
  return find(key, create).socket as S
}

/** The same for a rendering that may run on a server, where requests share nothing and nothing is kept. */
export function initialSocket<S extends SocketLike>(key: string, create: () => S): S {
  return typeof document === 'undefined' ? createIdle(key, create) : sharedSocket(key, create)
}

/** Keeps the socket of that key open until the returned function is called by each holder. */
export function hold(key: string, create: () => SocketLike): () => void {
  const shared = find(key, create)
  shared.holders++
  updateLater(key, shared)
  return () => {
    shared.holders--
    updateLater(key, shared)
  }
}
