import type { Events, SocketLike } from '../index.ts'

/** How often a value is passed on. */
export interface LatestOptions {
  /**
   * Pass on the newest value once per animation frame, instead of every value. For streams that are faster than the
   * screen. A hidden page has no frames: it gets the newest value when it is shown.
   *
   * @default false
   */
  perFrame?: boolean | undefined
}

/** Calls `publish` with the values of an event. Returns an unsubscribe function. */
export function follow<In, Kind extends BinaryType, Name extends keyof Events<In, Kind>>(
  socket: SocketLike<In, never, Kind>,
  name: Name,
  perFrame: boolean,
  publish: (value: Events<In, Kind>[Name]) => void,
): () => void {
  if (!perFrame) return socket.on(name, publish)
  let frame = 0
  let newest: () => void
  const off = socket.on(name, (value) => {
    newest = () => {
      frame = 0
      publish(value)
    }
    frame ||= requestAnimationFrame(() => newest())
  })
  return () => {
    off()
    if (frame) {
      cancelAnimationFrame(frame)
      newest()
    }
  }
}
