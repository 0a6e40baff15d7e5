// What the examples in the docs use without showing it: names that every reader can guess.
import type * as Core from 'holdfast'
import type * as SessionClient from 'holdfast/session'
import type * as Tabs from 'holdfast/tabs'
import type * as DropIn from 'holdfast/websocket'

type CoreModule = typeof Core
type DropInModule = typeof DropIn
type SessionModule = typeof SessionClient
type TabsModule = typeof Tabs

declare global {
  /** The global of the script tags: each adds to it. */
  interface HoldfastGlobal extends CoreModule, DropInModule, SessionModule, TabsModule {}
  const Holdfast: HoldfastGlobal

  const Socket: typeof Core.Socket
  type Socket<In = unknown, Out = unknown> = Core.Socket<In, Out>
  type Closed = Core.Closed
  const url: string
  const socket: Core.Socket<Incoming, Outgoing>
  const session: SessionClient.Session<Incoming, Outgoing>

  interface Incoming {
    type: string
    id?: number
    room?: string
    name: string
    message: string
  }
  interface Outgoing {
    type?: string
    [name: string]: unknown
  }

  /** The application's own. */
  function fetchToken(options?: { signal?: AbortSignal; fresh?: boolean }): Promise<string>
  function render(value: unknown): void
  function showStatus(text: string): void
  function showError(text: string): void
  function showLogin(): void
}
