import {
  getCurrentInstance,
  type MaybeRefOrGetter,
  markRaw,
  onMounted,
  type ShallowRef,
  shallowRef,
  toValue,
  watch,
} from 'vue'
import { type Emits, follow, type LatestOptions, subscribe } from '../bindings/follow.ts'
import { hold, initialSocket, sharedSocket } from '../bindings/shared-sockets.ts'
import type { AnyListener, Events, SendOptions, SendResult, SocketLike, Status } from '../index.ts'

/**
 * Calls `start` with the value once the component is mounted, again when it changes, and what `start` returned when the
 * value changes or the scope ends. Outside a component it starts at once. On a server it never starts.
 */
function whileMounted<T extends string | object>(value: () => T, start: (value: T) => () => void): void {
  const inComponent = getCurrentInstance()
  const mounted = shallowRef(!inComponent && typeof document !== 'undefined')
  if (inComponent)
    onMounted(() => {
      mounted.value = true
    })
  watch(
    () => (mounted.value ? value() : undefined),
    (current, _, onCleanup) => {
      if (current !== undefined) onCleanup(start(current))
    },
    { immediate: mounted.value },
  )
}

/**
 * Makes a socket for a component, or shares one: all mounted components that use the same `key` use one socket.
 * It is opened after the first of them is mounted, and closed after the last of them is unmounted. In an `effectScope`
 * outside a component, such as a store, it is opened at once and closed with the scope.
 *
 * Everything that `create` depends on belongs in the key: a socket for another key is another socket.
 *
 * ```ts
 * const socket = useSocket(() => `room/${id}`, () => new Socket(`wss://example.com/${id}`, { autoOpen: false }))
 * ```
 *
 * @param create called in `setup`, also on a server, so it must not connect: pass `autoOpen: false`
 * @throws {TypeError} for a socket that connects by itself
 */
export function useSocket<S extends SocketLike>(
  key: MaybeRefOrGetter<string>,
  create: () => S,
): Readonly<ShallowRef<S>> {
  const createRaw = () => markRaw(create())
  // TypeScript cannot know that a socket is not a ref.
  const socket = shallowRef(initialSocket(toValue(key), createRaw)) as ShallowRef<S>
  whileMounted(
    () => toValue(key),
    (current) => {
      const release = hold(current, createRaw)
      socket.value = sharedSocket(current, createRaw)
      return release
    },
  )
  return socket
}

/** The status of a socket. `idle` on a server and while its HTML is hydrated. */
export function useStatus(
  socket: MaybeRefOrGetter<SocketLike<unknown, never>>,
): Readonly<ShallowRef<Status>> {
  // Vue gives the component its element before `setup` only while hydrating.
  const hydrating = getCurrentInstance()?.vnode.el
  const status = shallowRef<Status>(hydrating ? 'idle' : toValue(socket).status)
  whileMounted(
    () => toValue(socket),
    (current) => {
      const update = () => {
        status.value = current.status
      }
      update()
      return current.on('status', update)
    },
  )
  return status
}

/**
 * The last value of an event since the component was mounted; `undefined` before the first. Changes for every value, or
 * with `perFrame` at most once per animation frame.
 *
 * Use `useListener` for what must not be missed: Vue renders the last value, not each of them.
 */
export function useLatest<EventMap extends Events, Name extends keyof EventMap>(
  socket: MaybeRefOrGetter<Emits<EventMap>>,
  name: Name,
  { perFrame = false }: LatestOptions = {},
): Readonly<ShallowRef<EventMap[Name] | undefined>> {
  const latest = shallowRef<EventMap[Name]>()
  whileMounted(
    () => toValue(socket),
    (current) => {
      latest.value = undefined
      return follow(current, name, perFrame, (value) => {
        latest.value = value
      })
    },
  )
  return latest
}

/**
 * Calls `listener` for every event of that name while the component is mounted.
 *
 * @param name an event, or `'*'` for all of them: the listener then gets the name and the value
 */
export function useListener<EventMap extends Events, Name extends keyof EventMap>(
  socket: MaybeRefOrGetter<Emits<EventMap>>,
  name: Name,
  listener: (value: EventMap[Name]) => void,
): void
export function useListener<EventMap extends Events>(
  socket: MaybeRefOrGetter<Emits<EventMap>>,
  name: '*',
  listener: AnyListener<EventMap>,
): void
export function useListener(
  socket: MaybeRefOrGetter<SocketLike<unknown, never>>,
  name: keyof Events | '*',
  listener: (...event: never[]) => void,
): void {
  whileMounted(
    () => toValue(socket),
    (current) => subscribe(current, name, listener),
  )
}

/** Returns a function that sends a value as JSON over the current socket: for templates, and for keys that change. */
export function useSend<Out>(
  socket: MaybeRefOrGetter<SocketLike<unknown, Out>>,
): (value: Out, options?: SendOptions) => SendResult {
  return (value, options) => toValue(socket).sendJson(value, options)
}
