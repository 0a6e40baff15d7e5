import type { DataOptions, HandshakeRequest } from './socket.ts'

/** Where a session begins with a topic, when its client does not have a place of its own. */
export interface SubscribeOptions {
  /**
   * After which message: a cursor (`session.cursor(topic)` of the client, or the answer of `publish`), `'beginning'` for all
   * that the log has, `'now'`. Goes before the place that the client itself reports.
   */
  since?: string | undefined
  /** For a client that is new to the topic: the newest messages of the log, at most so many. @default 0 */
  last?: number | undefined
}

/** One session, as an application sees it. It outlives its connections. */
export interface ServerSession {
  /** Names it to `Sessions.send`: not the client's secret, but its SHA-256. Safe to log. */
  readonly id: string
  /** Who `authenticate` said this is; `''` without `authenticate`. */
  readonly principal: string
  /** Whether its client is connected now. */
  readonly connected: boolean
  /** Bytes that the client has not acknowledged. */
  readonly bufferedAmount: number
  /** The request of the present connection, or of the last one. */
  readonly request: HandshakeRequest
  /**
   * Sends once, in order, whether the client is connected or not. `queued`: it waits for the client, for its window or for
   * the store. `dropped`: the session is over, by this very message if it was one too many. Bytes must not be changed afterwards.
   *
   * @throws {TypeError} for what is neither text nor bytes
   */
  send(data: string | Uint8Array | ArrayBuffer, options?: DataOptions): 'sent' | 'queued' | 'dropped'
  /** Sends `value` as JSON. @throws {TypeError} for a value that JSON does not have */
  sendJson(value: unknown): 'sent' | 'queued' | 'dropped'
  /** Ends the session: the client is told, and nothing of it is kept. */
  finish(): void
  /**
   * Asks the client for a fresh token now. Resolves with true once `authenticate` has accepted one for the same principal; with
   * false when the connection ended instead. A client that shows none within 10 s is disconnected and must show one to come back.
   */
  challenge(): Promise<boolean>
  /**
   * The client receives what is published to `topic` from now on, also what is published while it is away. Whether it may is
   * for the application to decide. Does nothing where it is subscribed. Resolves once it is.
   *
   * @throws {Error} (rejects) when the session is over, its client does not know topics, or the store cannot be reached
   */
  subscribe(topic: string, options?: SubscribeOptions): Promise<void>
  unsubscribe(topic: string): Promise<void>
}
