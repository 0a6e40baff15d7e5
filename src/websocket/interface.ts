import type { Socket } from '../index.ts'

export type Type = keyof WebSocketEventMap
export type Listener<Name extends Type> = (this: WebSocket, event: WebSocketEventMap[Name]) => unknown

/** What bytes go through. A `Socket` has no more to say of its connection than this. */
export type Transport = WebSocket | (Socket & { url?: undefined; extensions?: undefined })

/** The browser's own, even where the class has taken the place of the global one. */
export const nativeWebSocket = globalThis.WebSocket

/** What `describe` brings, for the compiler. */
export declare class Described extends EventTarget {
  static readonly CONNECTING: 0
  static readonly OPEN: 1
  static readonly CLOSING: 2
  static readonly CLOSED: 3
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
  onopen: Listener<'open'> | null
  onmessage: Listener<'message'> | null
  onerror: Listener<'error'> | null
  onclose: Listener<'close'> | null
}

const constants = Object.getOwnPropertyDescriptors(
  Object.freeze({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }),
)

/**
 * What WebIDL makes of an interface and a class does not: constants, its name, event-handler attributes, members that
 * can be listed. `handlers`: where an object of the class keeps what the attributes hold, by event type.
 */
export function describe<Target extends EventTarget>(
  Class: { prototype: Target },
  handlers: (target: Target) => Record<string, unknown>,
): void {
  const { prototype } = Class
  const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(prototype) as PropertyDescriptorMap
  // One listener for all: added a second time it stays where it is, as the standard wants it of an attribute.
  function call(this: Target, event: Event) {
    const handler = handlers(this)[event.type]
    if (typeof handler === 'function') handler.call(this, event)
  }
  for (const type of ['open', 'message', 'error', 'close']) {
    const attribute: ThisType<Target> = {
      get [`on${type}`]() {
        return handlers(this)[type] ?? null
      },
      set [`on${type}`](value: unknown) {
        const handler = Object(value) === value ? value : null
        handlers(this)[type] = handler
        this[handler ? 'addEventListener' : 'removeEventListener'](type, call)
      },
    }
    Object.assign(members, Object.getOwnPropertyDescriptors(attribute))
  }
  for (const name in members) (members[name] as PropertyDescriptor).enumerable = true
  const name = { value: 'WebSocket', configurable: true }
  Object.defineProperties(Class, { ...constants, name })
  Object.defineProperties(prototype, { ...members, ...constants, [Symbol.toStringTag]: name })
}
