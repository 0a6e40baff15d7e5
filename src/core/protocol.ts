import type { Emitter } from './emitter.ts'
import type { Closed, Data, Events } from './events.ts'

/** One connection after its handshake: the operations that a protocol above it may use. */
export interface Link {
  /** The subprotocol that the server selected. */
  readonly protocol: string
  /** Aborts when the attempt, or later the connection, has ended. */
  readonly signal: AbortSignal
  /** Sends now. Does nothing once the connection has ended. */
  send(data: Data): void
  /**
   * Declares the connection open. `handler` receives all further frames; without one they are emitted as messages. `early`
   * are frames that came before and are for the application.
   */
  open(handler?: FrameHandler, early?: MessageEvent[]): void
  /**
   * Ends the connection as if the server had closed it with `close`, because its close frame may never arrive. `code` and
   * `reason` are sent to the server in a close frame.
   */
  end(close: Closed, code?: number, reason?: string): void
}

/** Receives the frames of one connection. */
export interface FrameHandler {
  /** Returns what the application is to receive, `pong` for an answer to the heartbeat, or nothing. */
  receive(event: MessageEvent): MessageEvent | 'pong' | undefined
  /** Called before this side closes the connection: the last chance to send. `final`: the socket is closed for good. */
  closing?(final: boolean): void
}

/** The parts of a socket that its protocol may use. */
export interface ProtocolHost {
  readonly emitter: Emitter<Events>
  /** Whether the connection is open for messages. */
  isOpen(): boolean
  isClosed(): boolean
}

/**
 * A protocol that runs on every connection of a socket, such as that of a session. It decides when a connection is open,
 * and sees every frame first. `greet` is the public form of the same hook.
 */
export interface ConnectionProtocol {
  /** Offered at every handshake. */
  readonly subprotocol: string
  /** Names of events beside those of `Socket`. */
  readonly events: readonly string[]
  attach(host: ProtocolHost): void
  /** Runs beside `url()`, before every attempt. */
  prepare(context: { signal: AbortSignal }): Promise<void>
  /** After the handshake. Returns the handler of the frames that come until `link.open` is called. */
  start(link: Link): FrameHandler
  /** When to dial again after this end, in ms; `null`: never; `undefined`: as the options say. */
  retryDelay(close: Closed): number | null | undefined
}
