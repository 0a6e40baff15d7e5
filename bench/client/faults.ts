import { ReconnectingWebSocket as Rews } from '@nktkas/rews'
import PartySocket from 'partysocket/ws'
import ReconnectingWebSocket from 'reconnecting-websocket'
import { io } from 'socket.io-client'
import sockette from 'sockette'
import { ArrayQueue, ExponentialBackoff, WebsocketBuilder } from 'websocket-ts'
import { WebSocket } from 'ws'
import { Socket } from '../../src/index.ts'
import { Session } from '../../src/session/client/index.ts'
import { serve } from '../rpc.ts'

let dials = 0

type Heard = (event: object) => void

/** The platform's own event: those of `ws` are of another class, which an `EventTarget` refuses to hand on. */
function native(event: { type: string }): object {
  const { code, reason, wasClean } = event as CloseEvent
  return Object.assign(new Event(event.type), { code, reason, wasClean })
}

/** Counts dials, because a refused one emits nothing at the server. Where an event is not a message, it is as in a browser. */
class Counted extends WebSocket {
  readonly #wrapped = new Map<Heard, Heard>()

  constructor(url: string, protocols?: string[]) {
    super(url, protocols)
    dials++
    // Without a listener the process would end; a browser has nobody who listens by duty.
    this.on('error', () => {})
  }

  override addEventListener(type: string, heard: Heard, options?: object): void {
    const known = this.#wrapped?.get(heard) ?? ((event: object) => heard(native(event as Event)))
    if (type !== 'message') this.#wrapped?.set(heard, known)
    super.addEventListener(type as 'close', (type === 'message' ? heard : known) as () => void, options)
  }

  override removeEventListener(type: string, heard: Heard): void {
    super.removeEventListener(type as 'close', (this.#wrapped.get(heard) ?? heard) as () => void)
  }
}
Object.assign(globalThis, { WebSocket: Counted })

interface Line {
  send(text: string): unknown
}

const nothing = () => {}

/** Each with the best that its options offer against faults, and its own delays. */
const libraries: Record<string, (url: string) => Line> = {
  holdfast: (url) =>
    new Socket(url, {
      heartbeat: { ping: 'ping', pong: 'pong', interval: 5_000, timeout: 2_500 },
      queue: { messages: 100_000, bytes: 10_000_000 },
    }),
  'holdfast, session': (url) =>
    new Session(`${url}session`, { heartbeat: { interval: 5_000, timeout: 2_500 } }),
  sockette: (url) => sockette(url, { onopen: nothing, onmessage: nothing }),
  'reconnecting-websocket': (url) => new ReconnectingWebSocket(url),
  'websocket-ts': (url) =>
    new WebsocketBuilder(url)
      .withBuffer(new ArrayQueue())
      .withBackoff(new ExponentialBackoff(1_000, 6))
      .build(),
  '@nktkas/rews': (url) => new Rews(url, { maxRetries: Number.POSITIVE_INFINITY }),
  partysocket: (url) => new PartySocket(url),
  // Its heartbeat is the server's. `retries`: sends again what the server has not acknowledged.
  'socket.io': (url) => {
    const socket = io(url, {
      transports: ['websocket'],
      forceNew: true,
      retries: Number.POSITIVE_INFINITY,
      ackTimeout: 2_500,
    })
    dials++
    socket.io.on('reconnect_attempt', () => {
      dials++
    })
    return { send: (text) => socket.emit('message', text) }
  },
}

const lines: Line[] = []

serve({
  open: (library: string, url: string, count: number) => {
    for (let i = 0; i < count; i++) {
      const line = libraries[library]?.(url)
      if (line) lines.push(line)
    }
  },
  dials: () => dials,
  /** Sends the numbers from 0 up, so many every 10 ms. Returns how many were refused with an error. */
  number: async (count: number, each: number) => {
    let thrown = 0
    for (let n = 0; n < count; n++) {
      try {
        lines[0]?.send(String(n))
      } catch {
        thrown++
      }
      if (n % each === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return thrown
  },
})
