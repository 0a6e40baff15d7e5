import { readOptions, type WebSocketOptions } from './options.ts'
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
      // Without arguments the constructor below throws. WebIDL converts an explicit `undefined` or `null` to text.
      if (args.length)
        args.splice(0, 3, args[0] ?? String(args[0]), args[1], { ...options, ...readOptions(args[2]) })
      // biome-ignore lint/correctness/noConstructorReturn: a socket of the other class, with the prototype of this one
      return Reflect.construct(ReconnectingWebSocket, args, new.target)
    }
  }
  // Members are copied, not inherited: in the standard, the prototype of the class directly extends that of `EventTarget`.
  for (const [to, from] of [
    [Configured, ReconnectingWebSocket],
    [Configured.prototype, ReconnectingWebSocket.prototype],
  ] as const) {
    const { prototype: _, constructor: __, ...members } = Object.getOwnPropertyDescriptors<object>(from)
    Object.defineProperties(to, members)
  }
  return Configured as unknown as typeof ReconnectingWebSocket
}
