/**
 * `dispatchEvent` accepts only an `Event` of the implementation that its `EventTarget` belongs to. jsdom and happy-dom replace
 * both globals, so this module takes `Event` when it is loaded, as `FakeWebSocket` does with `EventTarget`.
 */
const { Event } = globalThis

/** Node before 23 has no CloseEvent. */
class OwnCloseEvent extends Event {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean

  constructor(type: string, { code = 0, reason = '', wasClean = false }: CloseEventInit = {}) {
    super(type)
    this.code = code
    this.reason = reason
    this.wasClean = wasClean
  }
}

class OwnMessageEvent extends Event {
  readonly data: unknown
  readonly origin: string

  constructor(type: string, { data = null, origin = '' }: MessageEventInit = {}) {
    super(type)
    this.data = data
    this.origin = origin
  }
}

const ofThisRealm = (candidate: { prototype: Event } | undefined) => candidate?.prototype instanceof Event

export const simpleEvent = (type: 'open' | 'error'): Event => new Event(type)

export function closeEvent(code: number, reason: string, wasClean: boolean): Event {
  const { CloseEvent } = globalThis
  return new (ofThisRealm(CloseEvent) ? CloseEvent : OwnCloseEvent)('close', { code, reason, wasClean })
}

export function messageEvent(data: unknown, origin: string): Event {
  const { MessageEvent } = globalThis
  return new (ofThisRealm(MessageEvent) ? MessageEvent : OwnMessageEvent)('message', { data, origin })
}
