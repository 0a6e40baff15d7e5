import { randomUUID } from 'node:crypto'
import { writePicture } from './picture.ts'
import { type Receipt, Receipts } from './receipts.ts'

/** A message that has no place in the order of the room yet. */
export interface Draft {
  head: { type: string; id?: string; from?: { id: string; name: string }; [field: string]: unknown }
  /** The bytes of a picture. */
  bytes?: Buffer
}

/** A message with its place in the order. */
export interface Entry extends Receipt {
  frame: string | Buffer
  id: string | undefined
  author: string | undefined
}

export interface Added extends Receipt {
  /** Whether it was in the log already. */
  again: boolean
}

/** The messages of one room in one order, which is the same for everybody. */
export interface MessageLog {
  /** The id of the room. Numbers of another room mean nothing here. */
  readonly room: string
  /** Calls `heard` for every entry, in order, and `emptied` when all are gone and the room is another one. */
  listen(heard: (entry: Entry) => void, emptied: () => void): void
  /** Appends a message. With the same key it is added once. */
  add(draft: Draft, key?: string): Added | Promise<Added>
  close(): void
}

export function entryOf({ head, bytes }: Draft, { seq, at }: Receipt): Entry {
  const { type, ...rest } = head
  const header = { type, seq, at, ...rest }
  const frame = bytes ? writePicture(header, bytes) : JSON.stringify(header)
  return { seq, at, frame, id: head.id, author: head.from?.id }
}

/** The message log of a room in one process. */
export class MemoryMessageLog implements MessageLog {
  /** A new one at each start of the process. */
  readonly room = randomUUID()
  readonly #receipts = new Receipts()
  #heard: (entry: Entry) => void = () => {}
  #seq = 0

  listen(heard: (entry: Entry) => void): void {
    this.#heard = heard
  }

  add(draft: Draft, key?: string): Added {
    const known = key === undefined ? undefined : this.#receipts.get(key)
    if (known) return { ...known, again: true }
    const receipt = { seq: ++this.#seq, at: Date.now() }
    if (key !== undefined) this.#receipts.add(key, receipt)
    this.#heard(entryOf(draft, receipt))
    return { ...receipt, again: false }
  }

  close(): void {}
}
