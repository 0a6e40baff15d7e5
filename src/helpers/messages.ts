import { onAbort } from '../core/abort.ts'
import type { Events, SocketLike } from '../core/events.ts'
import { abortSignal, numberFrom, oneOf, resolveGroup } from '../core/validate.ts'

/** Which frames to iterate over, and how many may wait for the loop. */
export interface MessagesOptions<Name> {
  /** The event whose values are wanted. @default 'json' */
  of?: Name | undefined
  /** How many values may wait while the loop is busy; one more ends it with a `RangeError`. @default 1_000 */
  buffer?: number | undefined
  /** Aborting ends the loop with the signal's reason. */
  signal?: AbortSignal | undefined
}

const rules = {
  of: oneOf(['message', 'text', 'json', 'binary'], 'json'),
  buffer: numberFrom(0, 1_000),
  signal: abortSignal,
}

/**
 * `for await (const message of messages(socket))`: everything that arrives from this call on, in order, over reconnects, until
 * `closed` ends the loop. Nothing is skipped: a loop that cannot keep up receives the stored values and then ends with an error.
 *
 * @throws {TypeError | RangeError} for unknown options and values
 */
export function messages<In, Name extends 'message' | 'text' | 'json' | 'binary' = 'json'>(
  socket: Pick<SocketLike<In, never>, '~events' | 'on' | 'status'>,
  options: MessagesOptions<Name> = {},
): AsyncGenerator<Events<In>[Name], void, undefined> {
  const resolved = resolveGroup('messages.', options, rules)
  const { buffer, signal } = resolved
  const name = resolved.of as Name
  const stored: Events<In>[Name][] = []
  let end: { error?: unknown } | undefined
  let wake = () => {}
  let isWaiting = false
  const stop = (how: { error?: unknown }) => {
    end ??= how
    for (const cleanup of cleanups) cleanup?.()
    wake()
  }
  const cleanups: ((() => void) | undefined)[] = [
    socket.on(name, (value) => {
      // The first one is for the loop that waits for it.
      if (stored.length >= buffer && !(isWaiting && !stored.length))
        return stop({ error: new RangeError(`holdfast: messages: the loop is ${buffer} messages behind`) })
      stored.push(value)
      wake()
    }),
    socket.on('closed', () => stop({})),
  ]
  cleanups.push(onAbort(signal, (error) => stop({ error })))
  if (socket.status === 'closed') stop({})

  async function* loop(): AsyncGenerator<Events<In>[Name], void, undefined> {
    try {
      for (;;) {
        while (stored.length) yield stored.shift() as Events<In>[Name]
        if (end && 'error' in end) throw end.error
        if (end) return
        isWaiting = true
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        isWaiting = false
      }
    } finally {
      stop({})
    }
  }
  const iterator = loop()
  // The `finally` block of a generator does not run before its first `next()`, so these two clean up as well.
  const returnLoop = iterator.return.bind(iterator)
  iterator.return = (value) => {
    stop({})
    return returnLoop(value)
  }
  const throwIntoLoop = iterator.throw.bind(iterator)
  iterator.throw = (error) => {
    stop({})
    return throwIntoLoop(error)
  }
  return iterator
}
