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
import type { Options, Provided } from '../../core/options.ts'
import { PROTOCOL } from '../../core/protocol.ts'
import { type ReconnectCallOptions, readOnOutcome, Socket } from '../../core/socket.ts'
import { numberFrom, resolveGroup } from '../../core/validate.ts'
import { ClientSession, type WaitingLimits } from './client-session.ts'
import type { SessionEvents, SessionOptions } from './options.ts'

const heartbeatRules = { interval: numberFrom(1), timeout: numberFrom(1) }
const queueRules = { messages: numberFrom(0, 1_000), bytes: numberFrom(0, 1_048_576) }

/** Options of `Socket` that a session decides itself, and why. */
const OWN_DECISIONS: Record<string, string> = {
  protocols: 'a session offers its own subprotocol',
  greet: 'a session logs in by the option auth',
  final: 'its protocol decides which ends are final',
}

/**
 * A `Socket` that loses nothing, doubles nothing and keeps the order, in both directions, over any number of connections,
 * with a server that speaks `holdfast.1`. Where it cannot, it says what was delivered and what was not.
 *
 * @throws as `Socket` does
 */
export class Session<In = unknown, Out = unknown, Kind extends BinaryType = BinaryType> extends Socket<
  In,
  Out,
  Kind
> {
  /** A function, so that it works where a framework has wrapped the session in a Proxy. */
  private readonly half: () => ClientSession

  constructor(url: Provided<string | URL>, options: SessionOptions<In, Out, Kind> = {}) {
    for (const name of Object.keys(options))
      if (Object.hasOwn(OWN_DECISIONS, name))
        throw new TypeError(`holdfast: ${name}: not an option of Session: ${OWN_DECISIONS[name]}`)
    const { auth, heartbeat, queue, topics, ...rest } = options
    const limits = resolveGroup('queue.', queue ?? {}, queueRules) as unknown as WaitingLimits
    const timing = resolveGroup('heartbeat.', heartbeat ?? {}, heartbeatRules)
    const half = new ClientSession(limits, auth, topics)
    const socketOptions: Options<In, Out, Kind> & { [PROTOCOL]: ClientSession } = {
      ...rest,
      queue: false,
      heartbeat: { ...timing, ping: () => half.ping() },
      [PROTOCOL]: half,
    }
    super(url, socketOptions)
    this.half = () => half
  }

  /** Bytes given to `send` that have not left: those that wait for the window, and those that the browser still holds. */
  override get bufferedAmount(): number {
    // While the constructor of `Socket` runs there is nothing yet.
    return (this.half?.().outbox.waiting ?? 0) + super.bufferedAmount
  }

  override on(name: '*', listener: AnyListener<Events<In, Kind>>, options?: ListenerOptions): () => void
  override on<Name extends keyof Events<In, Kind>>(
    name: Name,
    listener: (value: Events<In, Kind>[Name]) => void,
    options?: ListenerOptions,
  ): () => void
  override on<Name extends keyof SessionEvents<In, Kind>>(
    name: Name,
    listener: (value: SessionEvents<In, Kind>[Name]) => void,
    options?: ListenerOptions,
  ): () => void
  override on(name: string, listener: (...values: never) => void, options?: ListenerOptions): () => void {
    return super.on(name as 'text', listener as (value: string) => void, options)
  }

  override off<Name extends keyof Events<In, Kind>>(
    name: Name,
    listener: (value: Events<In, Kind>[Name]) => void,
  ): void
  override off(name: '*', listener: AnyListener<Events<In, Kind>>): void
  override off<Name extends keyof SessionEvents<In, Kind>>(
    name: Name,
    listener: (value: SessionEvents<In, Kind>[Name]) => void,
  ): void
  override off(name: string, listener: (...values: never) => void): void {
    super.off(name as 'text', listener as (value: string) => void)
  }

  /**
   * Sends text or bytes, exactly once. `sent`: on its way; `queued`: it waits for a connection or for room in the window;
   * `dropped`: there was no room to wait in, or the session is closed. Buffers may be written to afterwards.
   *
   * @throws {TypeError} for anything that is neither text nor bytes
   */
  override send(data: Data, options?: SendOptions): SendResult {
    requireData(data)
    return this.half().push(data, readOnOutcome(options))
  }

  /** Sends, and resolves when the server has it. Rejects with an error whose `cause` is `lost` or `unknown`. */
  delivered(data: Data): Promise<void> {
    return this.#confirmed((onOutcome) => this.send(data, { onOutcome }))
  }

  /** Sends a value as JSON text, and resolves when the server has it. Rejects as `delivered` does. */
  deliveredJson(value: Out): Promise<void> {
    return this.#confirmed((onOutcome) => this.sendJson(value, { onOutcome }))
  }

  /** Calls `auth` again and shows the server the fresh token, on the open connection. */
  refresh(): Promise<void> {
    return this.half().refresh()
  }

  /** Up to where this page has a topic: to go on from there after a reload, by the option `topics`. */
  cursor(topic: string): string | undefined {
    return this.half().topics.cursor(topic)
  }

  /**
   * Closes the present connection and dials again. The session goes on. With `queue: 'drop'` it ends, `fresh` tells what became
   * of its messages, and a new one begins: for a change of user. `overlap` has no effect: a session misses nothing.
   */
  override reconnect(options: ReconnectCallOptions = {}): void {
    if (options.queue === 'drop') this.half().discard()
    super.reconnect({ ...options, overlap: false })
  }

  async #confirmed(send: (onOutcome: (outcome: Outcome) => void) => SendResult): Promise<void> {
    const { result, reason } = await new Promise<Outcome>((resolve) => {
      send(resolve)
      // The answer is an acknowledgement that does not wait.
      this.half().ask()
    })
    if (result !== 'delivered') throw new Error(`${result}: ${reason}`, { cause: result })
  }
}
