// Only what the bench calls, so that the types of the house do not need the peers to be installed.
interface Standard {
  binaryType: BinaryType
  addEventListener(type: 'open', listener: () => void): void
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void
  send(data: string | ArrayBuffer): void
  close(): void
}

declare module 'partysocket/ws' {
  const Library: new (url: string, protocols?: string[], options?: object) => Standard
  export default Library
}

declare module 'reconnecting-websocket' {
  const Library: new (url: string, protocols?: string[], options?: object) => Standard
  export default Library
}

declare module 'robust-websocket' {
  const Library: {
    new (url: string, protocols: string[], options: object): Standard & { open(): void }
    defaultOptions: {
      shouldReconnect(event: { code: number }, socket: { attempts: number }): number | undefined
    }
  }
  export default Library
}

declare module '@nktkas/rews' {
  type Url = string | (() => Promise<string>)
  interface Self extends Standard {
    reconnectOptions: { reconnectionDelay: number | ((attempt: number) => number) }
  }
  export const ReconnectingWebSocket: new (url: Url, options?: object) => Self
}

declare module 'sockette' {
  interface Handlers {
    onopen(event: Event): void
    onmessage(event: MessageEvent): void
  }
  export default function open(url: string, handlers: Handlers): Pick<Standard, 'send' | 'close'>
}

declare module 'websocket-ts' {
  type Heard<E> = (socket: Standard, event: E) => void
  export class ArrayQueue {}
  export class ExponentialBackoff {
    constructor(base: number, most?: number)
    next(): number
  }
  export class WebsocketBuilder {
    constructor(url: string)
    withBuffer(buffer: ArrayQueue): this
    withBackoff(backoff: ExponentialBackoff): this
    onOpen(heard: Heard<Event>): this
    onMessage(heard: Heard<MessageEvent>): this
    build(): Standard
  }
}

declare module 'socket.io-client' {
  interface Wire {
    on(event: string, listener: (value: never) => void): void
    emit(event: string, value: unknown): void
    close(): void
    io: { on(event: string, listener: () => void): void }
  }
  export function io(url: string, options: object): Wire
  export class Manager {
    constructor(url: string, options: object)
    backoff: { attempts: number; duration(): number }
  }
}

declare module 'socket.io' {
  interface Guest {
    join(room: string): unknown
    handshake: { query: Record<string, string> }
    conn: { transport: { socket: import('ws').WebSocket }; close(): void }
    on(event: string, listener: (value: never, acknowledge?: () => void) => void): void
    emit(event: string, value: unknown): void
  }
  export class Server {
    constructor(server: import('node:http').Server, options: object)
    to(room: string): { emit(event: string, value: unknown): void }
    on(event: 'connection', listener: (guest: Guest) => void): void
    close(): void
  }
}
