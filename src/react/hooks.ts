import { useCallback, useEffect, useInsertionEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { type Emits, follow, type LatestOptions, subscribe } from '../bindings/follow.ts'
import { hold, initialSocket, sharedSocket } from '../bindings/shared-sockets.ts'
import type { AnyListener, Events, SendOptions, SendResult, SocketLike, Status } from '../index.ts'

/**
 * Makes a socket for a component, or shares one: all mounted components that use the same `key` use one socket.
 * It is opened after the first of them is mounted, and closed after the last of them is unmounted.
 *
 * Everything that `create` depends on belongs in the key: a socket for another key is another socket.
 *
 * ```tsx
 * const socket = useSocket(`room/${id}`, () => new Socket(`wss://example.com/${id}`, { autoOpen: false }))
 * ```
 *
 * @param create called while rendering, also on a server, so it must not connect: pass `autoOpen: false`
 * @throws {TypeError} for a socket that connects by itself
 */
export function useSocket<S extends SocketLike>(key: string, create: () => S): S {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key includes everything that `create` depends on
  const subscribe = useCallback(() => hold(key, create), [key])
  // React reads the snapshot again after it has subscribed: by then this may be another socket, as in an <Activity> that
  // was hidden.
  return useSyncExternalStore(
    subscribe,
    () => sharedSocket(key, create),
    () => initialSocket(key, create),
  )
}

/** The status of a socket. Renders again when it changes. `idle` on a server and while its HTML is hydrated. */
export function useStatus(socket: SocketLike<unknown, never>): Status {
  const subscribe = useCallback((changed: () => void) => socket.on('status', changed), [socket])
  return useSyncExternalStore(
    subscribe,
    () => socket.status,
    () => 'idle',
  )
}

/**
 * The last value of an event since the component was mounted; `undefined` before the first. Renders again for every
 * value, or with `perFrame` at most once per animation frame.
 *
 * Use `useListener` for what must not be missed: React renders the last value, not each of them.
 */
export function useLatest<EventMap extends Events, Name extends keyof EventMap>(
  socket: Emits<EventMap>,
  name: Name,
  { perFrame = false }: LatestOptions = {},
): EventMap[Name] | undefined {
  const store = useMemo(() => {
    let latest: EventMap[Name] | undefined
    return {
      latest: () => latest,
      subscribe: (changed: () => void) =>
        follow(socket, name, perFrame, (value) => {
          latest = value
          changed()
        }),
    }
  }, [socket, name, perFrame])
  return useSyncExternalStore(store.subscribe, store.latest, () => undefined)
}

/**
 * Calls `listener` for every event of that name while the component is mounted, and renders nothing. It is always the
 * newest `listener` that is called, so it needs no `useCallback`.
 *
 * @param name an event, or `'*'` for all of them: the listener then gets the name and the value
 */
export function useListener<EventMap extends Events, Name extends keyof EventMap>(
  socket: Emits<EventMap>,
  name: Name,
  listener: (value: EventMap[Name]) => void,
): void
export function useListener<EventMap extends Events>(
  socket: Emits<EventMap>,
  name: '*',
  listener: AnyListener<EventMap>,
): void
export function useListener(
  socket: SocketLike<unknown, never>,
  name: keyof Events | '*',
  listener: (...event: never[]) => void,
): void {
  const newest = useRef(listener)
  useInsertionEffect(() => {
    newest.current = listener
  })
  useEffect(() => subscribe(socket, name, (...event) => newest.current(...event)), [socket, name])
}

/** `socket.sendJson` as a function that stays the same between renders: for event handlers and memoized children. */
export function useSend<Out>(
  socket: SocketLike<unknown, Out>,
): (value: Out, options?: SendOptions) => SendResult {
  return useCallback((value, options) => socket.sendJson(value, options), [socket])
}
