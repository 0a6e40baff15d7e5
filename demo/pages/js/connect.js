import { Socket } from '/holdfast/index.js'
import { Session } from '/holdfast/session.js'
import { observeFrames } from './observe-frames.js'

/** Far shorter than needed in practice, so that a visitor soon sees round trips, and a frozen server noticed. */
const shortHeartbeat = { interval: 2_000, timeout: 3_000 }

/**
 * Makes the connection of the chat: a plain socket, or a session over it that loses nothing.
 *
 * `url()` is where to connect; `join()` returns who the visitor is; `place()` the room and the number of the message received
 * last; `onFrame` is called with each frame on the wire; `onGreeting` with the messages that come before `open`.
 */
export function connect({ url, join, place, onFrame, onGreeting }, guaranteed) {
  const options = {
    autoOpen: false,
    binaryType: 'arraybuffer',
    // One server and a handful of visitors need no long waits.
    reconnect: { max: 3_000 },
    queue: { bytes: 16 * 1024 * 1024 },
    ...(onFrame && { WebSocket: observeFrames(onFrame) }),
  }
  if (guaranteed) {
    const { room, since } = place()
    return new Session(url, {
      ...options,
      heartbeat: shortHeartbeat,
      // The server is told with every hello who joins, so that any server can continue the session.
      auth: () => JSON.stringify(join()),
      // The session continues from there. After that it knows by itself what it has received.
      ...(room && { topics: { room: `${room}:${since}` } }),
    })
  }
  return new Socket(url, {
    ...options,
    heartbeat: { ping: 'ping', pong: 'pong', ...shortHeartbeat },
    // Queued messages are sent after the server's welcome.
    greet: async ({ send, next }) => {
      send(JSON.stringify({ type: 'join', ...join(), ...place() }))
      for (;;) {
        const message = JSON.parse(await next())
        onGreeting(message)
        if (message.type === 'error') throw new Error(message.message)
        if (message.type === 'welcome') return
      }
    },
  })
}
