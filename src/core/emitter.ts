import mitt, { type EventHandlerMap } from 'mitt'
import { onAbort } from './abort.ts'
import type { AnyListener, ListenerOptions } from './events.ts'
import { callSafely, report } from './report.ts'
import { abortSignal, nearest, type OptionRules, resolveGroup, shown } from './validate.ts'

/** A listener as it is stored: an object, because a closure for each would use several times the memory. */
interface Handler {
  readonly listener: (first: never, second?: never) => void
  readonly once: boolean
  isActive: boolean
  /** Removes the listener of the signal. */
  ignoreSignal: (() => void) | undefined
}

const rules: OptionRules<ListenerOptions> = {
  // `addEventListener` converts any value to a boolean, and so does `on`.
  once: { accepts: () => true, expected: 'a boolean' },
  signal: abortSignal,
}

const noOptions: ListenerOptions = {}

/** An event, and what to call right before its listeners: a callback that belongs to the event, such as `onOutcome`. */
export type PendingEvent<EventMap> = {
  [Name in keyof EventMap]: [name: Name, value: EventMap[Name], before?: (() => void) | undefined]
}[keyof EventMap]

/** Event names of other libraries, and the events to suggest instead. */
const SUGGESTIONS: Record<string, string> = {
  close: 'waiting or closed',
  error: 'waiting or closed',
  disconnect: 'waiting or closed',
  reconnecting: 'waiting',
  connect: 'open',
  connected: 'open',
  data: 'message, text, json or binary',
}

/**
 * mitt's registry with a dispatch of our own: a listener that throws does not stop the others, nothing is allocated per
 * event, and what is emitted during an event is dispatched after it, so that all listeners see the same order.
 */
export class Emitter<EventMap extends object> {
  /** The event that is being dispatched. */
  dispatching: keyof EventMap | undefined
  readonly #handlers = new Map<keyof EventMap | '*', Handler[]>()
  /** The handlers of `'*'`. This and the next two are cached for every message: a lookup in the map takes longer than the listener. */
  #wildcardHandlers: Handler[] | undefined
  /** Whether there is a listener for `json`. */
  wantsJson = false
  /** Whether there is a listener for an event that carries the data of a frame: `text`, `json` or `binary`. */
  wantsData = false
  /** The names of all events. */
  readonly #names: readonly string[]
  /** Events that were emitted while another one was dispatched. */
  #pending: PendingEvent<EventMap>[] | undefined

  constructor(names: readonly string[]) {
    this.#names = names
  }

  /** @throws {TypeError} for an unknown name, or a listener that is not a function */
  on(
    name: (keyof EventMap & string) | '*',
    listener: ((value: never) => void) | AnyListener<EventMap>,
    options?: ListenerOptions,
  ): () => void {
    this.#check(name, listener)
    // Most listeners are added without options: then there is nothing to check.
    const { once, signal } = options === undefined ? noOptions : resolveGroup('on.', options, rules)
    if (signal?.aborted) return () => {}
    const handler: Handler = {
      listener: listener as Handler['listener'],
      once: Boolean(once),
      isActive: true,
      ignoreSignal: undefined,
    }
    const remove = () => this.#remove(name, handler)
    handler.ignoreSignal = onAbort(signal, remove)
    // The mitt object is not stored: its three closures would use more memory than the lists of handlers.
    mitt(this.#handlers as unknown as EventHandlerMap<Record<string, never>>).on(name, handler as never)
    this.#listenersChanged()
    return remove
  }

  /** Removes a listener, added once or several times. @throws {TypeError} as `on` does */
  off(name: (keyof EventMap & string) | '*', listener: (...values: never) => void): void {
    this.#check(name, listener)
    for (const handler of this.#handlers.get(name) ?? [])
      if (handler.listener === listener) this.#remove(name, handler)
  }

  emit<Name extends keyof EventMap>(name: Name, value: EventMap[Name]): void {
    if (this.dispatching !== undefined) {
      this.#pending ??= []
      this.#pending.push([name, value])
      return
    }
    this.#dispatch(name, value)
    if (this.#pending) this.#flush()
  }

  /** Emits several events. Events that their listeners emit are dispatched after all of them. */
  emitAll(events: PendingEvent<EventMap>[]): void {
    this.#pending ??= []
    // One by one: a call takes some 100,000 arguments at most, and a queue may hold more messages.
    for (const event of events) this.#pending.push(event)
    if (this.dispatching === undefined) this.#flush()
  }

  #flush(): void {
    // Listeners may append to this list while it is iterated over.
    for (const [name, value, before] of this.#pending ?? []) this.#dispatch(name, value, before)
    this.#pending = undefined
  }

  #dispatch(name: keyof EventMap, value: unknown, before?: () => void): void {
    const handlers = this.#handlers.get(name)
    const wildcardHandlers = this.#wildcardHandlers
    if (!handlers && !wildcardHandlers && !before) return
    this.dispatching = name
    if (before) callSafely(before)
    if (handlers) this.#callAll(handlers, name, value as never)
    if (wildcardHandlers) this.#callAll(wildcardHandlers, '*', name as never, value as never)
    this.dispatching = undefined
  }

  #callAll(handlers: Handler[], name: keyof EventMap | '*', first: never, second?: never): void {
    // `length` is read once: handlers that are added during this event are not called for it.
    for (let i = 0, { length } = handlers; i < length; i++) {
      const handler = handlers[i]
      if (!handler?.isActive) continue
      if (handler.once) this.#remove(name, handler)
      try {
        // Not called as a method, so that the listener does not receive the handler as `this`.
        const { listener } = handler
        listener(first, second)
      } catch (error) {
        report(error)
      }
    }
  }

  #remove(name: keyof EventMap | '*', handler: Handler): void {
    if (!handler.isActive) return
    handler.isActive = false
    handler.ignoreSignal?.()
    // A new list, because a dispatch may be iterating over the old one.
    const rest = this.#handlers.get(name)?.filter((other) => other !== handler)
    if (rest?.length) this.#handlers.set(name, rest)
    else this.#handlers.delete(name)
    this.#listenersChanged()
  }

  #listenersChanged(): void {
    const handlers: ReadonlyMap<unknown, Handler[]> = this.#handlers
    this.#wildcardHandlers = handlers.get('*')
    this.wantsJson = handlers.has('*') || handlers.has('json')
    this.wantsData = this.wantsJson || handlers.has('text') || handlers.has('binary')
  }

  #check(name: keyof EventMap | '*', listener: unknown): void {
    if (name !== '*' && !this.#names.includes(name as string)) {
      const instead = Object.hasOwn(SUGGESTIONS, name)
        ? SUGGESTIONS[name as string]
        : nearest(String(name), this.#names)
      const cure = instead ? `Did you mean ${instead}?` : `There are: ${this.#names.join(', ')}.`
      throw new TypeError(`holdfast: on: there is no event ${shown(name)}. ${cure}`)
    }
    if (typeof listener !== 'function')
      throw new TypeError(
        `holdfast: on: the listener of ${shown(name)} must be a function, not ${shown(listener)}`,
      )
  }
}
