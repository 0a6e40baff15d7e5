import { parseCursor } from '../protocol/frames.ts'

/** RFC 6455 §7.4.1: a message that is too big to process. */
const TOO_BIG = 1009

/** A message that was written to a client: its number in the session, or its place in a topic. */
export type Written = { number: number } | { topic: string; cursor: string }

interface Suspicion {
  /** What was written to the present connection, in order, as far as it is recorded. */
  written: Written[]
  /** Whether the client has refused one of these. */
  repeated: boolean
  /** The messages of topics that the client cannot receive: their cursors, by topic. */
  skipped: Map<string, string>
}

/** How many clients are remembered, and how many messages are recorded for each. */
const CLIENTS = 10_000
const MESSAGES = 1_000

/**
 * Messages that are larger than their client accepts. Such a client closes the connection with 1009 and would receive the same
 * message again on the next one. What is written to it then is recorded: if that ends with 1009 too, the first message that the
 * client does not have is the one. Kept by session id, because with a shared store each connection has a new session object.
 */
export class Oversized {
  readonly #suspicions = new Map<string, Suspicion>()

  /** Whether anything is recorded. Asked for every message, so that recording costs nothing where no client is suspected. */
  get active(): boolean {
    return this.#suspicions.size > 0
  }

  /** A connection of the session has ended. */
  closed(id: string, code: number | undefined): void {
    if (code !== TOO_BIG) return
    const known = this.#suspicions.get(id)
    if (known) {
      known.repeated = true
      return
    }
    this.#suspicions.set(id, { written: [], repeated: false, skipped: new Map() })
    for (const oldest of this.#suspicions.keys()) {
      if (this.#suspicions.size <= CLIENTS) return
      this.#suspicions.delete(oldest)
    }
  }

  /**
   * The client is back, and has so many messages and these cursors. Returns the message that it has refused twice, if there
   * is one. From now on what is written to it is recorded again.
   */
  resumed(id: string, got: number, cursors: Readonly<Record<string, string>>): Written | undefined {
    const suspicion = this.#suspicions.get(id)
    if (!suspicion) return undefined
    const refused = suspicion.repeated
      ? suspicion.written.find((message) => !hasReceived(message, got, cursors))
      : undefined
    suspicion.written = []
    suspicion.repeated = false
    if (refused && 'topic' in refused) suspicion.skipped.set(refused.topic, refused.cursor)
    return refused
  }

  wrote(id: string, message: Written): void {
    const written = this.#suspicions.get(id)?.written
    if (written && written.length < MESSAGES) written.push(message)
  }

  /** Whether the message at this place of a topic is to be skipped. */
  skips(id: string, topic: string, cursor: string): boolean {
    return this.#suspicions.get(id)?.skipped.get(topic) === cursor
  }

  /** The client has all that was written to it, or the session has ended. */
  forget(id: string): void {
    this.#suspicions.delete(id)
  }
}

/** A topic without a cursor counts as received: where its client is in it is unknown. */
function hasReceived(message: Written, got: number, cursors: Readonly<Record<string, string>>): boolean {
  if ('number' in message) return message.number <= got
  const place = parseCursor(cursors[message.topic])
  const own = parseCursor(message.cursor)
  return !place || place.epoch !== own?.epoch || place.offset >= own.offset
}
