import type { SocketLike } from 'holdfast'
import { createSignal, onCleanup, onMount } from 'solid-js'

/**
 * Signals of a socket's status and last message. The socket is open while the component is there.
 *
 *     const { status, latest } = createSocket(new Socket<Message>(url, { autoOpen: false }))
 */
export function createSocket<In>(socket: SocketLike<In, never>) {
  const [status, setStatus] = createSignal(socket.status)
  const [latest, setLatest] = createSignal<In>()
  const unsubscribe = [
    socket.on('status', (change) => setStatus(change.status)),
    socket.on('json', (message) => setLatest(() => message)),
  ]
  // Not on a server.
  onMount(() => socket.open())
  onCleanup(() => {
    for (const off of unsubscribe) off()
    socket.close()
  })
  return { status, latest }
}
