import type { Item, Journal, Kept, Recorder } from '../server/index.ts'
import { read, written } from './items.ts'
import type { Leases } from './leases.ts'
import type { Redis } from './redis.ts'
import { HOLD, READ, RELEASE, WRITE } from './scripts.ts'

/** The keys of one session: all of them lie in one slot of a cluster. */
export type SessionKeys = [hash: string, stream: string, topics: string]

/** The session that a journal records, and what it requires from its store. */
export interface JournalContext {
  redis: Redis
  keys: SessionKeys
  /** The ownership under which the session was claimed, and the number of that attempt. */
  ownership: string
  n: number
  /** Marks the messages that this process has stored. */
  tag: number
  /** How long Redis keeps the session after its last write, in ms. */
  keep: number
  /** How much longer a session is kept that is released now, because Redis was unavailable, in ms. */
  stalled: () => number
  /** Whether others still believe that this process is alive, and how often they may have ceased to. */
  leases: Pick<Leases, 'held' | 'lapses'>
  /** The value of `lapses` when the session was claimed. */
  lapses: number
  /**
   * This process does not own the session any more, in which it has stored a message with this number. `compared`: the
   * message was in Redis when the session was released.
   */
  left: (number: number, compared: boolean) => void
  /** Stores messages for a session that this process no longer owns. Resolves with false if it has ended. */
  forward: (items: Item[]) => Promise<boolean>
}

/** How long to wait before a write that failed is tried again, in ms. */
const RETRY = 200
export const pause = () => new Promise((resolve) => setTimeout(resolve, RETRY))

/** The record of one session. Changes during a write are sent together with the next write. */
export class RedisJournal implements Journal {
  /** This process does not own the session any more. */
  over = false
  readonly #context: JournalContext
  readonly #recorder: Recorder
  #items: Item[] = []
  #bytes = 0
  #got: number
  #acked: number
  /** The number of the last message that was reported to the recorder as stored. */
  #stored: number
  /** The number of the last message that this process stored; 0 if it stored none. */
  #own = 0
  /** How often the lease had run out when the last write that was stored was sent: until then the session was owned. */
  #lapses: number
  /** The numbers of the last write that is known to be stored, and of the last one that stored or read messages. */
  #batch = 0
  #relied = 0
  #dirty = false
  #failed = false
  /** Whether a write is under way. False in the same task in which nothing is dirty any more; `flushing` resolves later. */
  #busy = false
  #flushing: Promise<void> | undefined

  constructor(context: JournalContext, { got, acked, items }: Kept, recorder: Recorder) {
    this.#context = context
    this.#recorder = recorder
    this.#got = got
    this.#acked = acked
    this.#stored = acked + items.length
    this.#lapses = context.lapses
  }

  get ownership(): string {
    return this.#context.ownership
  }

  get waiting(): { messages: number; bytes: number } {
    return { messages: this.#items.length, bytes: this.#bytes }
  }

  get doubtful(): boolean {
    const { held, lapses } = this.#context.leases
    // A lease that was renewed after a stall does not show that no other process took the session before.
    return !held || lapses !== this.#lapses
  }

  append(item: Item): void {
    // Another process has taken the session over.
    if (this.over) return void this.#forward([item])
    this.#items.push(item)
    this.#bytes += item.bytes
    this.wake()
  }

  note(got: number, acked: number): void {
    this.#got = got
    this.#acked = acked
    this.wake()
  }

  wake(): void {
    this.#dirty = true
    if (this.#busy) return
    this.#busy = true
    this.#flushing = this.#flush()
  }

  /** A new connection of the client, in this process. Returns what HOLD returns. */
  async hold(n: number, got: number, principal: string): Promise<unknown[]> {
    const { redis, keys, ownership, keep, leases } = this.#context
    const { lapses } = leases
    const answer = await redis.script(HOLD, keys, [n, got, principal, ownership, keep])
    if (answer[0] === 'held') {
      this.#context.n = Math.max(this.#context.n, n)
      this.#lapses = lapses
    } else if (answer[0] === 'moved') this.wake()
    return answer
  }

  /** The process ends, and nothing more is written. */
  stop(): void {
    this.over = true
    this.#recorder.forwarded?.(this.#take(this.#items.length), false)
  }

  async release(): Promise<void> {
    while (this.#busy) await this.#flushing
    if (this.over) return
    this.over = true
    const { redis, keys, ownership, stalled } = this.#context
    const args = [ownership, stalled(), this.#relied]
    const [isReleased] = await redis.script(RELEASE, keys, args).catch((): unknown[] => [])
    this.#leave(isReleased === 1)
  }

  #leave(compared: boolean): void {
    if (this.#own) this.#context.left(this.#own, compared)
  }

  async #flush(): Promise<void> {
    // Waits for the end of the present task, so that one write has all of its changes.
    await undefined
    try {
      while (this.#dirty && !this.over) await this.#flushOnce()
    } finally {
      this.#busy = false
    }
  }

  async #flushOnce(): Promise<void> {
    this.#dirty = false
    const items = [...this.#items]
    const got = this.#got
    const before = await this.#write(items, got, this.#acked)
    if (before === undefined) return
    const others = before > this.#stored ? await this.#read(before) : []
    this.#take(items.length)
    if (!others) {
      // Another process may have taken the session since that write, and its client may have acknowledged the messages.
      const isOwned = (await this.#write([], got, this.#acked)) !== undefined
      if (!isOwned) return this.#recorder.forwarded?.(items, true)
      // Messages that were stored are missing in the stream.
      return this.#lost()
    }
    if (items.length || others.length) this.#relied = this.#batch
    this.#stored = before + items.length
    if (items.length) this.#own = this.#stored
    this.#recorder.stored([...others, ...items])
    this.#recorder.recorded(got)
  }

  /** Repeats the write until it is stored. Returns the number of the message before these; undefined when another process owns the session. */
  async #write(items: Item[], got: number, acked: number): Promise<number | undefined> {
    const { redis, keys, ownership, tag, keep, leases } = this.#context
    const messages = items.map(written)
    const batch = this.#batch + 1
    this.#failed = false
    while (!this.over) {
      try {
        const counts = [ownership, this.#context.n, got, acked, this.#relied, batch, tag, keep]
        const { lapses } = leases
        const [result, detail] = await redis.script(WRITE, keys, [...counts, ...messages])
        if (result === 'stored') {
          this.#batch = batch
          this.#lapses = lapses
          return Number(detail)
        }
        if (result === 'fenced') this.#fence(String(detail), items.length)
        else if (result === 'lost') this.#lost()
        else this.#lose(detail === 'told')
        return
      } catch (error) {
        if (!this.#failed) this.#recorder.failed(error)
        this.#failed = true
        await pause()
      }
    }
  }

  /** The messages that other processes have stored meanwhile; undefined where some of them are missing. */
  async #read(to: number): Promise<Item[] | undefined> {
    const { redis, keys } = this.#context
    for (;;) {
      try {
        const messages = (await redis.script(READ, keys, [this.#stored + 1, to])) as string[]
        return messages.length === to - this.#stored ? messages.map(read) : undefined
      } catch {
        await pause()
      }
    }
  }

  /** Another process has the session, or will have it. `past`: the last write of each earlier owner, as WRITE returns it. */
  #fence(past: string, writing: number): void {
    this.over = true
    this.#leave(false)
    const lastWrite = past.split(' ').find((one) => one.startsWith(`${this.ownership}=`))
    const last = Number(lastWrite?.slice(this.ownership.length + 1))
    // The write may have been stored before the session moved, although its answer was lost. If that is unknown,
    // the messages are not stored again: nothing may be delivered twice.
    const doubtful = this.#failed && last !== this.#batch ? this.#take(writing) : []
    const items = this.#take(this.#items.length)
    this.#recorder.fenced()
    if (doubtful.length) this.#recorder.forwarded?.(doubtful, last === this.#batch + 1)
    void this.#forward(items)
  }

  /** The store has lost writes. Another process may take the session before its end is stored: comparing then finds the loss. */
  #lost(): void {
    this.#leave(false)
    this.#lose(false)
  }

  #lose(ended: boolean): void {
    this.over = true
    this.#recorder.forgotten(ended)
  }

  async #forward(items: Item[]): Promise<void> {
    if (!items.length) return
    const stored = await this.#context.forward(items)
    this.#recorder.forwarded?.(items, stored)
  }

  /** Removes the first items of those that wait. */
  #take(count: number): Item[] {
    const items = this.#items.splice(0, count)
    for (const { bytes } of items) this.#bytes -= bytes
    return items
  }
}
