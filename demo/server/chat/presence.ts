import type { Shown } from './people.ts'

/** Who is in the room, connected to other processes. */
export interface RemotePresence {
  readonly people: readonly Shown[]
  listen(changed: () => void): void
  /** Tells the others who is connected to this one. */
  tell(people: Shown[]): void
  close(): void
}
