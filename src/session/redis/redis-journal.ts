import type { Item, Journal, Recorder } from '../server/index.ts'
import type { Redis } from './redis.ts'
import { RELEASE, WRITE } from './scripts.ts'

export type Keys = [hash: string, stream: string, all: string]

/** What a journal is for. */
export interface Place {
  redis: Redis
  keys: Keys
  node: string
  n: number
  /** In ms. */
  keep: number
  /** Whether others still believe that this process is alive. */
  held: () => boolean
  /** How far the record went when the session was taken over. */
  got: number
  acked: number
  sent: number
}

/** How long to wait before a write that failed is tried again, in ms. */
const AGAIN = 200
export const again = () => new Promise((resolve) => setTimeout(resolve, AGAIN))

/** The record of one session: whatever comes up while a write is on its way goes out together with the next. */
export class RedisJournal implements Journal {
  readonly #place: Place
  readonly #recorder: Recorder
  #items: Item[] = []
  #bytes = 0
  #got: number
  #acked: number
  /** The number of the last message that the recorder knows as stored. */
  #stored: number
  #batch = 0
  #dirty = false
  over = false
  #flushing: Promise<void> | undefined

  constructor(place: Place, recorder: Recorder) {
    this.#place = place
    this.#recorder = recorder
    this.#got = place.got
    this.#acked = place.acked
    this.#stored = place.sent
  }

  get waiting(): { messages: number; bytes: number } {
    return { messages: this.#items.length, bytes: this.#bytes }
  }

  get doubtful(): boolean {
    return !this.#place.held()
  }

  append(item: Item): void {
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
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined
    })
  }

  async release(): Promise<void> {
    while (this.#flushing) await this.#flushing
    if (this.over) return
    this.over = true
    const { redis, keys, n, node } = this.#place
    await redis.script(RELEASE, keys, [n, node]).catch(() => {})
  }

  async #flush(): Promise<void> {
    // Whatever else happens in this turn goes with it.
    await undefined
    while (this.#dirty && !this.over) {
      this.#dirty = false
      const items = [...this.#items]
      const [got, acked, batch] = [this.#got, this.#acked, ++this.#batch]
      const before = await this.#write(items, got, acked, batch)
      if (before === undefined) return
      const others = before > this.#stored ? await this.#read(before) : []
      this.#items.splice(0, items.length)
      for (const { bytes } of items) this.#bytes -= bytes
      this.#stored = before + items.length
      this.#recorder.stored([...others, ...items])
      this.#recorder.recorded(got)
    }
  }

  /** Until it is written. Answers with the number of the message before these; with nothing when it is not ours any more. */
  async #write(items: Item[], got: number, acked: number, batch: number): Promise<number | undefined> {
    const { redis, keys, n, node, keep } = this.#place
    for (let failed = false; !this.over; ) {
      try {
        const args = [n, node, got, acked, keep, batch, ...items.map(written)]
        const [is, before] = await redis.script(WRITE, keys, args)
        if (is === 'stored') return Number(before)
        this.over = true
        if (is === 'fenced') this.#recorder.fenced()
        else this.#recorder.forgotten()
        return
      } catch (error) {
        if (!failed) this.#recorder.failed(error)
        failed = true
        await again()
      }
    }
  }

  /** What other processes have sent meanwhile. */
  async #read(to: number): Promise<Item[]> {
    const { redis, keys } = this.#place
    for (;;) {
      try {
        const entries = await redis.command('XRANGE', keys[1], `${this.#stored + 1}-0`, `${to}-0`)
        return (entries as [string, [string, string]][]).map(([, [, value]]) => read(value))
      } catch {
        await again()
      }
    }
  }
}

/** Text as it is and bytes as base64: clients of Redis do not agree on how to give back bytes. */
export function written({ data, binary }: Item): string {
  if (!binary) return `t${new TextDecoder().decode(data)}`
  let text = ''
  for (const byte of data) text += String.fromCharCode(byte)
  return `b${btoa(text)}`
}

export function read(value: string): Item {
  const binary = value[0] === 'b'
  const text = value.slice(1)
  const data = binary
    ? Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    : new TextEncoder().encode(text)
  return { data, binary, bytes: data.length }
}
