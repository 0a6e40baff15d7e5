import mitt, { type EventHandlerMap } from 'mitt'

type Listener<Value> = (value: Value) => void

/** Shows what an application's own function threw, as the page's uncaught errors are shown; nobody else is harmed. */
export function report(error: unknown): void {
  try {
    // Node has no `reportError`, and throwing from a timer there would end the process.
    ;(globalThis.reportError ?? console.error)(error)
  } catch {
    // The page's own has failed: there is nobody left to tell.
  }
}

/** Runs what the application gave us; `undefined` when it throws. */
export function callSafely<Value, Answer>(run: (value: Value) => Answer, value?: Value): Answer | undefined {
  try {
    return run(value as Value)
  } catch (error) {
    report(error)
  }
}

/**
 * mitt's registry with a dispatch of our own: nothing is copied per event, a listener that throws starves nobody, and
 * what is emitted during an event is heard after it, so that all listeners hear the same order.
 */
export class Emitter<Events> {
  readonly #lists = new Map<keyof Events, Listener<never>[]>()
  /** What was emitted meanwhile, if anything. */
  #later: [keyof Events, never][] | undefined
  #busy = false

  /** Whether anybody listens. */
  has(name: keyof Events): boolean {
    return this.#lists.has(name)
  }

  on<Name extends keyof Events & string>(name: Name, listener: Listener<Events[Name]>): () => void {
    let wanted = true
    const own = (value: Events[Name]) => {
      if (wanted) listener(value)
    }
    // Not kept: it would weigh more than the lists.
    mitt(this.#lists as EventHandlerMap<Record<keyof Events & string, never>>).on(name, own)
    return () => {
      wanted = false
      // A new list: somebody may be walking the old one.
      const rest = this.#lists.get(name)?.filter((other) => other !== own)
      if (rest?.length) this.#lists.set(name, rest)
      else this.#lists.delete(name)
    }
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    if (this.#busy) return this.emitAll(name, [value])
    this.#dispatch(name, value as never)
    if (this.#later) this.emitAll(name, [])
  }

  /** Emits one after the other; what listeners do meanwhile is heard after all of them. */
  emitAll<Name extends keyof Events>(name: Name, values: Events[Name][]): void {
    this.#later ??= []
    for (const value of values) this.#later.push([name, value as never])
    if (this.#busy) return
    // It grows meanwhile.
    for (const event of this.#later) this.#dispatch(...event)
    this.#later = undefined
  }

  #dispatch(name: keyof Events, value: never): void {
    const list = this.#lists.get(name)
    if (!list) return
    this.#busy = true
    // Who is added meanwhile stands behind `length`.
    for (let i = 0, { length } = list; i < length; i++) {
      try {
        list[i]?.(value)
      } catch (error) {
        report(error)
      }
    }
    this.#busy = false
  }
}
