import type { WebSocketConstructor } from '../index.ts'

/** Marks our own classes, one of which may have replaced the global `WebSocket`. */
export const RECONNECTING = Symbol('holdfast.reconnecting')

/** The platform's own class, as it was when this module was loaded. */
const atImport = globalThis.WebSocket

/**
 * The platform's class: the present global one, which may be a mock; or the one at import, if ours has replaced it since.
 *
 * @throws {TypeError} where the platform has no `WebSocket`
 */
export function nativeWebSocket(): WebSocketConstructor {
  const current = globalThis.WebSocket
  const native = current && !(RECONNECTING in current) ? current : atImport
  if (!native)
    throw new TypeError('holdfast: there is no global WebSocket here. Pass one as the option WebSocket.')
  return native as WebSocketConstructor
}

/**
 * The subprotocols of `new WebSocket(url, { protocols })`, where the platform accepts such an object; otherwise the argument itself.
 * https://github.com/whatwg/websockets/issues/76
 */
export function unwrapProtocols(given: unknown, Native: WebSocketConstructor): unknown {
  const isDictionary = typeof given === 'object' && given !== null && !(Symbol.iterator in given)
  if (!isDictionary || Native !== globalThis.WebSocket || !acceptsDictionary(Native)) return given
  return (given as { protocols?: unknown }).protocols ?? []
}

/** Feature test. The argument throws however it is read, as a dictionary or as text, so that no connection is made. */
function acceptsDictionary(Native: WebSocketConstructor): boolean {
  const readAsDictionary = new Error('read as a dictionary')
  const probe = {
    get protocols() {
      throw readAsDictionary
    },
    toString() {
      throw new TypeError('read as text')
    },
  }
  try {
    new Native('ws://localhost/', probe as unknown as string[]).close()
  } catch (error) {
    return error === readAsDictionary
  }
  return false
}
