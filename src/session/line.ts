import { SUBPROTOCOL } from './protocol.ts'

/** What the core sends as its heartbeat. Application text never looks like it: it would have one more `!`. */
export const PING = '!p'
/** What the core is shown as the answer: an object that no message can be. */
export const PONG = {}

/** What the core takes for a `WebSocket`. */
export interface Line {
  readonly readyState: number
  /** The server has welcomed us. */
  welcomed(): void
  /** Shows the core a message. */
  show(event: Pick<MessageEvent, 'data'>): void
  send(data: string): void
  /** Ends it at once, as if the server had closed it so: its close frame may never come. */
  end(code: number, reason: string): void
}

/** Whom a line tells what comes. */
export interface Reader {
  hello(): string
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
  readyState: number
  protocol: string
  addEventListener(name: string, listener: (event: never) => void): void
  onclose: Listener
  send(data: string): void
  close(code?: number, reason?: string): void
}

/**
 * A `WebSocket` that opens when the session is agreed on, and shows application data only. Whatever comes after
 * its end reaches nobody.
 */
export function line(Given: unknown, reader: Reader, url: string, protocols: string[]): Line {
  let over = false
  let opened: Listener = null
  let shown: Listener = null
  return new (class extends (Given as Native) implements Line {
    constructor() {
      super(url, protocols)
      this.addEventListener('open', () => {
        // A server that does not know the protocol is told nothing; the core sees why and ends it.
        if (this.protocol === SUBPROTOCOL) super.send(reader.hello())
        else this.welcomed()
      })
      this.addEventListener('message', (event) => {
        if (!over) reader.received(this, event)
      })
    }

    set onopen(listener: Listener) {
      opened = listener
    }

    set onmessage(listener: Listener) {
      shown = listener
    }

    welcomed() {
      opened?.()
    }

    show(event: unknown) {
      shown?.(event)
    }

    override send(data: string) {
      super.send(data === PING ? reader.ping() : data)
    }

    end(code: number, reason: string) {
      over = true
      super.close(code === 4400 ? code : 1000, reason)
      this.onclose?.({ code, reason, wasClean: false })
    }

    override close(code?: number, reason?: string) {
      if (!over) reader.farewell()
      over = true
      super.close(code, reason)
    }
  })()
}
