import { session } from './identity.js'
import { tapped } from './tap.js'

/** Far shorter than anybody needs, so that a visitor sees the round trip, and a silent server found out, soon. */
const soon = { interval: 2_000, timeout: 3_000 }

/**
 * The connection of the chat: a plain socket, or a session over it that loses nothing.
 *
 * `url()` is where to; `me()` has the name to join with and what was heard last; `onFrame` sees the wire; `onGreeting`
 * what came before `open`.
 */
export function dial({ url, me, onFrame, onGreeting }, guaranteed) {
  const join = () => JSON.stringify({ type: 'join', session, ...me() })
  const options = {
    autoOpen: false,
    binaryType: 'arraybuffer',
    // As above: one server and a handful of visitors need no long waits.
    reconnect: { max: 3_000 },
    queue: { bytes: 16 * 1024 * 1024 },
    WebSocket: tapped(onFrame),
  }
  // Who joins is told with every hello, so that any server can take the session over.
  if (guaranteed) return new HoldfastSession.Session(url, { ...options, heartbeat: soon, auth: join })
  return new Holdfast.Socket(url, {
    ...options,
    heartbeat: { ping: 'ping', pong: 'pong', ...soon },
    // Nothing that is queued goes out before the server has said welcome.
    greet: async ({ send, next }) => {
      send(join())
      for (;;) {
        const message = JSON.parse(await next())
        onGreeting(message)
        if (message.type === 'error') throw new Error(message.message)
        if (message.type === 'welcome') return
      }
    },
  })
}
