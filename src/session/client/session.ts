import { requireData } from '../../core/binary.ts'
import type {
  AnyListener,
  Data,
  Events,
  ListenerOptions,
  Outcome,
  SendOptions,
  SendResult,
} from '../../core/events.ts'
import { type InternalOptions, PROTOCOL } from '../../core/internal-options.ts'
import type { Options, Provided } from '../../core/options.ts'
import { type ReconnectCallOptions, readReconnectOptions } from '../../core/reconnect-options.ts'
import { readOnOutcome } from '../../core/send-options.ts'
import { Socket } from '../../core/socket.ts'
import { numberFrom, resolveGroup } from '../../core/validate.ts'
import { ClientSession } from './client-session.ts'
import type { SessionEvents, SessionOptions } from './options.ts'

const heartbeatRules = { interval: numberFrom(1), timeout: numberFrom(1) }
const queueRules = { messages: numberFrom(0, 1_000), bytes: numberFrom(0, 1_048_576) }

/** Options of `Socket` that a session does not have, and why. */
const EXCLUDED: Record<string, string> = {
  protocols: 'a session offers its own subprotocol',
  greet: 'a session logs in by the option auth',
  final: 'its protocol decides which ends are final',
}

/**
 * A `Socket` that delivers each message exactly once and in order, in both directions, over any number of connections, with
 * a server that speaks `holdfast.1`. Where that is impossible, it reports what was delivered and what was not.
 *
 * @throws as `Socket` does
 */
export class Session<In = unknown, Out = unknown, Kind extends BinaryType = BinaryType> extends Socket<
  In,
  Out,
  Kind
> {
  declare readonly '~events'?: SessionEvents<In, Kind>
  /** A function, so that it works where a framework has wrapped the session in a Proxy. */
  private readonly client: () => ClientSession

  constructor(url: Provided<string | URL>, options: SessionOptions<In, Out, Kind> = {}) {
    for (const name of Object.keys(options))
      if (Object.hasOwn(EXCLUDED, name))
        throw new TypeError(`holdfast: ${name}: not an option of Session: ${EXCLUDED[name]}`)
    const { auth, heartbeat, queue, topics, ...rest } = options
    const limits = resolveGroup('queue.', queue ?? {}, queueRules)
    const timing = resolveGroup('heartbeat.', heartbeat ?? {}, heartbeatRules)
    const client = new ClientSession(limits, auth, topics)
    const socketOptions: Options<In, Out, Kind> & InternalOptions = {
      ...rest,
      queue: false,
      heartbeat: { ...timing, ping: () => client.ping() },
      [PROTOCOL]: client,
    }
    super(url, socketOptions)
    this.client = () => client
  }

  /** Bytes passed to `send` that were not written to the network yet: those that wait for the window, and the browser's buffer. */
  override get bufferedAmount(): number {
    // The constructor of `Socket` runs before the field is set.
    return (this.client?.().outbox.waiting ?? 0) + super.bufferedAmount
  }

  override on(name: '*', listener: AnyListener<Events<In, Kind>>, options?: ListenerOptions): () => void
  override on<Name extends keyof SessionEvents<In, Kind>>(
    name: Name,
    listener: (value: SessionEvents<In, Kind>[Name]) => void,
    options?: ListenerOptions,
  ): () => void
  override on<Name extends keyof Events<In, Kind>>(
    name: Name,
    listener: (value: Events<In, Kind>[Name]) => void,
    options?: ListenerOptions,
  ): () => void
  override on(name: string, listener: (...values: never) => void, options?: ListenerOptions): () => void {
    return super.on(name as 'text', listener as (value: string) => void, options)
  }

  override off<Name extends keyof SessionEvents<In, Kind>>(
    name: Name,
    listener: (value: SessionEvents<In, Kind>[Name]) => void,
  ): void
  override off(name: '*', listener: AnyListener<Events<In, Kind>>): void
  override off<Name extends keyof Events<In, Kind>>(
    name: Name,
    listener: (value: Events<In, Kind>[Name]) => void,
  ): void
  override off(name: string, listener: (...values: never) => void): void {
    super.off(name as 'text', listener as (value: string) => void)
  }

  /**
   * Sends text or bytes, exactly once. `sent`: handed to the browser; `queued`: it waits for a connection or for room in the window;
   * `dropped`: there was no room to wait in, or the session is closed. Buffers may be written to afterwards.
   *
   * @throws {TypeError} for anything that is neither text nor bytes
   */
  override send(data: Data, options?: SendOptions): SendResult {
    requireData(data)
    return this.client().push(data, readOnOutcome(options))
  }

  /** Sends, and resolves when the server has it. Rejects with an error whose `cause` is `lost` or `unknown`. */
  delivered(data: Data): Promise<void> {
    return this.#confirmed((onOutcome) => this.send(data, { onOutcome }))
  }

  /** Sends a value as JSON text, and resolves when the server has it. Rejects as `delivered` does. */
  deliveredJson(value: Out): Promise<void> {
    return this.#confirmed((onOutcome) => this.sendJson(value, { onOutcome }))
  }

  /**
   * Calls `auth` again and sends the fresh token over the open connection. Without one the token is not sent: the next attempt
   * calls `auth` anyway. Rejects with what `auth` throws.
   */
  refresh(): Promise<void> {
    return this.client().refresh()
  }

  /** The position of this page in a topic; `undefined` for an unknown topic. Pass it as the option `topics` to continue from there after a reload. */
  cursor(topic: string): string | undefined {
    return this.client().topics.cursor(topic)
  }

  /**
   * Closes the present connection and dials again. The session goes on. With `queue: 'drop'` it ends, a `fresh` event
   * has the outcomes of its messages, and a new one begins: for a change of user. `overlap` has no effect: a session misses nothing.
   */
  override reconnect(options: ReconnectCallOptions = {}): void {
    const { status } = this
    if (readReconnectOptions(options).dropQueue) this.client().discard()
    // A listener of `fresh` may have closed or suspended it.
    if (this.status === status) super.reconnect()
  }

  async #confirmed(send: (onOutcome: (outcome: Outcome) => void) => SendResult): Promise<void> {
    const { result, reason } = await new Promise<Outcome>((resolve) => {
      send(resolve)
      // Otherwise the acknowledgement may take a second.
      this.client().requestAck()
    })
    if (result !== 'delivered') throw new Error(`${result}: ${reason}`, { cause: result })
  }
}
