/*
 * The event classes are taken together and once, when this module is loaded: a target accepts only events of its own
 * implementation, and jsdom and happy-dom bring their own.
 */

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

const { Event: BaseEvent, CloseEvent, MessageEvent } = globalThis

const usable = (candidate: { prototype: Event } | undefined) => candidate?.prototype instanceof BaseEvent

const Closing = usable(CloseEvent) ? CloseEvent : OwnCloseEvent
const Messaging = usable(MessageEvent) ? MessageEvent : OwnMessageEvent

export const simpleEvent = (type: 'open' | 'error'): Event => new BaseEvent(type)

export const closeEvent = (code: number, reason: string, wasClean: boolean): Event =>
  new Closing('close', { code, reason, wasClean })

export const messageEvent = (data: unknown, origin: string): Event =>
  new Messaging('message', { data, origin })
