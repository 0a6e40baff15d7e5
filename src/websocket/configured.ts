import type { WebSocketOptions } from './options.ts'
import { ReconnectingWebSocket } from './websocket.ts'

/**
 * A class with these options, for clients that construct it with a URL and subprotocols only. Its sockets are instances of it,
 * not of `ReconnectingWebSocket`.
 */
export function configured(options: WebSocketOptions): typeof ReconnectingWebSocket {
  const Base = globalThis.EventTarget ?? Object
  class Configured extends Base {
    constructor(...args: Partial<ConstructorParameters<typeof ReconnectingWebSocket>>) {
      super()
      // Without arguments it throws, as it should; a given `undefined` is a URL to the standard.
      if (args.length) args.splice(0, 3, args[0] ?? `${args[0]}`, args[1], { ...options, ...args[2] })
      // biome-ignore lint/correctness/noConstructorReturn: a socket of the other class, with the prototype of this one
      return Reflect.construct(ReconnectingWebSocket, args, new.target)
    }
  }
  // No subclass: in the standard, the prototype that has `constructor` stands right below that of `EventTarget`.
  for (const [to, from] of [
    [Configured, ReconnectingWebSocket],
    [Configured.prototype, ReconnectingWebSocket.prototype],
  ] as const) {
    const { prototype: _, constructor: __, ...members } = Object.getOwnPropertyDescriptors<object>(from)
    Object.defineProperties(to, members)
  }
  return Configured as unknown as typeof ReconnectingWebSocket
}
