import type { PublishedMessage } from '../../../src/session/server/index.ts'
import { readPicture, writePicture } from './picture.ts'

/** What is published: as JSON, in front of the bytes if it is a picture. */
export interface Head {
  type: string
  at: number
  id?: string
  from?: { id: string; name: string }
  [field: string]: unknown
}

/** A message of the room, as plain connections get it. */
export interface Entry {
  /** Its place in the order of the room. */
  seq: number
  at: number
  id: string | undefined
  author: string | undefined
  frame: string | Buffer
}

/** The epoch of the room's log and the offset in it. */
export const placeOf = (cursor: string): { room: string; seq: number } => {
  const [room = '', seq] = cursor.split(':')
  return { room, seq: Number(seq) }
}

/** The newest messages of the room, for plain connections, which have no topics. */
export class History {
  /** Numbers of another room mean nothing in this one. */
  room = ''
  last = 0
  readonly most: { messages: number; bytes: number }
  #entries: Entry[] = []
  #bytes = 0

  constructor(most: { messages: number; bytes: number }) {
    this.most = most
  }

  /** Empties it, if this is another room. Returns whether it was. */
  moved(room: string): boolean {
    if (room === this.room) return false
    Object.assign(this, { room, last: 0 })
    this.#entries = []
    this.#bytes = 0
    return true
  }

  add({ cursor, data }: PublishedMessage): Entry {
    const { seq } = placeOf(cursor)
    const picture = typeof data === 'string' ? undefined : readPicture(Buffer.from(data))
    const head = (picture?.header ?? JSON.parse(data as string)) as Head
    const { type, ...rest } = head
    const header = { type, seq, ...rest }
    const frame = picture ? writePicture(header, picture.bytes) : JSON.stringify(header)
    const entry = { seq, at: head.at, id: head.id, author: head.from?.id, frame }
    this.last = seq
    this.#entries.push(entry)
    this.#bytes += Buffer.byteLength(frame)
    while (this.#entries.length > this.most.messages || this.#bytes > this.most.bytes)
      this.#bytes -= Buffer.byteLength(this.#entries.shift()?.frame ?? '')
    return entry
  }

  find(seq: number): Entry | undefined {
    return this.#entries.find((entry) => entry.seq === seq)
  }

  /** Everything after `seq` that is still kept, and whether something in between is not. */
  after(seq: number): { entries: Entry[]; missed: boolean } {
    const oldest = this.#entries[0]?.seq ?? this.last + 1
    return { entries: this.#entries.filter((entry) => entry.seq > seq), missed: seq > 0 && oldest > seq + 1 }
  }
}
