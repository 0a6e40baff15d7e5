import { createHash } from 'node:crypto'
import type { Connection } from '../connection.ts'
import type { Channel } from './channel.ts'

/** Somebody in the room, over all of their connections to this process. */
export interface Person {
  readonly id: string
  name: string
  /** The current connection; none while they are away. */
  connection: Connection | undefined
  /** How messages reach them. A session takes messages while its connection is broken. */
  channel: Channel | undefined
  /** Whether the room was told that they came. */
  announced: boolean
  /** Removes them if they do not come back. */
  leaving?: NodeJS.Timeout
}

/** As the page shows it. */
export interface Shown {
  id: string
  name: string
  away: boolean
}

/** The public id of a secret: the same in every process, and the secret cannot be derived from it. */
export const idOf = (secret: string) => `p${createHash('sha256').update(secret).digest('hex').slice(0, 12)}`

/** Who is in the room. A secret that only its owner knows makes them the same person after a reconnect. */
export class People {
  readonly #people = new Map<string, Person>()

  get(id: string): Person | undefined {
    return this.#people.get(id)
  }

  add(id: string, name: string): Person {
    const person: Person = { id, name, connection: undefined, channel: undefined, announced: false }
    this.#people.set(id, person)
    return person
  }

  remove(person: Person): void {
    clearTimeout(person.leaving)
    if (this.#people.get(person.id) === person) this.#people.delete(person.id)
  }

  all(): Person[] {
    return [...this.#people.values()]
  }

  list(): Shown[] {
    return this.all().map(({ id, name, connection }) => ({ id, name, away: connection === undefined }))
  }
}
