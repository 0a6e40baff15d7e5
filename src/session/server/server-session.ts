import type { DataOptions, HandshakeRequest } from './socket.ts'

/** From which message on a session receives a topic, when its client has no position of its own. */
export interface SubscribeOptions {
  /**
   * After which message: a cursor (`session.cursor(topic)` of the client, or the result of `publish`), `'beginning'` for all
   * that the log has, `'now'`. Takes precedence over the position that the client itself reports.
   */
  since?: string | undefined
  /** For a client that is new to the topic: the newest messages of the log, at most so many. @default 0 */
  last?: number | undefined
}

/** How a message is published. */
export interface PublishOptions extends DataOptions {
  /**
   * Publishing again with the same key, from any process, does nothing for 10 minutes (`topics.age`, if that is shorter), and
   * resolves with the cursor of the first message. With the `key` of `received`, a message that is handled again after a crash is published once.
   */
  key?: string | undefined
}

/** A message of a topic, as the process itself receives it. */
export interface PublishedMessage {
  cursor: string
  data: string | Uint8Array
}

/** A process follows a topic. */
export interface Following {
  /** Where the topic was when this began. */
  cursor: string
  stop(): void
}

/** One session, as an application sees it. It outlives its connections. */
export interface ServerSession {
  /** The id for `Sessions.send`: the SHA-256 of the client's secret id. Safe to log. */
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
   * the store. `dropped`: the session is over, or this message exceeded its limits and ended it. Bytes must not be changed afterwards.
   *
   * @throws {TypeError} for what is neither text nor bytes
   */
  send(data: string | Uint8Array | ArrayBuffer, options?: DataOptions): 'sent' | 'queued' | 'dropped'
  /** Sends `value` as JSON. @throws {TypeError} for a value that JSON does not have */
  sendJson(value: unknown): 'sent' | 'queued' | 'dropped'
  /** Ends the session: the client is notified, and the session is deleted. */
  finish(): void
  /**
   * Asks the client for a fresh token now. Resolves with true once `authenticate` has accepted one for the same principal; with
   * false when the connection ended instead. A client that sends none within 10 s is disconnected, and must send one to reconnect.
   */
  challenge(): Promise<boolean>
  /**
   * The client receives what is published to `topic` from now on, also what is published while it is away. Check first whether it may.
   * Does nothing if it is subscribed already. Resolves once it is.
   *
   * @throws {Error} (rejects) when the session is over, its client does not support topics, or the store cannot be reached
   */
  subscribe(topic: string, options?: SubscribeOptions): Promise<void>
  /**
   * Ends the subscription. The client is notified: now, or when it is back. Also works after the session has moved to another process.
   *
   * @throws {Error} (rejects) when the store cannot be reached
   */
  unsubscribe(topic: string): Promise<void>
}
