// Gives Node the globals of React Native: what is missing there goes, and WebSocket is as there.
import { WebSocket as NodeWebSocket } from 'ws'

/** No `protocol`; `binaryType` takes no blob without its native module; events are plain objects. */
class WebSocket {
  static CONNECTING = 0
  static OPEN = 1
  static CLOSING = 2
  static CLOSED = 3
  #socket
  #listeners = { open: new Set(), message: new Set(), error: new Set(), close: new Set() }

  constructor(url, protocols) {
    this.url = url
    this.#socket = new NodeWebSocket(url, protocols)
    this.#socket.binaryType = 'arraybuffer'
    for (const [type, listeners] of Object.entries(this.#listeners))
      this.#socket.addEventListener(type, ({ data, code, reason, message }) => {
        const event = { type, data, code, reason, message, target: this }
        this[`on${type}`]?.(event)
        for (const listener of [...listeners]) listener.call(this, event)
      })
  }

  get readyState() {
    return this.#socket.readyState
  }

  get bufferedAmount() {
    return 0
  }

  get binaryType() {
    return 'arraybuffer'
  }

  set binaryType(kind) {
    if (kind !== 'arraybuffer') throw new Error('Native module BlobModule is required for blob support')
  }

  addEventListener(type, listener) {
    this.#listeners[type].add(listener)
  }

  removeEventListener(type, listener) {
    this.#listeners[type].delete(listener)
  }

  send(data) {
    this.#socket.send(data)
  }

  close(code, reason) {
    this.#socket.close(code, reason)
  }
}

// Node makes its own web classes when they are first used, with the globals that go here.
void [globalThis.Headers, globalThis.MessageEvent, globalThis.WebSocket]

delete AbortSignal.prototype.throwIfAborted
const missing = [
  'BroadcastChannel',
  'crypto',
  'DOMException',
  'Event',
  'EventTarget',
  'MessageEvent',
  'reportError',
]
for (const name of [...missing, 'structuredClone', 'TextDecoder']) delete globalThis[name]
for (const [name, value] of Object.entries({
  WebSocket,
  window: globalThis,
  navigator: { product: 'ReactNative' },
}))
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
