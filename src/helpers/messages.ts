import type { Events, SocketLike } from '../core/events.ts'

/** Which frames to iterate over, and how many may wait for the loop. */
export interface MessagesOptions<Name> {
  /** The event whose values are wanted. @default 'json' */
  of?: Name | undefined
  /** How many values may wait while the loop is busy; one more ends it with a `RangeError`. @default 1_000 */
  buffer?: number | undefined
  /** Aborting ends the loop with the signal's reason. */
  signal?: AbortSignal | undefined
}

/**
 * `for await (const message of messages(socket))`: all that comes from the call on, over reconnects, until `closed`
 * ends the loop. Nothing is skipped: a loop that cannot keep up ends with an error, after what was held for it.
 */
export function messages<In, Name extends 'message' | 'text' | 'json' | 'binary' = 'json'>(
  wire: Pick<SocketLike<In, never>, '~in' | 'on' | 'status'>,
  { of = 'json' as Name, buffer = 1_000, signal }: MessagesOptions<Name> = {},
): AsyncGenerator<Events<In>[Name], void, undefined> {
  const held: Events<In>[Name][] = []
  let end: { error?: unknown } | undefined
  let wake = () => {}
  const stop = (how: { error?: unknown }) => {
    end ??= how
    for (const undo of undos) undo()
    wake()
  }
  const aborted = () => stop({ error: signal?.reason })
  const undos = [
    wire.on(of, (value) => {
      if (held.length >= buffer)
        return stop({ error: new RangeError(`messages: the loop is ${buffer} behind`) })
      held.push(value)
      wake()
    }),
    wire.on('closed', () => stop({})),
    () => signal?.removeEventListener('abort', aborted),
  ]
  signal?.addEventListener('abort', aborted)
  if (signal?.aborted) aborted()
  if (wire.status === 'closed') stop({})

  async function* loop(): AsyncGenerator<Events<In>[Name], void, undefined> {
    try {
      for (;;) {
        while (held.length) yield held.shift() as Events<In>[Name]
        if (end && 'error' in end) throw end.error
        if (end) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      stop({})
    }
  }
  const iterator = loop()
  const leave = iterator.return.bind(iterator)
  // A generator that has not begun would not hear of it.
  iterator.return = (value) => {
    stop({})
    return leave(value)
  }
  return iterator
}
