import { randomUUID } from 'node:crypto'
import type { PublishedMessage, Sessions } from '../../../src/session/server/index.ts'
import { placeOf } from './history.ts'
import type { Shown } from './people.ts'

const TOPIC = 'people'
/** How often a process publishes who is connected to it, and how long that is valid, in ms. */
const BEAT = 2_000
const VALID = 10_000

/** What is published: the people of one process, or that somebody has left. */
type Message = { at: number } & ({ node: string; people: Shown[] } | { left: string })

export interface PresenceListener {
  /** The list of all people is another one. */
  changed(): void
  /** They are connected to another process now, or have left. */
  elsewhere(id: string): void
  /** The store was emptied. */
  emptied(): void
}

/**
 * Who is connected to the other processes. Each process publishes its own list to a topic, on each change and at regular
 * intervals. The people of a process that was killed are away until they come back, or until their sessions have expired.
 */
export class Presence {
  readonly #sessions: Sessions<never>
  readonly #kept: number
  readonly #listener: PresenceListener
  readonly #node = randomUUID()
  readonly #lists = new Map<string, { at: number; people: Map<string, Shown> }>()
  readonly #timer: NodeJS.Timeout
  #ours: Shown[] = []
  #known = ''
  #epoch = ''

  /** `kept`: for how many ms the people of a silent process are shown. */
  constructor(sessions: Sessions<never>, kept: number, listener: PresenceListener) {
    this.#sessions = sessions
    this.#kept = kept
    this.#listener = listener
    this.#timer = setInterval(() => this.#beat(), BEAT)
  }

  async start(): Promise<void> {
    const heard = ({ cursor, data }: PublishedMessage) => {
      const { room: epoch } = placeOf(cursor)
      if (this.#epoch && epoch !== this.#epoch) this.#listener.emptied()
      this.#epoch = epoch
      this.#heard(JSON.parse(String(data)))
    }
    await this.#sessions.follow(TOPIC, heard, { last: 100 })
  }

  /** Everybody who is connected to other processes, or was until a short time ago, by id. */
  get people(): Map<string, Shown> {
    const all = new Map<string, Shown>()
    for (const { at, people } of this.#lists.values()) {
      const silent = Date.now() - at > VALID
      for (const person of people.values()) {
        const away = person.away || silent
        if (!away || !all.has(person.id)) all.set(person.id, { ...person, away })
      }
    }
    return all
  }

  /** Tells the others who is connected to this process. */
  tell(people: Shown[]): void {
    this.#ours = people
    this.#publish({ at: Date.now(), node: this.#node, people })
  }

  /** Tells all processes that somebody has left. */
  left(id: string): void {
    this.#publish({ at: Date.now(), left: id })
  }

  close(): void {
    // The list stays until it expires: its people are on their way to another process, and must not be new there.
    clearInterval(this.#timer)
  }

  #publish(message: Message): void {
    // If Redis is away, the list is published again with the next beat.
    this.#sessions.publish(TOPIC, JSON.stringify(message)).catch(() => {})
  }

  #beat(): void {
    for (const [node, { at }] of this.#lists) if (Date.now() - at > this.#kept) this.#lists.delete(node)
    this.tell(this.#ours)
    this.#compare()
  }

  #heard(message: Message): void {
    if ('left' in message) this.#forget(message.left)
    else if (message.node !== this.#node && Date.now() - message.at < this.#kept) {
      const { node, at, people } = message
      for (const { id, away } of people) if (!away) this.#forget(id)
      this.#lists.set(node, { at, people: new Map(people.map((person) => [person.id, person])) })
    }
    this.#compare()
  }

  #forget(id: string): void {
    for (const { people } of this.#lists.values()) people.delete(id)
    this.#listener.elsewhere(id)
  }

  #compare(): void {
    const known = JSON.stringify([...this.people.values()])
    if (known === this.#known) return
    this.#known = known
    this.#listener.changed()
  }
}
