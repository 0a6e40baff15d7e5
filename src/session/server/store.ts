import type { Refusal } from '../protocol/frames.ts'
import type { Item } from './socket.ts'

export type Awaitable<Value> = Value | PromiseLike<Value>

/** A request for a session, made for each hello. `name` is the SHA-256 of the session's id. */
export interface Claim {
  name: string
  /** The number of the attempt. */
  n: number
  /** How many messages the client has received; undefined while it has never been welcomed. */
  got: number | undefined
  principal: string
}

/** The recorded state of a session that another process has had. */
export interface Kept {
  /** How many messages of the client were handled. */
  got: number
  /** How many messages to the client it has acknowledged. */
  acked: number
  /** The messages after those, oldest first. */
  items: Item[]
  /** The topics to which the session is subscribed, by `TopicLog.join`. */
  topics?: string[]
  /** The topics that it has left by `TopicLog.leave` with `unconfirmed`. */
  left?: string[]
}

/**
 * `created`: the session is new; `resumed`: it exists. `kept` is what another process recorded of it; without it, the process
 * goes on with the session object that it has.
 */
export type Answer = { type: 'created' | 'resumed'; kept?: Kept } | ({ type: 'refused' } & Refusal)

/** The session that a journal reports to. Its methods are called in order. */
export interface Recorder {
  /** These are stored, numbered after those stored before: they may be sent now. */
  stored(items: Item[]): void
  /** It is recorded that all messages up to `got` are handled: they may be acknowledged now. */
  recorded(got: number): void
  /** Another process has taken the session over. */
  fenced(): void
  /**
   * The items that waited when the session was taken over, or came later, are stored for the process that has it now; or the
   * session is over, and they are not.
   */
  forwarded?(items: Item[], stored: boolean): void
  /**
   * The store does not have the session any more, or has lost a part of it. `ended`: another process has already notified the
   * application that it ended.
   */
  forgotten(ended: boolean): void
  /** The store cannot be reached. Nothing is lost yet, and nothing may be acknowledged. */
  failed(error: unknown): void
}

/** The record of one session that this process owns. Changes during a round trip are written together with the next. */
export interface Journal {
  /** Whether another process may own the session by now, because this one was out of touch for too long. */
  readonly doubtful: boolean
  /** What is not stored yet: messages and bytes. */
  readonly waiting: { messages: number; bytes: number }
  /** Stores a message for the client; the recorder is notified with this very object. */
  append(item: Item): void
  /** Messages up to `got` are handled, and the client has acknowledged up to `acked`. */
  note(got: number, acked: number): void
  /** Another process may have stored messages for the session. */
  wake(): void
  /** Writes what is left, then releases the ownership of the session. */
  release(): Promise<void>
}

/** The process, as its shared store sees it. */
export interface Host {
  /** Another process has stored a message for a session that this one owns. */
  wake(name: string): void
  /**
   * Another process wants a session of this one, for attempt number `n` of its client: resolves once all that is handled is
   * recorded. False: it is not here. Nothing is handed over if a later attempt has arrived here.
   */
  handOver(name: string, n: number): Promise<boolean>
  /** A session has ended that no process owned. */
  expired(name: string, principal: string, delivered: number, sent: number): void
  /** Such a session was subscribed to a topic. Called once, in one process, before `expired`. */
  left?(topic: string, member: TopicMember): void
  /** Another process, which had the session before, has ended one of its subscriptions. */
  unsubscribed?(name: string, topic: string): void
}

/** What a store may hold. Times in s. */
export interface Bounds {
  ttl: number
  tombstone: number
  sessions: number
  perPrincipal: number
  topics: TopicBounds
}

/** Bounds of one topic's log: whichever is reached first removes the oldest messages. */
export interface TopicBounds {
  messages: number
  bytes: number
  /** In s. */
  age: number
}

/**
 * A place in a topic. Offsets count the messages of an epoch: 1, 2, 3 … without gaps. A log that was deleted, or that may
 * have lost messages, begins a new epoch.
 */
export interface TopicPosition {
  /** 1 to 40 letters, digits, `-` and `_`. */
  epoch: string
  /** Of the newest message; 0 before the first. */
  offset: number
}

/** Consecutive messages of a topic, oldest first. */
export interface TopicPage {
  epoch: string
  /** The offset of the first of `items`; where there are none, the offset that would come next. */
  from: number
  /** As they were published. Text is not escaped. */
  items: Item[]
  /** The offset of the newest message of the log. */
  last: number
}

/** A session that is subscribed to a topic. */
export interface TopicMember {
  id: string
  principal: string
}

/** The logs of topics, and who is subscribed. One log per topic, whatever the number of its subscribers. */
export interface TopicLog {
  /**
   * Appends a message. Resolves once it is stored, with its position; rejects where that is not known. With a key that was
   * used in the last 10 minutes (or `age`, if that is shorter), nothing is appended, and the position is that of the first message.
   */
  publish(topic: string, item: Item, key?: string): Awaitable<TopicPosition>
  /**
   * The messages after offset `after`, at most `limit` of them and about 1 MiB; those that the log still has, where it does
   * not reach back so far (`from` is then above `after` + 1).
   */
  read(topic: string, after: number, limit: number): Awaitable<TopicPage>
  /**
   * From now on `added` is called with the messages after the position that this resolves with: each once, in order, until
   * `unfollow`. A process follows a topic once, while it has a subscriber. `added` may be called before this resolves.
   * Messages that are missing between two pages were lost to this process (it reads them, or tells the clients); a page of
   * another epoch means that the log was created again.
   */
  follow(topic: string, added: (page: TopicPage) => void): Awaitable<TopicPosition>
  unfollow(topic: string): void
  /** The session is subscribed. True where it was not before. It lasts as long as the session, whichever process has it. */
  join(topic: string, member: TopicMember): Awaitable<boolean>
  /**
   * The session is not subscribed any more. True where it was. `unconfirmed`: the client has not confirmed that yet, and as far
   * as this process knows, the session is `here` or `elsewhere`. A shared store then keeps the end for the next process that
   * has the session, and notifies the process that has it now. If the session is `here`, it does not notify this process.
   */
  leave(topic: string, member: TopicMember, unconfirmed?: 'here' | 'elsewhere'): Awaitable<boolean>
  /** The client has confirmed that the session has left the topic. */
  leaveConfirmed?(topic: string, id: string): Awaitable<void>
  members(topic: string): Awaitable<TopicMember[]>
}

/** Where sessions are kept. */
export interface Store {
  /** False: sessions that are away are kept in the process itself, by the session object. */
  readonly shared: boolean
  /** Absent in a store without topics: subscribing and publishing then throw. */
  readonly topics?: TopicLog
  start(host: Host, bounds: Bounds): void
  claim(claim: Claim): Awaitable<Answer>
  /** The session is deleted; a tombstone keeps `got`. Resolves with false if another process has it now: then it goes on. */
  end(name: string, n: number, got: number): Awaitable<boolean | undefined>
  /** Deletes what has expired. Called about once a second. */
  sweep(): Awaitable<void>
  journal?(name: string, n: number, kept: Kept, recorder: Recorder): Journal
  /** Sends to a session of any process. False: there is no such session, or no room. */
  send?(name: string, items: Item[]): Promise<boolean>
  /** The names of all sessions of a principal, of all processes. */
  sessionsOf?(principal: string): Awaitable<string[]>
  stop(): Awaitable<void>
}
