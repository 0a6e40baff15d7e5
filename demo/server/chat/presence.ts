import type { Shown } from './people.ts'

/** Who is in the room by way of other processes. */
export interface RemotePresence {
  readonly people: readonly Shown[]
  listen(changed: () => void): void
  /** Who is here by way of this one. */
  tell(people: Shown[]): void
  close(): void
}
