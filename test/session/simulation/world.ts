import { Session } from '../../../src/session/client/index.ts'
import {
  type Ending,
  type ServerSession,
  type ServerSocket,
  Sessions,
} from '../../../src/session/server/index.ts'
import { dialling, Near } from './line.ts'

/** All that was said in one session, in both directions, in the order in which each end saw it. */
export class Epoch {
  readonly up = { sent: [] as string[], got: [] as string[] }
  readonly down = { sent: [] as string[], got: [] as string[] }
  session: ServerSession | undefined
  /** What the client was told at the end: how many were delivered, and how many at most. */
  told: { least: number; most: number } | undefined
  ending: Ending | undefined
  /** Whether the client closed it, and whether the server ended it. */
  closed = false
  finished = false
}

/** Messages as the oracle compares them: text and bytes never equal each other. */
export const shown = (data: string | ArrayBuffer | Uint8Array) =>
  typeof data === 'string' ? `t${data}` : `b${Buffer.from(data as Uint8Array).toString('hex')}`

/** Both halves, the lines between them, and a record of everything that an application saw. */
export class World {
  /** What was published to the topic, by the epochs of its log. */
  readonly published = new Map<string, string[]>()
  /** Messages of the topic that the client's application heard, and how many gaps it was told of. */
  topicMessages = 0
  gaps = 0
  /** The client's place, as its application knows it. */
  #place: string | undefined
  /** Whether the application wants the session to be subscribed to `hall`, and whether the client believes that it is. */
  #isWanted = false
  #believesSubscribed = false
  ends = 0
  /** The epoch of the present process's log, once something was published there. */
  #log: string | undefined
  readonly violations: string[] = []
  readonly epochs: Epoch[] = [new Epoch()]
  readonly lines: Near[] = []
  readonly client: Session
  server: Sessions<{ token?: string }>
  readonly #rude: boolean
  readonly #options

  constructor(random: () => number) {
    this.#rude = random() < 0.3
    const small = random() < 0.5
    const slow = random() < 0.3
    this.#options = {
      credit: (small ? [1 + Math.floor(random() * 6), 40] : [1_000, 1_048_576]) as [number, number],
      limits: small ? { messages: 20, bytes: 400 } : {},
      topics: random() < 0.5 ? { messages: 3 } : {},
      authenticate: (request: { token?: string }, token: string | undefined) => {
        if (token !== undefined) request.token = token
        return 'somebody'
      },
      opened: (
        session: ServerSession,
        { resumed, request }: { resumed: boolean; request: { token?: string } },
      ) => {
        const epoch = this.epochs[Number(request.token)]
        // The process that made it died before the client heard of it. What that had to say died with it.
        if (epoch && !resumed && epoch.down.sent.splice(0).length && epoch.down.got.length)
          this.violations.push('a session made twice')
        if (epoch && !resumed) epoch.ending = undefined
        if (!epoch || (epoch.session && epoch.session.id !== session.id && !epoch.told))
          this.violations.push('a session of nobody')
        else epoch.session = session
        // An application may do so at every welcome.
        session.subscribe('room', { last: 2 }).catch(() => {})
        // A late hello may still create an older session.
        if (!resumed && epoch === this.epoch) this.subscribe(session)
      },
      received: (session: ServerSession, data: string | Uint8Array, key: string) => {
        // The dead handle nothing.
        if (this.server.get(session.id) !== session) return
        const epoch = this.epochs.find((one) => one.session?.id === session.id)
        if (!epoch) return void this.violations.push('a message of nobody')
        this.#heard(epoch.up, shown(data), 'server')
        if (key !== `${session.id}:${epoch.up.got.length}`) this.violations.push(`key ${key}`)
        if (this.#rude && random() < 0.02) throw fault
        return slow && random() < 0.3 ? new Promise<void>((resolve) => setTimeout(resolve, 20)) : undefined
      },
      ended: (session: { id: string }, ending: Ending) => {
        const epoch = this.epochs.find((one) => one.session?.id === session.id)
        if (epoch) epoch.ending = ending
      },
    }
    this.server = new Sessions(this.#options)
    this.client = new Session('ws://simulated/', {
      auth: () => String(this.epochs.length - 1),
      WebSocket: dialling(this.lines) as never,
      binaryType: 'arraybuffer',
      wake: false,
      queue: small ? { messages: 20, bytes: 400 } : {},
      topics: random() < 0.2 ? crowded : {},
    })
    this.client.on('topic', (event) => {
      if (event.topic === 'hall') return this.#hall(event.type)
      if (event.type === 'unsubscribed') return void this.violations.push('unsubscribed by nobody')
      if (event.type === 'gap') this.#gap(event)
      if (event.type !== 'caught-up') this.#place = event.cursor
    })
    this.client.on('message', (event) => {
      const { data } = event
      if ('topic' in event) this.#topicMessage(event.lastEventId, shown(data))
      else this.#heard(this.epoch.down, shown(data), 'client')
      if (!this.#rude || random() > 0.04) return
      const act = random()
      if (act < 0.4) throw fault
      if (act < 0.9) this.client.reconnect()
      else this.close()
    })
    this.client.on('closed', ({ code, cause }) => {
      if (cause === 'peer' && code !== 1000) this.violations.push(`closed with ${code}`)
    })
    this.client.on('fresh', (outcomes) => this.#over(outcomes))
    this.client.on('ended', (outcomes) => this.#over(outcomes))
  }

  get epoch(): Epoch {
    return this.epochs.at(-1) as Epoch
  }

  up(data: string | Uint8Array<ArrayBuffer>) {
    if (this.client.status === 'closed') return
    // Noted first: the other end may have it before `send` is back.
    const { sent } = this.epoch.up
    sent.push(shown(data))
    if (this.client.send(data) === 'dropped') sent.pop()
  }

  down(data: string | Uint8Array) {
    const { session, down } = this.epoch
    if (!session) return
    down.sent.push(shown(data))
    if (session.send(data) === 'dropped') down.sent.pop()
  }

  async publish(data: string | Uint8Array) {
    const { server } = this
    const [epoch = '', offset] = (await server.publish('room', data)).split(':')
    if (server === this.server) this.#log = epoch
    const log = this.published.get(epoch) ?? []
    this.published.set(epoch, log)
    if (log.push(shown(data)) !== Number(offset)) this.violations.push(`published as ${offset} of ${epoch}`)
  }

  /** The application subscribes the session to `hall`, or ends that, whether or not the client is connected. */
  subscribe(session = this.epoch.session) {
    if (!session) return
    this.#isWanted = true
    session.subscribe('hall').catch(() => {})
  }

  unsubscribe() {
    const { session } = this.epoch
    if (!session) return
    this.#isWanted = false
    session.unsubscribe('hall').catch(() => {})
  }

  /** Whether the client knows that it is subscribed to `hall`, or that it is not any more. */
  get knowsSubscription(): boolean {
    return this.#believesSubscribed === this.#isWanted
  }

  /** Whether the client has all of the topic that it may expect: nothing is missing at the end of the present log. */
  get caughtUp(): boolean {
    const [epoch = '', offset] = (this.#place ?? '').split(':')
    const log = this.#log
    return log === undefined || (epoch === log && Number(offset) === this.published.get(log)?.length)
  }

  close() {
    this.epoch.closed = true
    const line = this.lines.at(-1)
    const open = this.client.status === 'open' && line?.readyState === 1 && !line.hole
    this.client.close()
    if (open && !line.up.some((frame) => 'data' in frame && frame.data === '!f'))
      this.violations.push('closed without a word to the server')
  }

  finish() {
    this.epoch.finished = true
    this.epoch.session?.finish()
  }

  accept(line: Near) {
    if (line.readyState !== 0) return
    this.server.accept(line.far as unknown as ServerSocket, {})
    line.connected()
  }

  /** The process dies, and another one starts. */
  crash() {
    for (const line of this.lines) line.lose('server')
    this.epoch.session = undefined
    void this.server.shutdown()
    this.#log = undefined
    this.server = new Sessions(this.#options)
  }

  /** For looking into one seed. */
  trace(say: (what: string) => void) {
    const names = ['connecting', 'open', 'waiting', 'closed', 'resumed', 'fresh', 'ended', 'drop'] as const
    for (const name of names) this.client.on(name, (value) => say(`client ${name} ${JSON.stringify(value)}`))
    const { arrive } = Near.prototype
    Near.prototype.arrive = function (this: Near, way) {
      say(`line ${this.dialled} ${way} ${JSON.stringify(this[way][0])?.slice(0, 110)}`)
      arrive.call(this, way)
    }
  }

  /** What must hold at the end, when `whole` that nothing is on its way any more. */
  check(whole: boolean) {
    for (const [number, { up, down, told, ending, closed, finished }] of this.epochs.entries()) {
      const say = (what: string) => this.violations.push(`session ${number}: ${what}`)
      if (told && !(told.least <= up.got.length && up.got.length <= told.most))
        say(`told ${told.least} to ${told.most} of ${up.sent.length} delivered, and ${up.got.length} were`)
      if (ending && !(ending.delivered <= down.got.length && down.got.length <= ending.written))
        say(`the server was told ${ending.delivered} to ${ending.written}, and ${down.got.length} were`)
      // What was counted when the client closed is what its application hears, even if a listener closed it half-way.
      if (closed && ending?.why === 'finished' && !finished && ending.delivered !== down.got.length)
        say(`closed with ${down.got.length} heard, and the server was told ${ending.delivered}`)
      if (told || ending || !whole) continue
      if (up.got.length < up.sent.length) say(`${up.sent.length - up.got.length} up lost`)
      if (down.got.length < down.sent.length) say(`${down.sent.length - down.got.length} down lost`)
    }
  }

  #hall(type: 'subscribed' | 'caught-up' | 'gap' | 'unsubscribed') {
    if (type === 'unsubscribed') this.ends++
    if (type === 'unsubscribed' && !this.#believesSubscribed) this.violations.push('hall: unsubscribed twice')
    if (type === 'subscribed' && this.#believesSubscribed) this.violations.push('hall: subscribed twice')
    if (type === 'subscribed' || type === 'unsubscribed') this.#believesSubscribed = type === 'subscribed'
    if (this.#believesSubscribed !== (this.client.cursor('hall') !== undefined))
      this.violations.push(`hall: ${type} and the cursor is ${this.client.cursor('hall')}`)
  }

  #topicMessage(cursor: string, message: string) {
    this.topicMessages++
    const [epoch = '', offset] = cursor.split(':')
    const [placeEpoch, place] = (this.#place ?? '').split(':')
    if (epoch !== placeEpoch || Number(offset) !== Number(place) + 1)
      this.violations.push(`topic: ${cursor} after ${this.#place}`)
    const expected = this.published.get(epoch)?.[Number(offset) - 1]
    if (expected !== message) this.violations.push(`topic: ${cursor} is ${message}, not ${expected}`)
    this.#place = cursor
  }

  #gap({ cursor, since, missed }: { cursor: string; since: string; missed?: number }) {
    this.gaps++
    if (this.#place !== undefined && since !== this.#place) this.violations.push(`topic: a gap from ${since}`)
    const [epoch, offset] = cursor.split(':')
    const [before, from] = since.split(':')
    if (missed !== undefined && (epoch !== before || Number(offset) - Number(from) !== missed || missed < 1))
      this.violations.push(`topic: a gap of ${missed} from ${since} to ${cursor}`)
  }

  #heard({ sent, got }: Epoch['up'], message: string, who: string) {
    const expected = sent[got.length]
    if (message !== expected)
      this.violations.push(`${who}: number ${got.length + 1} is ${message}, not ${expected}`)
    got.push(message)
  }

  #over({ delivered, lost, unknown }: { delivered: unknown[]; lost: unknown[]; unknown: unknown[] }) {
    const { up } = this.epoch
    const open = delivered.length + lost.length + unknown.length
    const least = up.sent.length - open + delivered.length
    this.epoch.told = { least, most: least + unknown.length }
    this.epochs.push(new Epoch())
  }
}

/**
 * Places in so many topics that a hello has no room for the one of `room`: the server begins too early, and the client must
 * recognise what it has.
 */
const crowded = Object.fromEntries([
  ['room', 'earlier:0'],
  ...Array.from({ length: 40 }, (_, n) => [`${n}${'x'.repeat(240)}`, 'earlier:0']),
])

/** What a bad listener throws. */
export const fault = new Error('a listener that throws')
