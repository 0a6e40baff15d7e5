import { type Closed, type Provided, Socket, type WebSocketConstructor } from '../index.ts'
import type { WebSocketOptions } from './options.ts'

export type Protocols = string | string[]
export type State = 0 | 1 | 2 | 3

/** One native socket after another, told as if they were one; or just one. */
export interface Lives {
  /** The present native socket, or the last one. */
  readonly native: WebSocket | undefined
  /** What the bytes go through. */
  readonly bearer: Socket | WebSocket
  readonly state: State
  /** Tells messages from now on. Not asked for, they cost nothing. */
  hear(): void
  send(data: string | BufferSource | Blob): void
  close(...args: [code?: number, reason?: string]): void
}

/** What of a `Closed`, or of a native `CloseEvent`, an end is told with. */
interface End {
  code: number
  reason: string
  wasClean: boolean
  cause?: Closed['cause']
}

/** The browser's own, even where the class has taken the place of the global one. */
const browsers = globalThis.WebSocket

export function lives(
  url: Provided<string | URL>,
  protocols: Provided<Protocols> | undefined,
  options: WebSocketOptions,
  tell: (event: Event) => unknown,
): Lives {
  const { reopen = true, WebSocket: Native = browsers ?? globalThis.WebSocket } = options
  const text = typeof url === 'function' ? undefined : `${url}`
  // What is iterated is iterated once: an iterator has nothing to say the second time.
  const offered =
    typeof protocols === 'object' && protocols?.[Symbol.iterator]
      ? [...(protocols as string[])]
      : (protocols as string[])
  let native: WebSocket | undefined
  /** `native`, until its end has been told. */
  let live: WebSocket | undefined
  /** Made ahead of the core's first attempt. */
  let first: WebSocket | undefined
  /** More than 0: nothing is dialled any more. 3: and that has been told. */
  let last: 0 | 2 | 3 = 0
  let opened = false
  /** The end that was told last: the core says it again when it waits anew. */
  let told: End | undefined

  const say = (type: string) => tell(new Event(type))

  const ended = (end: End) => {
    const { code, reason, wasClean } = end
    live = undefined
    told = end
    // What we ended ourselves has failed: the browser says `error` then, and so do we.
    if (end.cause && end.cause !== 'peer') say('error')
    tell(
      globalThis.CloseEvent
        ? new CloseEvent('close', end)
        : // Node has none before version 23.
          Object.assign(new Event('close'), { code, reason, wasClean }),
    )
  }

  const over = (end: End) => {
    // A listener of `drop` may have called `close` within `close`.
    if (last > 2) return
    last = 3
    // Lets go of `signal`, even where it never dialled.
    socket.close()
    ended(end)
  }

  const dial = (target: string, names: string[]) => {
    const made = new Native(target, names) as WebSocket
    for (const type of ['open', 'error', 'close'])
      made.addEventListener(type, (event) => {
        // The core tells the rest, until it has let go; and an attempt of the only life fails unheard.
        if (live !== made || !(last || (type === 'error' && (reopen || opened)))) return
        if (type === 'close') over(event as CloseEvent)
        else say(type)
      })
    live = made
    native = made
    return made
  }

  // A relative address is read once, as natively: the page may be elsewhere by the next dial.
  const address = text === undefined ? url : ({ toString: () => native?.url ?? text } as URL)

  const socket = new Socket(address, {
    ...options,
    protocols: offered,
    autoOpen: false,
    // biome-ignore lint/complexity/useArrowFunction: it stands for a constructor
    WebSocket: function (target: string, names: string[]) {
      const made = first ?? dial(target, names)
      first = undefined
      return made
    } as unknown as WebSocketConstructor,
  })
  socket.on('open', () => {
    opened = true
    say('open')
  })
  socket.on('waiting', ({ close }) => {
    live = undefined
    // With one life only, whatever ends it once it has begun is final.
    if (!reopen) opened && over(close)
    else if (close !== told) ended(close)
  })
  const closed = (close: Closed) => {
    // The core may not have it yet, where `signal` had been aborted before.
    native?.close()
    if (close.cause !== 'user') over(close)
  }
  socket.on('closed', closed)
  socket.on('drop', (detail) => tell(new CustomEvent('drop', { detail })))

  // Before the core dials: what the constructor throws is for our caller.
  if (text !== undefined && typeof offered !== 'function') first = dial(text, offered)
  if (first && options.reconnect === false) last = 2
  else socket.open()
  // An aborted `signal` ends it before anybody can listen.
  if (socket.closed) closed(socket.closed)

  return {
    get native() {
      return native
    },
    get bearer() {
      return (last && native) || socket
    },
    get state() {
      if (last) return live ? (live.readyState as State) : last
      // What is CLOSED for the browser is dialled again.
      return socket.status === 'open' ? (((native as WebSocket).readyState % 3) as State) : 0
    },
    hear() {
      this.hear = () => {}
      const hear = ({ data, origin }: MessageEvent) => tell(new MessageEvent('message', { data, origin }))
      if (last) native?.addEventListener('message', hear)
      else socket.on('message', hear)
    },
    send(data) {
      if (last) return native?.send(data)
      const { arrayBuffer, byteLength = arrayBuffer } = Object(data)
      socket.send(byteLength === undefined ? `${data}` : data)
    },
    close(...args) {
      // Even a dead one knows what may be given, and a live one shakes hands.
      native?.close(...args)
      if (last) return
      socket.close(...(native ? ([] as typeof args) : args))
      last = 2
      if (!live) setTimeout(over, 0, { code: 1006, reason: '', wasClean: false })
    },
  }
}
