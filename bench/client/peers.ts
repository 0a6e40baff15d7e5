import { ReconnectingWebSocket as Rews } from '@nktkas/rews'
import PartySocket from 'partysocket/ws'
import ReconnectingWebSocket from 'reconnecting-websocket'
import { io } from 'socket.io-client'
import sockette from 'sockette'
import { ArrayQueue, ExponentialBackoff, WebsocketBuilder } from 'websocket-ts'
import { Socket } from '../../src/index.ts'
import type { Kind, Value } from '../payload.ts'

/** One open connection, whatever library holds it. */
export interface Line {
  send(value: Value): unknown
  close(): void
}

export interface Hearer {
  opened(): void
  message(value: unknown): void
}

/** Opens a line as the library's own documentation says, with its defaults. */
export type Open = (url: string, kind: Kind, hearer: Hearer) => Line

/** For what an application would write itself: `JSON.parse` and `JSON.stringify` around the library. */
const reader = (kind: Kind, { message }: Hearer): ((event: MessageEvent) => void) =>
  kind === 'json' ? (event) => message(JSON.parse(event.data)) : (event) => message(event.data)

const writer = (kind: Kind, socket: Pick<Standard, 'send' | 'close'>): Line => ({
  send:
    kind === 'json'
      ? (value) => socket.send(JSON.stringify(value))
      : (value) => socket.send(value as string | ArrayBuffer),
  close: () => socket.close(),
})

const standard =
  (make: (url: string) => Standard): Open =>
  (url, kind, hearer) => {
    const socket = make(url)
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', hearer.opened)
    socket.addEventListener('message', reader(kind, hearer))
    return writer(kind, socket)
  }

const raw: Open = (url, kind, hearer) => {
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  socket.onopen = hearer.opened
  socket.onmessage = reader(kind, hearer)
  return writer(kind, socket)
}

const holdfast: Open = (url, kind, { opened, message }) => {
  const socket = new Socket(url, { binaryType: 'arraybuffer' })
  socket.on('open', opened)
  socket.on(kind, message)
  return {
    send: kind === 'json' ? (value) => socket.sendJson(value) : (value) => socket.send(value as string),
    close: () => socket.close(),
  }
}

/** For a page that reads `event.data` itself, as with the raw socket. */
const holdfastMessage: Open = (url, kind, hearer) => {
  const socket = new Socket(url, { binaryType: 'arraybuffer' })
  socket.on('open', hearer.opened)
  socket.on('message', reader(kind, hearer))
  return writer(kind, socket)
}

const small: Open = (url, kind, hearer) => {
  const onopen = (event: Event) => {
    ;(event.target as WebSocket).binaryType = 'arraybuffer'
    hearer.opened()
  }
  return writer(kind, sockette(url, { onopen, onmessage: reader(kind, hearer) }))
}

const built: Open = (url, kind, hearer) => {
  const read = reader(kind, hearer)
  const socket = new WebsocketBuilder(url)
    .withBuffer(new ArrayQueue())
    .withBackoff(new ExponentialBackoff(1_000, 6))
    .onOpen((opened) => {
      opened.binaryType = 'arraybuffer'
      hearer.opened()
    })
    .onMessage((_, event) => read(event))
    .build()
  return writer(kind, socket)
}

/** It has a wire of its own, and its own server: what is compared is what an application pays for a message. */
const socketIo: Open = (url, _kind, { opened, message }) => {
  const { protocol, host, searchParams } = new URL(url)
  const query = Object.fromEntries(searchParams)
  const socket = io(`${protocol}//${host}`, { transports: ['websocket'], forceNew: true, query })
  socket.on('connect', opened)
  socket.on('message', message)
  return { send: (value) => socket.emit('message', value), close: () => socket.close() }
}

export const peers: Record<string, Open> = {
  raw,
  // The same once more: how far these two are apart is the noise.
  'raw again': raw,
  'raw, addEventListener': standard((url) => new WebSocket(url)),
  holdfast,
  'holdfast, message': holdfastMessage,
  'reconnecting-websocket': standard((url) => new ReconnectingWebSocket(url)),
  partysocket: standard((url) => new PartySocket(url)),
  '@nktkas/rews': standard((url) => new Rews(url)),
  'websocket-ts': built,
  sockette: small,
  'socket.io': socketIo,
}

/** It reads `navigator` when it is imported, so that it can be loaded in browsers only. */
export async function robust(): Promise<Open> {
  const { default: RobustWebSocket } = await import('robust-websocket')
  return (url, kind, hearer) => {
    const socket = new RobustWebSocket(url, [], { automaticOpen: false })
    // It hands this to a native socket at its birth only.
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', hearer.opened)
    socket.addEventListener('message', reader(kind, hearer))
    socket.open()
    return writer(kind, socket)
  }
}
