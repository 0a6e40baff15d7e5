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

/** A socket with at least these events: a session has more than those of every `SocketLike`. */
export type Emits<EventMap extends Events> = SocketLike<unknown, never> & { readonly '~events'?: EventMap }

/** Calls `listener` for every event of that name. Returns an unsubscribe function. */
export function subscribe<EventMap extends Events, Name extends keyof EventMap>(
  socket: Emits<EventMap>,
  name: Name | '*',
  listener: (...event: never[]) => void,
): () => void {
  // `'*'` selects an overload of `on` that accepts both kinds of listeners.
  return socket.on(name as '*', listener as (...event: unknown[]) => void)
}

/** Calls `publish` with the values of an event. Returns an unsubscribe function. */
export function follow<EventMap extends Events, Name extends keyof EventMap>(
  socket: Emits<EventMap>,
  name: Name,
  perFrame: boolean,
  publish: (value: EventMap[Name]) => void,
): () => void {
  if (!perFrame) return subscribe(socket, name, publish)
  let frame = 0
  let newest: () => void
  const off = subscribe(socket, name, (value: EventMap[Name]) => {
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
