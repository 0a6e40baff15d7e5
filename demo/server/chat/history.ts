/** One frame that was sent to the room, and its place in the order. */
export interface Entry {
  seq: number
  frame: string | Buffer
}

export interface HistoryOptions {
  entries: number
  bytes: number
}

/** The last messages, for those who come back. Bounded in number and in bytes, because pictures are large. */
export class History {
  readonly #options: HistoryOptions
  readonly #entries: Entry[] = []
  #bytes = 0

  constructor(options: HistoryOptions) {
    this.#options = options
  }

  add(entry: Entry): void {
    this.#entries.push(entry)
    this.#bytes += Buffer.byteLength(entry.frame)
    while (this.#entries.length > this.#options.entries || this.#bytes > this.#options.bytes) {
      const oldest = this.#entries.shift()
      if (!oldest) return
      this.#bytes -= Buffer.byteLength(oldest.frame)
    }
  }

  /** Everything after `seq` that is still kept, and whether something in between is not. */
  after(seq: number, last: number): { entries: Entry[]; missed: boolean } {
    const oldest = this.#entries[0]?.seq ?? last + 1
    return { entries: this.#entries.filter((entry) => entry.seq > seq), missed: seq > 0 && oldest > seq + 1 }
  }
}
