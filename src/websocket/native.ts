import type { WebSocketConstructor } from '../index.ts'

/** Marks our own classes, which may have taken the place of the global one. */
export const RECONNECTING = Symbol('holdfast.reconnecting')

/** The platform's own class, as it was when this module was loaded. */
const atImport = globalThis.WebSocket

/**
 * The platform's class: the global one of now, which may be a mock, or the one of before if ours has taken its place.
 *
 * @throws {TypeError} where there is none
 */
export function nativeWebSocket(): WebSocketConstructor {
  const current = globalThis.WebSocket
  const native = current && !(RECONNECTING in current) ? current : atImport
  if (!native)
    throw new TypeError('holdfast: there is no global WebSocket here. Pass one as the option WebSocket.')
  return native as WebSocketConstructor
}

/**
 * The subprotocols of `new WebSocket(url, { protocols })`, where the platform takes such an object; else what was given.
 * https://github.com/whatwg/websockets/issues/76
 */
export function readProtocols(given: unknown, Native: WebSocketConstructor): unknown {
  const isInit = typeof given === 'object' && given !== null && !(Symbol.iterator in given)
  if (!isInit || Native !== globalThis.WebSocket || !takesInit(Native)) return given
  return (given as { protocols?: unknown }).protocols ?? []
}

/** Asks with an object that can be neither read as a dictionary nor as text: no connection is made. */
function takesInit(Native: WebSocketConstructor): boolean {
  const isRead = {}
  const probe = {
    get protocols() {
      throw isRead
    },
    toString() {
      throw new TypeError('read as text')
    },
  }
  try {
    new Native('ws://localhost/', probe as unknown as string[]).close()
  } catch (error) {
    return error === isRead
  }
  return false
}
