import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from 'redis'
import { RedisStore } from '../../src/session/redis/index.ts'
import { type Added, type Draft, type Entry, entryOf, type MessageLog } from './chat/message-log.ts'
import type { Shown } from './chat/people.ts'
import type { RemotePresence } from './chat/presence.ts'

const clientOf = (url: string) => createClient({ url })
type Client = ReturnType<typeof clientOf>

/** What a process shares with others that use the same Redis. */
export interface Shared {
  store: RedisStore
  messageLog: MessageLog
  presence: RemotePresence
  close: () => void
}

const PREFIX = 'holdfast-demo:'
/** How long Redis may take to be there at the start, in ms. */
const CONNECT_TIMEOUT = 5_000
/** How often a process publishes who is connected to it, and how long that is valid, in ms. */
const BEAT = 1_000
const VALID = 10_000
/** How long pictures and receipts are kept, in s. */
const KEPT = 600

export async function share(url: string, log: (line: string) => void): Promise<Shared> {
  const client = clientOf(url)
  const reader = client.duplicate()
  for (const each of [client, reader]) each.on('error', (error) => log(`Redis: ${error.message}`))
  const connected = Promise.all([client.connect(), reader.connect()])
  const late = new AbortController()
  try {
    await Promise.race([
      connected,
      wait(CONNECT_TIMEOUT, undefined, { signal: late.signal }).then(() => {
        throw new Error(`no Redis answers at ${new URL(url).host}`)
      }),
    ])
  } catch (error) {
    connected.catch(() => {})
    for (const each of [client, reader]) each.destroy()
    throw error
  } finally {
    late.abort()
  }
  const room = await roomOf(client)
  return {
    store: new RedisStore(client, { prefix: `${PREFIX}session:` }),
    messageLog: new RedisMessageLog(client, reader, room),
    presence: new RedisPresence(client),
    close: () => {
      for (const each of [client, reader]) if (each.isOpen) each.destroy()
    },
  }
}

/** The id of the room. After Redis was emptied it is another room. */
async function roomOf(client: Client): Promise<string> {
  await client.set(`${PREFIX}room`, randomUUID(), { condition: 'NX' })
  return (await client.get(`${PREFIX}room`)) ?? ''
}

/** ARGV: key or '', head, picture as base64 or '', time to keep in s. Returns its place, and whether it had one. */
const ADD = `
local receipt = '${PREFIX}receipt:' .. ARGV[1]
local known = ARGV[1] ~= '' and redis.call('GET', receipt)
if known then return {known, 1} end
local seq = redis.call('INCR', '${PREFIX}seq')
local t = redis.call('TIME')
local at = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
if ARGV[3] ~= '' then redis.call('SET', '${PREFIX}picture:' .. seq, ARGV[3], 'EX', ARGV[4]) end
redis.call('XADD', '${PREFIX}entries', 'MAXLEN', 2000, seq .. '-0', 'at', at, 'head', ARGV[2], 'picture', ARGV[3] ~= '' and 1 or 0)
if ARGV[1] ~= '' then redis.call('SET', receipt, seq .. ' ' .. at, 'EX', ARGV[4]) end
return {seq .. ' ' .. at, 0}`

/** The message log of a room that several processes share: a stream that each of them reads from its beginning. */
class RedisMessageLog implements MessageLog {
  room: string
  readonly #client: Client
  readonly #reader: Client
  #over = false

  constructor(client: Client, reader: Client, room: string) {
    this.#client = client
    this.#reader = reader
    this.room = room
  }

  listen(heard: (entry: Entry) => void, emptied: () => void): void {
    void this.#read(heard, emptied)
  }

  async add({ head, bytes }: Draft, key = ''): Promise<Added> {
    // It is added once, also if the answer of Redis was lost and it is tried again.
    const once = key || randomUUID()
    const args = [once, JSON.stringify(head), bytes?.toString('base64') ?? '', String(KEPT)]
    while (!this.#over) {
      try {
        const [place, again] = (await this.#client.eval(ADD, { arguments: args })) as [string, number]
        const [seq, at] = place.split(' ').map(Number) as [number, number]
        return { seq, at, again: again === 1 }
      } catch {
        await wait(200)
      }
    }
    // It never settles, so the message is not acknowledged, and its sender sends it to another process.
    return new Promise(() => {})
  }

  close(): void {
    this.#over = true
  }

  async #read(heard: (entry: Entry) => void, emptied: () => void): Promise<void> {
    let last = '0-0'
    while (!this.#over) {
      try {
        const streams = await this.#reader.xRead(
          { key: `${PREFIX}entries`, id: last },
          { BLOCK: 1_000, COUNT: 100 },
        )
        const room = streams ? this.room : await roomOf(this.#client)
        if (room !== this.room) {
          this.room = room
          last = '0-0'
          emptied()
        }
        for (const { messages } of (streams ?? []) as { messages: Message[] }[]) {
          for (const message of messages) {
            const entry = await this.#entry(message)
            if (this.#over) return
            last = message.id
            if (entry) heard(entry)
          }
        }
      } catch {
        await wait(200)
      }
    }
  }

  async #entry({ id, message: { at, head = '{}', picture } }: Message): Promise<Entry | undefined> {
    const seq = Number.parseInt(id, 10)
    const bytes = picture === '1' ? await this.#client.get(`${PREFIX}picture:${seq}`) : undefined
    // A picture that is no longer kept.
    if (bytes === null) return undefined
    const draft = { head: JSON.parse(head), ...(bytes && { bytes: Buffer.from(bytes, 'base64') }) }
    return entryOf(draft, { seq, at: Number(at) })
  }
}

interface Message {
  id: string
  message: Record<string, string>
}

/** Who is connected to the other processes. Each process writes its own list at regular intervals. */
class RedisPresence implements RemotePresence {
  people: readonly Shown[] = []
  readonly #client: Client
  readonly #node = randomUUID()
  readonly #timer: NodeJS.Timeout
  #ours: Shown[] = []
  #changed = () => {}
  #known = '[]'

  constructor(client: Client) {
    this.#client = client
    this.#timer = setInterval(() => void this.#beat().catch(() => {}), BEAT)
  }

  listen(changed: () => void): void {
    this.#changed = changed
  }

  tell(people: Shown[]): void {
    this.#ours = people
    void this.#beat().catch(() => {})
  }

  close(): void {
    // The list stays until it expires: its people are on their way to another process, and must not be new there.
    clearInterval(this.#timer)
  }

  async #beat(): Promise<void> {
    const now = Date.now()
    await this.#client.hSet(`${PREFIX}people`, this.#node, JSON.stringify({ at: now, people: this.#ours }))
    const lists = await this.#client.hGetAll(`${PREFIX}people`)
    const people = new Map<string, Shown>()
    for (const [node, text] of Object.entries(lists)) {
      const list = JSON.parse(text) as { at: number; people: Shown[] }
      if (node === this.#node) continue
      if (now - list.at > VALID) await this.#client.hDel(`${PREFIX}people`, node)
      else
        for (const person of list.people)
          if (!person.away || !people.has(person.id)) people.set(person.id, person)
    }
    const known = JSON.stringify([...people.values()])
    if (known === this.#known) return
    this.#known = known
    this.people = [...people.values()]
    this.#changed()
  }
}
