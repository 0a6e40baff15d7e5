import { abortReason, onAbort } from './abort.ts'
import { requireData } from './binary.ts'
import type { Greeting, Options } from './options.ts'
import type { FrameHandler, Link } from './protocol.ts'

type Greet = Exclude<Options['greet'], false | undefined>

/** Runs `greet` on a connection: stores the frames that arrive meanwhile, and opens the connection once `greet` resolves. */
export function startGreeting(greet: Greet, link: Link, failed: (error: unknown) => void): FrameHandler {
  const { signal } = link
  const held: MessageEvent[] = []
  const waiting: { resolve: (data: unknown) => void; reject: (error: unknown) => void }[] = []

  const next = (): Promise<unknown> => {
    const data = new Promise<unknown>((resolve, reject) => {
      if (signal.aborted) return reject(abortReason(signal))
      const frame = held.shift()
      if (frame) resolve(frame.data)
      else waiting.push({ resolve, reject })
    })
    // `greet` may no longer await this promise when the attempt ends: that must not be an unhandled rejection.
    data.catch(() => {})
    return data
  }
  const send: Greeting['send'] = (data) => {
    requireData(data)
    link.send(data)
  }
  const stopListening = onAbort(signal, (reason) => {
    for (const { reject } of waiting.splice(0)) reject(reason)
  })

  const run = async () => {
    try {
      await greet({ send, next, signal })
    } catch (error) {
      return failed(error)
    } finally {
      stopListening?.()
    }
    link.open(undefined, held)
  }
  void run()
  return {
    receive(event) {
      const first = waiting.shift()
      if (first) first.resolve(event.data)
      else held.push(event)
      return undefined
    },
  }
}
