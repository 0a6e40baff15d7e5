import type { WebSocketOptions } from './options.ts'
import { ReconnectingWebSocket } from './websocket.ts'

/** The class with options of its own, for clients that construct it with an address and subprotocols only. */
export function configured(options: WebSocketOptions): typeof ReconnectingWebSocket {
  return new Proxy(ReconnectingWebSocket, {
    construct: (target, [...args], made) => {
      // Without arguments it throws, as it should; and a given `undefined` is an address to the standard.
      if (args.length) args.splice(0, 3, args[0] ?? `${args[0]}`, args[1], { ...options, ...args[2] })
      return Reflect.construct(target, args, made)
    },
  })
}
