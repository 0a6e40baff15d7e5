import type { Emitter, PendingEvent } from './emitter.ts'
import type { Closed, Data, Events } from './events.ts'

/**
 * A protocol that runs on every connection of a socket, such as that of a session. It decides when a connection is open, and
 * receives every frame first. `greet` is the public form of the same hook: `greet.ts` makes a `FrameHandler` of it.
 *
 * Once: `attach`. For every attempt: `prepare`, the handshake with `subprotocol`, then `start(link)`, whose handler receives
 * the frames. It calls `link.open()` when the server has accepted the login, or `link.end()`. After an end that is not
 * final by itself, `retryDelay` says when the next attempt starts.
 */
export interface ConnectionProtocol {
  /** Offered at every handshake; the server must select it. */
  readonly subprotocol: string
  /** Names of events beside those of `Socket`, which the protocol emits with `host.emitter`. */
  readonly events: readonly string[]
  /** Called by the constructor of `Socket`, before the application can add a listener. */
  attach(host: ProtocolHost): void
  /** Called before every attempt, at the same time as the application's `url` function. The attempt waits for it. */
  prepare(context: { signal: AbortSignal }): Promise<void>
  /** Called after the handshake. Returns the handler of the frames that come until `link.open` is called. */
  start(link: Link): FrameHandler
  /** When to dial again after this end, in ms; `null`: never; `undefined`: as the option `reconnect` says. */
  retryDelay(close: Closed): number | null | undefined
  /** The event to emit right before `closed`. */
  ended(): PendingEvent<Events>
}

/** The parts of a socket that its protocol may use. */
export interface ProtocolHost {
  readonly emitter: Emitter<Events>
  /** Whether the connection is open for messages. */
  isOpen(): boolean
  isClosed(): boolean
}

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
