import type { Credit, Refusal } from '../protocol/frames.ts'
import type { Counters, Ending, Limits } from './limits.ts'

/** What a session needs of its connection. */
export interface Lane {
  write(data: string | Uint8Array, binary?: boolean): void
  refuse(why: Refusal): void
  malformed(what: string): void
  end(code: number, reason: string): void
  refresh(token: string): Promise<void>
}

/** What a session needs of those it stands among. */
export interface SessionHost<Session> {
  readonly settings: { readonly credit: Credit; readonly limits: Limits; readonly ping: number }
  readonly counters: Counters
  /** Seconds, roughly. */
  readonly clock: number
  /** Sessions that owe an acknowledgement within a second. */
  readonly owing: Set<Session>
  received(session: Session, data: string | Uint8Array, key: string): unknown
  end(session: Session, why: Ending['why']): void
  removed(session: Session): void
}
