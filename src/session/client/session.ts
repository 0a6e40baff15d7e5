import type { Data, Failure, SendResult } from '../../core/events.ts'
import { Socket } from '../../core/socket.ts'
import { SUBPROTOCOL } from '../protocol/frames.ts'
import { ClientSession } from './client-session.ts'
import { lines, PING, PONG } from './line.ts'
import type { Own, SessionEvents, SessionOptions } from './options.ts'
import type { Outcome } from './outcomes.ts'

type Place = ConstructorParameters<typeof Socket>[0]

/**
 * A `Socket` that loses nothing, doubles nothing and keeps the order, in both directions, over any number of
 * connections, with a server that speaks `holdfast.1`. Where it cannot, it says what was delivered and what was not.
 *
 * @throws as `Socket` does
 */
export class Session<In = unknown, Out = unknown> extends Socket<In, Out> {
  readonly #half: ClientSession
  readonly #stringify: (value: unknown) => unknown

  constructor(url: Place, options: SessionOptions<In> = {}) {
    const { auth, heartbeat, reconnect, WebSocket: Given } = options
    const authenticate = async (context: { signal: AbortSignal }) =>
      typeof auth === 'function' ? auth(context) : auth
    const half = new ClientSession(
      options,
      (data) => super.send(data),
      () => this.status,
      () => authenticate(new AbortController()),
    )
    super(url, {
      ...options,
      // The limits of the backoff, where it is not a function.
      ...(reconnect as object),
      queue: false,
      greet: false,
      heartbeat: { ...heartbeat, ping: PING, pong: PONG as never },
      // Asked together with the url, for every attempt: the hello then waits for nothing.
      protocols: async (context) => {
        half.token = authenticate(context)
        await half.token
        return SUBPROTOCOL
      },
      WebSocket: lines(half, Given) as never,
      final: [],
      // What is no wait is the core's own to choose.
      reconnect: (failure: Failure) => {
        const wait = reconnect === false ? null : half.wait(failure.close.code)
        return wait === undefined && typeof reconnect === 'function' ? reconnect(failure) : (wait as null)
      },
    })
    this.#half = half
    this.#stringify = options.stringify ?? JSON.stringify
    super.on('open', () => half.opened())
    super.on('closed', () => half.closed())
  }

  /** Bytes given to `send` that have not left: those that wait for the window, and those the browser still holds. */
  override get bufferedAmount(): number {
    return this.#half.outbox.waiting + super.bufferedAmount
  }

  override on<Name extends keyof SessionEvents<In>>(
    name: Name,
    listener: (value: SessionEvents<In>[Name]) => void,
  ): () => void {
    return /^(drop|resumed|fresh|ended|topic)$/.test(name)
      ? this.#half.on(name as keyof Own, listener as never)
      : super.on(name as never, listener as never)
  }

  /**
   * Sends text or bytes, once. `sent`: on its way; `queued`: it waits for a connection or for room in the window;
   * `dropped`: there was no room to wait in, or the session is closed. Buffers may be written to afterwards.
   *
   * @throws {TypeError} for what is neither text nor bytes
   */
  override send(data: Data): SendResult {
    return this.#half.push(data)
  }

  /** Sends, and resolves when the server has it. Rejects with an error whose `cause` is `lost` or `unknown`. */
  delivered(data: Data): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = ({ result, reason }: Outcome) => {
        if (result === 'delivered') resolve()
        else reject(new Error(reason ?? result, { cause: result }))
      }
      if (this.#half.push(data, settle) === 'dropped') settle({ result: 'lost' })
      // The answer is an acknowledgement that does not wait.
      this.#half.pingSoon()
    })
  }

  /** As `delivered`, with `value` as JSON. */
  async deliveredJson(value: Out): Promise<void> {
    const text = this.#stringify(value)
    if (typeof text !== 'string') throw new TypeError('holdfast: deliveredJson: the value has no JSON')
    return this.delivered(text)
  }

  /** Up to where this page has a topic: to go on from there after a reload, with the option `topics`. */
  cursor(topic: string): string | undefined {
    return this.#half.topics.cursor(topic)
  }

  /** Asks `auth` anew and shows the server the fresh token, on the open connection. */
  refresh(): Promise<void> {
    return this.#half.refresh()
  }
}
