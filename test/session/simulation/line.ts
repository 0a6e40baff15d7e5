import { EventEmitter } from 'node:events'
import { SUBPROTOCOL } from '../../../src/session/protocol/frames.ts'

type Frame = { data: string | Uint8Array; binary: boolean } | { close: number; reason: string }
type Listener = ((event: never) => void) | null

/** The server's end of a simulated connection: what `ws` gives. */
export class Far extends EventEmitter {
  readonly protocol = SUBPROTOCOL
  readonly #near: Near

  constructor(near: Near) {
    super()
    this.#near = near
  }

  send(data: string | Uint8Array, { binary }: { binary: boolean }) {
    this.#near.down.push({ data: typeof data === 'string' ? data : data.slice(), binary })
  }

  close(close: number, reason: string) {
    this.#near.down.push({ close, reason })
  }

  terminate() {
    this.#near.lose('server')
  }
}

/**
 * The client's end of a simulated connection: what a browser gives, at its worst. What is on the way, in either direction, may
 * still arrive after either end has dropped the connection, and an end may never learn that the other is gone.
 */
export class Near {
  readyState = 0
  dialled = 0
  protocol = ''
  readonly bufferedAmount = 0
  binaryType = 'blob'
  readonly up: Frame[] = []
  readonly down: Frame[] = []
  readonly far = new Far(this)
  /** Whether either end still believes in it. */
  serverOpen = false
  clientOpen = true
  /** What is written to it vanishes, and nobody learns of it. */
  hole = false
  readonly #listeners: Record<string, ((event: never) => void)[]> = {}
  readonly #on: Record<string, Listener> = {}

  addEventListener(name: string, listener: (event: never) => void) {
    this.#listeners[name] = [...(this.#listeners[name] ?? []), listener]
  }
  get onclose() {
    return this.#on.close ?? null
  }
  set onclose(listener: Listener) {
    this.#on.close = listener
  }
  set onopen(listener: Listener) {
    this.#on.open = listener
  }
  set onmessage(listener: Listener) {
    this.#on.message = listener
  }
  set onerror(listener: Listener) {
    this.#on.error = listener
  }

  send(data: string | ArrayBuffer) {
    if (this.readyState !== 1 || this.hole) return
    const binary = typeof data !== 'string'
    this.up.push({ data: binary ? new Uint8Array(data.slice(0)) : data, binary })
  }

  close(close = 1005, reason = '') {
    if (this.readyState >= 2) return
    this.readyState = 2
    if (!this.hole) this.up.push({ close, reason })
  }

  connected() {
    this.readyState = 1
    this.protocol = SUBPROTOCOL
    this.serverOpen = true
    this.#tell('open', {})
  }

  /** One frame arrives, at one end. */
  arrive(direction: 'up' | 'down') {
    const frame = this[direction].shift()
    if (!frame || this.hole) return
    if ('close' in frame) {
      this.lose('server', frame.close)
      this.lose('client', frame.close, frame.reason)
    } else if (direction === 'up') {
      const data = frame.binary ? frame.data : Buffer.from(frame.data as string)
      if (this.serverOpen) this.far.emit('message', data, frame.binary)
    } else {
      const { data, binary } = frame
      const bytes = data as Uint8Array
      const whole = binary
        ? bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
        : text(data)
      // After `close()` too: not every implementation keeps silent then.
      if (this.readyState > 0) this.#tell('message', { data: whole })
    }
  }

  /** One end learns that it is over. */
  lose(who: 'client' | 'server', code = 1006, reason = '') {
    if (who === 'server') {
      if (this.serverOpen) {
        this.serverOpen = false
        this.far.emit('close', code, reason)
      }
    } else if (this.clientOpen) {
      this.clientOpen = false
      this.readyState = 3
      this.#tell('close', { code, reason, wasClean: code !== 1006 })
    }
  }

  #tell(name: string, event: object) {
    for (const listener of this.#listeners[name] ?? []) listener(event as never)
    this.#on[name]?.(event as never)
  }
}

const text = (data: string | Uint8Array) => (typeof data === 'string' ? data : Buffer.from(data).toString())

/** A `WebSocket` whose connections are added to the list. */
export const dialling = (lines: Near[]) =>
  class extends Near {
    constructor() {
      super()
      this.dialled = lines.push(this)
    }
  }
