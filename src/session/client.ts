import { byteLength, snapshot } from '../binary.ts'
import { Emitter } from '../emitter.ts'
import { isFinal } from '../policy/close.ts'
import { Socket } from '../socket.ts'
import type { Closed, Data, Failure, SendResult } from '../types.ts'
import { Half, type Outcome } from './half.ts'
import { line, PING, PONG } from './line.ts'
import type { Own, SessionEvents, SessionOptions } from './options.ts'
import { escaped, SUBPROTOCOL } from './protocol.ts'

type Place = ConstructorParameters<typeof Socket>[0]

/**
 * A `Socket` that loses nothing, doubles nothing and keeps the order, in both directions, over any number of
 * connections, with a server that speaks `holdfast.1`. Where it cannot, it says what was delivered and what was not.
 *
 * @throws as `Socket` does
 */
export class Session<In = unknown, Out = unknown> extends Socket<In, Out> {
  readonly #half: Half
  readonly #emitter = new Emitter<Own>()
  readonly #options: SessionOptions<In>
  readonly #authenticate: (context: { signal: AbortSignal }) => Promise<string | undefined>

  constructor(url: Place, options: SessionOptions<In> = {}) {
    const { auth, heartbeat, reconnect, WebSocket: Given } = options
    const half = new Half({
      pump: () => this.#pump(),
      fresh: (fresh) => this.#emitter.emit('fresh', fresh),
      closed: () => this.status === 'closed',
    })
    const authenticate = async (context: { signal: AbortSignal }) => {
      const token = typeof auth === 'function' ? await auth(context) : auth
      if (!context.signal.aborted) half.token = token
      return token
    }
    let denied = 0
    super(url, {
      ...options,
      // The limits of the backoff, where it is not a function.
      ...(reconnect as object),
      autoOpen: false,
      queue: false,
      greet: false,
      heartbeat: { ...heartbeat, ping: PING, pong: ({ data }) => data === PONG },
      // Asked together with the url, for every attempt: the hello then waits for nothing.
      protocols: (context) => authenticate(context).then(() => SUBPROTOCOL),
      WebSocket: class {
        constructor(url: string, protocols: string[]) {
          // biome-ignore lint/correctness/noConstructorReturn: the core says `new`, and is given a subclass of what there is by then
          return line(Given ?? WebSocket, half, url, protocols)
        }
      } as never,
      final: ({ cause, code }: Closed) =>
        cause === 'peer' &&
        code !== 4408 &&
        code !== 4410 &&
        (half.over || (code === 4401 ? denied++ > 0 : isFinal(code))),
      // What is no wait is the core's own to choose.
      reconnect: (failure: Failure) => {
        const { after } = half
        half.after = undefined
        if (after !== undefined) return Math.random() * after
        return (
          typeof reconnect === 'function' ? reconnect(failure) : reconnect === false ? null : undefined
        ) as null
      },
    })
    this.#half = half
    this.#options = options
    this.#authenticate = authenticate
    const leaving = () => half.acknowledge()
    super.on('open', () => {
      denied = 0
      globalThis.addEventListener?.('pagehide', leaving)
      if (half.known) this.#emitter.emit('resumed', { resent: half.outbox.highest - half.outbox.acked })
      half.known = true
      half.opened()
    })
    super.on('closed', () => {
      half.farewell()
      globalThis.removeEventListener?.('pagehide', leaving)
      this.#emitter.emit('ended', half.renew())
    })
    if (options.autoOpen !== false) this.open()
  }

  /** Bytes given to `send` that have not left: those that wait for the window, and those the browser still holds. */
  override get bufferedAmount(): number {
    return this.#half.outbox.waiting + super.bufferedAmount
  }

  override on<Name extends keyof SessionEvents<In>>(
    name: Name,
    listener: (value: SessionEvents<In>[Name]) => void,
  ): () => void {
    return /^(drop|resumed|fresh|ended)$/.test(name)
      ? this.#emitter.on(name as keyof Own, listener as never)
      : super.on(name as never, listener as never)
  }

  /**
   * Sends text or bytes, once. `sent`: on its way; `queued`: it waits for a connection or for room in the window;
   * `dropped`: there was no room to wait in, or the session is closed. Buffers may be written to afterwards.
   *
   * @throws {TypeError} for what is neither text nor bytes
   */
  override send(data: Data): SendResult {
    return this.#push(data)
  }

  override sendJson(value: Out): SendResult {
    return this.#push((this.#options.stringify ?? JSON.stringify)(value))
  }

  /** Sends, and resolves when the server has it. Rejects with an error whose `cause` is `lost` or `unknown`. */
  delivered(data: Data): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (cause: Outcome) => {
        if (cause === 'delivered') resolve()
        else reject(new Error(cause, { cause }))
      }
      if (this.#push(data, settle) === 'dropped') settle('lost')
      // The answer is an acknowledgement that does not wait.
      this.#half.line?.send(PING)
    })
  }

  /** Asks `auth` anew and shows the server the fresh token, on the open connection. */
  async refresh(): Promise<void> {
    const token = await this.#authenticate(new AbortController())
    this.#half.line?.send(`!t${token ?? ''}`)
  }

  #push(data: Data | undefined, settle?: (outcome: Outcome) => void): SendResult {
    // To count other text it is encoded, which costs more than sending it.
    const plain = typeof data === 'string' && !/[^ -~]/.test(data)
    const bytes = plain ? data.length : byteLength(data ?? ({} as Data))
    if (!(bytes >= 0)) throw new TypeError('Sends text and bytes')
    if (this.status === 'closed') return 'dropped'
    const { outbox, credit } = this.#half
    const { messages = 1_000, bytes: room = 1_048_576 } = this.#options.queue ?? {}
    if (outbox.size >= credit[0] + messages || (outbox.size && outbox.bytes + bytes > credit[1] + room)) {
      this.#emitter.emit('drop', { data: data as Data, why: 'overflow' })
      return 'dropped'
    }
    outbox.push({ data: snapshot(data as Data), bytes, settle })
    this.#pump()
    return outbox.written < outbox.acked + outbox.size ? 'queued' : 'sent'
  }

  #pump(): void {
    const { outbox, credit, line } = this.#half
    if (!line || this.status !== 'open') return
    for (let next = outbox.next(credit); next; next = outbox.next(credit)) super.send(escaped(next.data))
  }
}
