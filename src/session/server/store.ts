import type { Refusal } from '../protocol/frames.ts'
import type { Item } from './socket.ts'

export type Awaitable<Value> = Value | PromiseLike<Value>

/** What a hello asks of the store. `name` is the SHA-256 of the id. */
export interface Claim {
  name: string
  n: number
  got: number | undefined
  principal: string
}

/** What another process left of a session. */
export interface Kept {
  /** How many messages of the client were handled. */
  got: number
  /** How many messages to the client it has acknowledged, and those that it has not. */
  acked: number
  items: Item[]
}

/** `made`: it is new; `found`: it goes on; with what is `kept` elsewhere; or why not. */
export type Answer = { is: 'made' | 'found'; kept?: Kept } | ({ is: 'refused' } & Refusal)

/** Whom a journal tells, in order. */
export interface Recorder {
  /** These are stored, under the numbers after those stored before: they may be sent now. */
  stored(items: Item[]): void
  /** It is recorded that all up to `got` is handled: it may be acknowledged now. */
  recorded(got: number): void
  /** Another process has the session. */
  fenced(): void
  /** The store has forgotten the session. */
  forgotten(): void
  /** The store cannot be reached. Nothing is lost yet, and nothing may be acknowledged. */
  failed(error: unknown): void
}

/** The record of one session that this process owns. Writes go out together, one round trip at a time. */
export interface Journal {
  /** Whether another process may have the session by now, because this one was out of touch for too long. */
  readonly doubtful: boolean
  /** What is not stored yet: messages and bytes. */
  readonly waiting: { messages: number; bytes: number }
  append(item: Item): void
  /** Messages up to `got` are handled, and the client has acknowledged up to `acked`. */
  note(got: number, acked: number): void
  /** There may be messages from another process. */
  wake(): void
  /** Writes what is left and leaves the session to whoever comes. */
  release(): Promise<void>
}

/** What a shared store tells its process. */
export interface Host {
  /** Somebody has sent to a session of ours. */
  wake(name: string): void
  /** Another process wants a session of ours: it must get all that is handled here recorded first. False: it is not ours. */
  give(name: string): Promise<boolean>
  /** A session has ended that no process had. */
  expired(name: string, principal: string, delivered: number, sent: number): void
}

/** Times in s, and how many sessions there may be. */
export interface Bounds {
  ttl: number
  tombstone: number
  sessions: number
  perPrincipal: number
}

/** Where sessions are kept. */
export interface Store {
  /** Sessions that are away are kept in the process itself, by the session object. */
  readonly shared: boolean
  start(host: Host, bounds: Bounds): void
  claim(claim: Claim): Awaitable<Answer>
  /** The session is deleted; a tombstone keeps `got`. */
  end(name: string, n: number, got: number): Awaitable<void>
  /** Takes back what has had its time. Called about once a second. */
  sweep(): Awaitable<void>
  journal?(name: string, n: number, kept: Kept, recorder: Recorder): Journal
  /** Sends to a session of any process. False: there is no such session, or no room. */
  send?(name: string, items: Item[]): Promise<boolean>
  stop(): Awaitable<void>
}
