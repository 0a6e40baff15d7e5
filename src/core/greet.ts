import { requireData } from './binary.ts'
import { abortReason } from './errors.ts'
import type { Greeting, Options } from './options.ts'
import type { FrameHandler, Link } from './protocol.ts'

type Greet = Exclude<Options['greet'], false | undefined>

/** Runs `greet` on a connection: holds the frames that come meanwhile, and opens the connection when it is done. */
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
    // If nobody awaits it any more when the attempt ends, that is no unhandled rejection.
    data.catch(() => {})
    return data
  }
  const send: Greeting['send'] = (data) => {
    requireData(data)
    link.send(data)
  }
  const aborted = () => {
    for (const { reject } of waiting.splice(0)) reject(abortReason(signal))
  }
  signal.addEventListener('abort', aborted)

  const run = async () => {
    try {
      await greet({ send, next, signal })
    } catch (error) {
      return failed(error)
    } finally {
      signal.removeEventListener('abort', aborted)
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
