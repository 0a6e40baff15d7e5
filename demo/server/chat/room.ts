import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { PublishedMessage, ServerSession, Sessions } from '../../../src/session/server/index.ts'
import type { Connection } from '../connection.ts'
import { BadInput } from '../input.ts'
import { type Channel, plainChannel } from './channel.ts'
import { type Head, History, placeOf } from './history.ts'
import { idOf, People, type Person, type Shown } from './people.ts'
import { writePicture } from './picture.ts'
import { Presence } from './presence.ts'

/** The topic with the messages. Its log is the room's history. */
const TOPIC = 'room'
/** How many messages somebody who is new gets. */
const NEWEST = 50
/** How long somebody whose plain connection broke stays in the room, in ms. */
const AWAY = 20_000
/** How much longer than their sessions the people of a killed process are remembered, in ms: until those have ended. */
const SPARE = 30_000
/** How long somebody who has left may come back without a word, in ms: a page that is reloaded is back at once. */
const RELOAD = 1_500
const MOST_PEOPLE = 1_000

export interface Joining {
  name: string
  /** The secret that makes it the same person. */
  session: string
  /** Only over a plain connection: the room that `since` belongs to. */
  room: unknown
  /** The number of the last message received. */
  since: unknown
}

export interface RoomOptions {
  sessions: Sessions<never>
  /** How long a session outlives its connection, in ms. */
  away: number
  /** Whether other processes have the same room. */
  shared: boolean
  /** What the history keeps. */
  kept: { messages: number; bytes: number }
}

/**
 * The room of all processes: a topic. Sessions are subscribed to it; plain connections get it from here. Everybody receives all
 * messages in the same order, also those who were cut off meanwhile.
 */
export class Room {
  readonly #people = new People()
  readonly #sessions: Sessions<never>
  readonly #history: History
  readonly #presence: Presence | undefined
  #closed = false

  constructor({ sessions, away, shared, kept }: RoomOptions) {
    this.#sessions = sessions
    this.#history = new History(kept)
    if (!shared) return
    this.#presence = new Presence(sessions, away + SPARE, {
      changed: () => this.#sendPeople(),
      // Sessions are lost as well, which they find out with the next hello.
      emptied: () => {
        for (const { connection } of this.#people.all()) connection?.terminate()
      },
      elsewhere: (id) => {
        const person = this.#people.get(id)
        if (person && !person.connection) this.#people.remove(person)
      },
    })
  }

  /** Nobody may join before this has resolved. */
  async start(): Promise<void> {
    const heard = (message: PublishedMessage) => this.#heard(message)
    const { cursor } = await this.#sessions.follow(TOPIC, heard, { last: this.#history.most.messages })
    this.#history.moved(placeOf(cursor).room)
    await this.#presence?.start()
  }

  /** Somebody has connected, for the first time or again. */
  enter(connection: Connection, channel: Channel, { name, session }: Joining): Person {
    const id = idOf(session)
    const known = this.#people.get(id)
    if (!known && this.#people.all().length >= MOST_PEOPLE) throw new BadInput('The room is full.')
    const person = known ?? this.#people.add(id, this.#presence?.people.get(id)?.name ?? name)
    // Usually the old connection is dead. If it is not, it ends, so that two do not take turns.
    if (person.channel?.over !== channel.over)
      person.channel?.end('The same person joined from another tab or window.')
    clearTimeout(person.leaving)
    person.channel = channel
    person.connection = connection
    return person
  }

  /** Somebody joins over a plain connection. */
  enterPlain(connection: Connection, joining: Joining): Person {
    const channel = plainChannel(connection)
    const person = this.enter(connection, channel, joining)
    const since = joining.room === this.#history.room ? Number(joining.since) || 0 : 0
    const { entries, missed } = this.#history.after(since)
    channel.send(this.#welcome(person, missed))
    for (const { frame } of entries) channel.send(frame)
    this.#joined(person, joining.name)
    return person
  }

  /** `resumed`: the session was here before, or in another process. */
  async subscribe(person: Person, session: ServerSession, name: string, resumed: boolean): Promise<void> {
    // It must know its own id before the first message comes.
    if (!resumed) await this.#sessions.send(session.id, this.#welcome(person))
    await session.subscribe(TOPIC, { last: NEWEST })
    this.#joined(person, name)
  }

  find(secret: string): Person | undefined {
    return this.#people.get(idOf(secret))
  }

  rename(person: Person, name: string): void {
    if (person.name !== name) this.announce(`${person.name} is now ${name}`)
    person.name = name
    this.#showPeople()
  }

  /** A connection has ended. A session goes on without one; after a clean close, its person is nevertheless about to leave. */
  disconnected(person: Person, connection: Connection, clean: boolean): void {
    if (person.connection !== connection) return
    person.connection = undefined
    const { channel } = person
    if (channel && (channel.plain || clean)) this.left(person.id, channel.over, clean ? RELOAD : AWAY)
    this.#showPeople()
  }

  /** A way to somebody has ended for good, also in a process that was killed. They leave, if they do not come back. */
  left(id: string, over: unknown, after = RELOAD): void {
    const person = this.#people.get(id)
    if (this.#closed || (person && person.channel?.over !== over)) return
    const { name } = person ?? this.#presence?.people.get(id) ?? {}
    const leave = () => {
      const now = this.#people.get(id)
      if (this.#closed || now?.channel?.over !== person?.channel?.over) return
      if (now) this.#people.remove(now)
      this.#showPeople()
      // They are connected to another process.
      if (this.#presence?.people.get(id)?.away === false) return
      this.#presence?.left(id)
      if (name !== undefined) this.announce(`${name} left`)
    }
    clearTimeout(person?.leaving)
    const timer = setTimeout(leave, after)
    if (person) person.leaving = timer
  }

  announce(text: string): void {
    void this.#publish(headOf('system', { text }), randomUUID())
  }

  /** Settles when it has its place in the order. */
  say(person: Person, id: string, text: string): Promise<void> {
    return this.#once(person, id, headOf('message', { id, from: from(person), text }))
  }

  show(person: Person, id: string, name: string, mime: string, bytes: Buffer): Promise<void> {
    return this.#once(person, id, headOf('image', { id, from: from(person), name, mime }), bytes)
  }

  close(): void {
    this.#closed = true
    for (const person of this.#people.all()) this.#people.remove(person)
    this.#presence?.close()
  }

  #joined(person: Person, name: string): void {
    // Somebody who comes from another process was here already.
    if (!person.announced && !this.#presence?.people.has(person.id)) this.announce(`${person.name} joined`)
    person.announced = true
    this.rename(person, name)
  }

  #welcome({ id, name }: Person, missed = false): string {
    const { room } = this.#history
    return JSON.stringify({ type: 'welcome', id, name, room, missed, people: this.#list() })
  }

  /** A message that is sent again, because its receipt was lost with the connection, gets the same receipt. */
  async #once(person: Person, id: string, head: Head, bytes?: Buffer): Promise<void> {
    const { room, last } = this.#history
    // The key has the author, so that nobody can use up the id of somebody else's message.
    const place = placeOf(await this.#publish(head, `${person.id} ${id}`, bytes))
    if (place.room !== room || place.seq > last) return
    this.#confirm(person, this.#history.find(place.seq) ?? { id, seq: place.seq, at: head.at })
  }

  /** Publishes once, also if the answer of Redis is lost and it is tried again. */
  async #publish(head: Head, key: string, bytes?: Buffer): Promise<string> {
    const data = bytes ? writePicture(head, bytes) : JSON.stringify(head)
    while (!this.#closed) {
      try {
        return await this.#sessions.publish(TOPIC, data, { key })
      } catch {
        await wait(200)
      }
    }
    // It never settles, so the message is not acknowledged, and its sender sends it to another process.
    return new Promise(() => {})
  }

  #heard(message: PublishedMessage): void {
    const people = this.#people.all().filter(({ channel }) => channel?.plain)
    // The log was lost: this is another room.
    if (this.#history.moved(placeOf(message.cursor).room))
      for (const person of people) person.channel?.send(this.#welcome(person, true))
    const entry = this.#history.add(message)
    for (const person of people)
      if (person.id !== entry.author) person.channel?.send(entry.frame)
      else this.#confirm(person, entry)
  }

  /** Over a session, the acknowledgement is the receipt. */
  #confirm({ channel }: Person, { id, seq, at }: { id: string | undefined; seq: number; at: number }): void {
    if (channel?.plain) channel.send(JSON.stringify({ type: 'delivered', id, seq, at }))
  }

  /** Everybody in the room, of this process and of others, each person once. */
  #list(): Shown[] {
    const all = this.#presence?.people ?? new Map<string, Shown>()
    for (const person of this.#people.list()) {
      const there = all.get(person.id)
      all.set(person.id, { ...person, away: person.away && (there?.away ?? true) })
    }
    return [...all.values()]
  }

  #showPeople(): void {
    this.#presence?.tell(this.#people.list())
    this.#sendPeople()
  }

  #sendPeople(): void {
    const text = JSON.stringify({ type: 'people', people: this.#list() })
    for (const { connection, channel } of this.#people.all()) if (connection) channel?.send(text)
  }
}

const from = ({ id, name }: Person) => ({ id, name })
const headOf = (type: string, rest: object): Head => ({ type, at: Date.now(), ...rest })
