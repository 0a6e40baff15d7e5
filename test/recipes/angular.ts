import { afterNextRender, DestroyRef, inject, signal } from '@angular/core'
import type { SocketLike } from 'holdfast'

/**
 * Signals of a socket's status and last message. The socket is open while the component is there.
 *
 *     readonly chat = injectSocket(new Socket<Message>(url, { autoOpen: false }))
 */
export function injectSocket<In>(socket: SocketLike<In, never>) {
  const status = signal(socket.status)
  const latest = signal<In | undefined>(undefined)
  const unsubscribe = [
    socket.on('status', (change) => status.set(change.status)),
    socket.on('json', (message) => latest.set(message)),
  ]
  // Not on a server.
  afterNextRender(() => socket.open())
  inject(DestroyRef).onDestroy(() => {
    for (const off of unsubscribe) off()
    socket.close()
  })
  return { status: status.asReadonly(), latest: latest.asReadonly() }
}
