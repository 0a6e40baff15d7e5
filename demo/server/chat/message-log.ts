import { randomUUID } from 'node:crypto'
import { writePicture } from './picture.ts'
import { type Receipt, Receipts } from './receipts.ts'

/** Something that is to find its place in the order of the room. */
export interface Draft {
  head: { type: string; id?: string; from?: { id: string; name: string }; [field: string]: unknown }
  /** Of a picture. */
  bytes?: Buffer
}

/** Something that has. */
export interface Entry extends Receipt {
  frame: string | Buffer
  id: string | undefined
  author: string | undefined
}

export interface Added extends Receipt {
  /** It had its place already. */
  again: boolean
}

/** The order of what is said in one room: everybody hears the same, in the same order. */
export interface MessageLog {
  /** Names the room: the numbers of another one mean nothing here. */
  readonly room: string
  /** Tells of every entry, in order; and when all are gone, and the room is another one. */
  listen(heard: (entry: Entry) => void, emptied: () => void): void
  /** With the same key, it is added once. */
  add(draft: Draft, key?: string): Added | Promise<Added>
  close(): void
}

export function entryOf({ head, bytes }: Draft, { seq, at }: Receipt): Entry {
  const { type, ...rest } = head
  const header = { type, seq, at, ...rest }
  const frame = bytes ? writePicture(header, bytes) : JSON.stringify(header)
  return { seq, at, frame, id: head.id, author: head.from?.id }
}

/** The messageLog of a room in one process. */
export class MemoryMessageLog implements MessageLog {
  /** Another one after each start of the process. */
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
