/** What the core sends as its heartbeat. Application text never looks like it: it would have one more `!`. */
export const PING = '!p'
/** What the core is shown as the answer: an object that no message can be. */
export const PONG = {}

/** What the core takes for a `WebSocket`. */
export interface Line {
  /** The core's, which it is not told by the platform but by the session: when it is welcomed, and what is for it. */
  onopen: Listener
  onmessage: Listener
  /** The platform's. */
  onclose: Listener
  send(data: string): void
  close(code?: number, reason?: string): void
}

/** Whom a line tells what comes. */
export interface Reader {
  /** The server speaks the protocol. */
  hello(line: Line): void
  received(line: Line, event: MessageEvent): void
  /** The core's ping, as it is on the wire. */
  ping(): string
  /** The line is given up; when closed for good, the server is told first. */
  farewell(): void
}

type Listener = ((event?: unknown) => void) | null

/** The platform's class, as far as it is built upon here. */
type Native = new (
  url: string,
  protocols: string[],
) => {
  protocol: string
  addEventListener(name: string, listener: (event: never) => void): void
  onclose: Listener
  send(data: string): void
  close(code?: number, reason?: string): void
}

/**
 * A `WebSocket` that opens when the session is agreed on, and shows application data only. Whatever comes after
 * its end reaches nobody. Built upon `Given`, or upon what the global one is when the core says `new`.
 */
export function lines(reader: Reader, Given: unknown): new (url: string, protocols: string[]) => Line {
  function dial(url: string, protocols: string[]): Line {
    let over = false
    const line = new (class extends ((Given ?? WebSocket) as Native) implements Line {
      // Fields of its own, in front of those by which the platform would tell the core.
      onopen: Listener = null
      onmessage: Listener = null

      override send(data: string) {
        super.send(data === PING ? reader.ping() : data)
      }

      override close(code?: number, reason?: string) {
        over = true
        reader.farewell()
        super.close(code, reason)
      }
    })(url, protocols)
    line.addEventListener('open', () => {
      // A server that does not know the protocol is told nothing; the core sees why and ends it.
      if (line.protocol) reader.hello(line)
      else line.onopen?.()
    })
    line.addEventListener('message', (event) => {
      if (!over) reader.received(line, event)
    })
    return line
  }
  return dial as never
}

/** Ends a line at once, as if the server had closed it so: its close frame may never come. */
export function end(line: Line, code: number, reason: string): void {
  line.close(code === 4400 ? code : 1000, reason)
  line.onclose?.({ code, reason, wasClean: false })
}
