import type { Connection } from '../connection.ts'
import { BadInput } from '../input.ts'
import type { Channel } from './channel.ts'
import { History } from './history.ts'
import { type Draft, type Entry, MemoryMessageLog, type MessageLog } from './message-log.ts'
import { idOf, People, type Person, type Shown } from './people.ts'
import type { RemotePresence } from './presence.ts'

/** How long somebody whose connection broke stays in the room, in ms. A session lives longer than a connection. */
const AWAY = 20_000
export const SESSION_AWAY = 120_000
/** The same after a clean close, in ms: a page that is reloaded is back at once. */
const RELOAD = 1_500
const MOST_PEOPLE = 1_000

export interface Joining {
  name: string
  /** The secret that makes it the same person. */
  session: string
  /** The room that `since` belongs to. */
  room: unknown
  /** The number of the last message received. */
  since: unknown
}

export interface RoomOptions {
  messageLog?: MessageLog | undefined
  presence?: RemotePresence | undefined
}

/** Every message has a number, `seq`. Everybody receives all of them in that order, also those who were cut off meanwhile. */
export class Room {
  readonly #people = new People()
  #history: History
  readonly #messageLog: MessageLog
  readonly #presence: RemotePresence | undefined
  #seq = 0

  constructor({ messageLog = new MemoryMessageLog(), presence }: RoomOptions = {}) {
    this.#messageLog = messageLog
    this.#presence = presence
    // Clients that move to another process get from its history what they missed on the way.
    const history = () => new History({ entries: presence ? 500 : 50, bytes: 16 * 1024 * 1024 })
    this.#history = history()
    const emptied = () => {
      this.#history = history()
      this.#seq = 0
      // Clients that come back are welcomed to the new room.
      for (const { connection } of this.#people.all()) connection?.terminate()
    }
    messageLog.listen((entry) => this.#heard(entry), emptied)
    presence?.listen(() => this.#showPeople())
  }

  enter(connection: Connection, channel: Channel, { name, session, room, since }: Joining): Person {
    const id = idOf(session)
    const known = this.#people.get(id)
    if (!known && this.#people.all().length >= MOST_PEOPLE) throw new BadInput('The room is full.')
    const person = known ?? this.#people.add(id, name)
    // Usually the old connection is dead. If it is not, it ends, so that two do not take turns.
    if (person.channel?.over !== channel.over)
      person.channel?.end('The same person joined from another tab or window.')
    person.channel = channel
    const before = room === this.#messageLog.room ? Number(since) || 0 : 0
    const { entries, missed } = this.#history.after(before, this.#seq)
    this.back(person, connection)
    const welcome = { type: 'welcome', id, name, room: this.#messageLog.room, missed, people: this.#list() }
    channel.send(JSON.stringify(welcome))
    for (const { frame } of entries) channel.send(frame)
    // Somebody who comes from another process was here already.
    const elsewhere = this.#presence?.people.find((other) => other.id === id)
    if (!known && !elsewhere) this.announce(`${name} joined`)
    if (!known && elsewhere) person.name = elsewhere.name
    this.rename(person, name)
    return person
  }

  find(secret: string): Person | undefined {
    return this.#people.get(idOf(secret))
  }

  /** The same session over another connection. */
  back(person: Person, connection: Connection): void {
    clearTimeout(person.leaving)
    person.connection = connection
  }

  rename(person: Person, name: string): void {
    if (person.name !== name) this.announce(`${person.name} is now ${name}`)
    person.name = name
    this.showPeople()
  }

  /** After a clean close they leave soon. After a broken connection they may come back. */
  leave(person: Person, connection: Connection, clean: boolean): void {
    if (person.connection !== connection) return
    person.connection = undefined
    const away = person.channel?.lasting ? SESSION_AWAY : AWAY
    if (!person.channel?.lasting) person.channel = undefined
    person.leaving = setTimeout(() => this.#gone(person), clean ? RELOAD : away)
    this.showPeople()
  }

  announce(text: string): void {
    void this.#messageLog.add({ head: { type: 'system', text } })
  }

  /** Settles when it has its place in the order. */
  say(person: Person, id: string, text: string): unknown {
    return this.#once(person, id, { head: { type: 'message', id, from: from(person), text } })
  }

  show(person: Person, id: string, name: string, mime: string, bytes: Buffer): unknown {
    return this.#once(person, id, { head: { type: 'image', id, from: from(person), name, mime }, bytes })
  }

  showPeople(): void {
    this.#presence?.tell(this.#people.list())
    this.#showPeople()
  }

  close(): void {
    for (const person of this.#people.all()) this.#people.remove(person)
    this.#messageLog.close()
    this.#presence?.close()
  }

  /** A message that is sent again, because its receipt was lost with the connection, gets the same receipt. */
  #once(person: Person, id: string, draft: Draft): unknown {
    // The key has the author, so that nobody can use up the id of somebody else's message.
    const added = this.#messageLog.add(draft, `${person.id} ${id}`)
    const answer = ({ seq, at, again }: Awaited<typeof added>) => {
      if (again) confirm(person, { id, seq, at })
    }
    return added instanceof Promise ? added.then(answer) : answer(added)
  }

  #heard({ seq, at, frame, id, author }: Entry): void {
    this.#seq = seq
    this.#history.add({ seq, frame })
    for (const person of this.#people.all()) {
      if (person.id !== author) person.channel?.send(frame)
      else if (id !== undefined) confirm(person, { id, seq, at })
    }
  }

  #gone(person: Person): void {
    this.#people.remove(person)
    person.channel?.end('You were away for long.')
    if (!this.#presence?.people.some(({ id }) => id === person.id)) this.announce(`${person.name} left`)
    this.showPeople()
  }

  /** Everybody in the room, of this process and of others, each person once. */
  #list(): Shown[] {
    const all = new Map(this.#presence?.people.map((person) => [person.id, person]))
    for (const person of this.#people.list()) {
      const there = all.get(person.id)
      all.set(person.id, { ...person, away: person.away && (there?.away ?? true) })
    }
    return [...all.values()]
  }

  #showPeople(): void {
    const text = JSON.stringify({ type: 'people', people: this.#list() })
    for (const { connection, channel } of this.#people.all()) if (connection) channel?.send(text)
  }
}

const from = ({ id, name }: Person) => ({ id, name })

function confirm({ channel }: Person, receipt: { id: string; seq: number; at: number }): void {
  channel?.send(JSON.stringify({ type: 'delivered', ...receipt }))
}
