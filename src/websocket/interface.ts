export type EventType = keyof WebSocketEventMap
export type Listener<Type extends EventType> = (this: WebSocket, event: WebSocketEventMap[Type]) => unknown

/** Declares the members that `defineInterface` adds at run time. */
export declare class InterfaceMembers extends EventTarget {
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

/** React Native has no `EventTarget`. With `Object` in its place the module still loads, and the constructor says what is missing. */
export const Base = (globalThis.EventTarget ?? Object) as unknown as typeof InterfaceMembers

/** @throws {TypeError} where the platform has no `EventTarget` or no `Event` */
export function requireEvents(): void {
  for (const name of ['EventTarget', 'Event'] as const)
    if (typeof globalThis[name] !== 'function')
      throw new TypeError(
        `holdfast: there is no global ${name} here. Load a polyfill for it, or use Socket, which needs none.`,
      )
}

const constants = Object.getOwnPropertyDescriptors(
  Object.freeze({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }),
)

/**
 * Adds what a WebIDL interface has and a class lacks: constants, the name, event-handler attributes, enumerable members.
 *
 * @param handlers returns the object that stores the values of the event-handler attributes, by event type
 */
export function defineInterface<Target extends EventTarget>(
  Class: { prototype: Target },
  handlers: (target: Target) => Record<string, unknown>,
): void {
  const { prototype } = Class
  const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(prototype) as PropertyDescriptorMap
  // One listener for all handlers: adding it again keeps its place in the order, as the standard says of such attributes.
  function callHandler(this: Target, event: Event) {
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
        this[handler ? 'addEventListener' : 'removeEventListener'](type, callHandler)
      },
    }
    Object.assign(members, Object.getOwnPropertyDescriptors(attribute))
  }
  for (const name in members) (members[name] as PropertyDescriptor).enumerable = true
  const name = { value: 'WebSocket', configurable: true }
  Object.defineProperties(Class, { ...constants, name })
  Object.defineProperties(prototype, { ...members, ...constants, [Symbol.toStringTag]: name })
}
