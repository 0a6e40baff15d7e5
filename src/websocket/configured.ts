import type { WebSocketOptions } from './options.ts'
import { ReconnectingWebSocket } from './websocket.ts'

/** A class with options of its own, for clients that construct it with an address and subprotocols only. */
export function configured(options: WebSocketOptions): typeof ReconnectingWebSocket {
  class Configured extends EventTarget {
    constructor(...args: Partial<ConstructorParameters<typeof ReconnectingWebSocket>>) {
      super()
      // Without arguments it throws, as it should; and a given `undefined` is an address to the standard.
      if (args.length) args.splice(0, 3, args[0] ?? `${args[0]}`, args[1], { ...options, ...args[2] })
      // biome-ignore lint/correctness/noConstructorReturn: a socket of the other class, with the prototype of this one
      return Reflect.construct(ReconnectingWebSocket, args, new.target)
    }
  }
  // No subclass: the standard's has its own `constructor` in its prototype, right below that of `EventTarget`.
  for (const [to, from] of [
    [Configured, ReconnectingWebSocket],
    [Configured.prototype, ReconnectingWebSocket.prototype],
  ] as const) {
    const { prototype: _, constructor: __, ...members } = Object.getOwnPropertyDescriptors<object>(from)
    Object.defineProperties(to, members)
  }
  return Configured as unknown as typeof ReconnectingWebSocket
}
