// Several server processes that share one store, and one client.
import { Session } from '../../../src/session/client/index.ts'
import { type RedisClient, RedisStore } from '../../../src/session/redis/index.ts'
import {
  type Ending,
  type ServerSession,
  type ServerSocket,
  Sessions,
} from '../../../src/session/server/index.ts'
import type { Clock } from './clock.ts'
import { dialling, Near } from './line.ts'
import { SimulatedRedis } from './redis.ts'
import { shown } from './world.ts'

interface Request {
  token?: string
}

/** One server process. It is also the mark of its timers. */
class Process {
  readonly sessions: Sessions<Request>
  alive = true
  /** It was killed or shut down: it does not notice any more that the store has lost what it stored. */
  gone = false
  constructor(sessions: Sessions<Request>) {
    this.sessions = sessions
  }
}

/** A message to the client. `stored`: what `send` resolved with; undefined as long as that is open, or unknown. */
interface Sent {
  message: string
  by: Process
  number: number
  stored: boolean | undefined
  /** When that was known. */
  at: number
  /** Whether the store may have lost it. */
  lost: boolean
}

/** All that was said in one session. */
class Epoch {
  id: string | undefined
  /** The session object of the process that has it now. */
  session: ServerSession | undefined
  readonly up = { sent: [] as string[], got: [] as string[] }
  readonly down = { sent: new Map<string, Sent>(), got: [] as string[] }
  /** What the client was told at the end: at least so many were delivered, and at most. */
  told: { least: number; most: number } | undefined
  endings: Ending[] = []
  /** Whether a process knows that its subscription is stored. */
  isSubscribed = false
  ended = false
}

/** A message of the topic. */
interface Published {
  message: string
  /** When it was known to be stored. */
  at: number
  by: Process
}

export class Cluster {
  readonly violations: string[] = []
  readonly epochs: Epoch[] = [new Epoch()]
  readonly lines: (Near & { process?: Process })[] = []
  readonly client: Session
  processes: Process[] = []
  readonly redis: SimulatedRedis
  /** Messages of the topic by cursor. After the store has lost writes, a place may have been given twice. */
  readonly #published = new Map<string, Published[]>()
  readonly #heardOfTopic = new Set<string>()
  topicMessages = 0
  gaps = 0
  repeated = 0
  ends = 0
  /** Whether the session is to be subscribed to `hall`; undefined as long as nobody can say. When that was known. */
  #isWanted: boolean | undefined
  #wantedAt = 0
  /** The present call that changes it. */
  #changing: Promise<void> | undefined
  /** Whether the client believes that it is subscribed. */
  #believesSubscribed = false
  #lastGap = -1
  #subscribedAt = Number.POSITIVE_INFINITY
  #place: string | undefined
  /** Whether a process was killed or stopped, or the store has lost writes: a message may then be handled again, with its key. */
  #disturbed = false
  #lossy = false
  #savedAt = 0
  #lostAt = Number.NEGATIVE_INFINITY
  #isOver = false
  #wasNew = false
  /** Calls that are not answered, and the processes that made them. */
  readonly #open = new Map<unknown, Process>()
  #handled = new Map<string, string>()
  #counted = 0
  #snapshot: ReturnType<SimulatedRedis['snapshot']> | undefined
  readonly #clock: Clock
  readonly #random: () => number
  readonly #slow: boolean
  readonly #options

  constructor(random: () => number, clock: Clock) {
    this.#random = random
    this.#clock = clock
    this.#slow = random() < 0.3
    const small = random() < 0.5
    this.redis = new SimulatedRedis(
      () => (random() < 0.03 ? 200 * random() : 3 * random()),
      (process, ms, run) => clock.later(process, ms, run),
    )
    this.#options = {
      credit: (small ? [1 + Math.floor(random() * 6), 40] : [1_000, 1_048_576]) as [number, number],
      limits: small ? { messages: 20, bytes: 400 } : {},
      topics: random() < 0.5 ? { messages: 3 } : {},
      ttl: 20,
      authenticate: (request: Request, token: string | undefined) => {
        if (token !== undefined) request.token = token
        return 'somebody'
      },
      opened: (session: ServerSession, { resumed, request }: { resumed: boolean; request: Request }) =>
        this.#opened(session, resumed, request),
      received: (session: ServerSession, data: string | Uint8Array, key: string) =>
        this.#received(session, shown(data), key),
      ended: ({ id }: { id: string }, ending: Ending) => this.#ended(id, ending),
    }
    this.client = new Session('ws://simulated/', {
      auth: () => String(this.epochs.length - 1),
      WebSocket: dialling(this.lines) as never,
      binaryType: 'arraybuffer',
      wake: false,
      queue: small ? { messages: 20, bytes: 400 } : {},
    })
    this.client.on('topic', (event) => {
      if (event.topic === 'hall') {
        if (event.type === 'unsubscribed') this.ends++
        if (event.type !== 'caught-up') this.#believesSubscribed = event.type !== 'unsubscribed'
        return
      }
      if (event.type === 'unsubscribed') return void this.violations.push('unsubscribed by nobody')
      if (event.type === 'subscribed') this.#subscribedAt = Math.min(this.#subscribedAt, clock.now)
      if (event.type === 'gap') {
        this.gaps++
        this.#lastGap = clock.now
        // A subscription whose announcement got lost, and whose session has moved since then.
        if (this.#place !== undefined && event.since !== this.#place && !this.#wasNew)
          this.violations.push(`topic: a gap from ${event.since}, not ${this.#place}`)
      }
      this.#wasNew = event.type === 'subscribed'
      if (event.type !== 'caught-up') this.#place = event.cursor
    })
    this.client.on('message', (event) => {
      const { data, topic, lastEventId } = event
      if (topic === undefined) this.#heard(shown(data))
      else this.#heardTopic(lastEventId, shown(data))
    })
    this.client.on('closed', ({ code }) => {
      if (!this.#isOver) this.violations.push(`closed with ${code}`)
    })
    this.client.on('fresh', ({ delivered, lost, unknown }) => {
      const { up } = this.epoch
      const least = up.sent.length - lost.length - unknown.length
      if (delivered.length > least) this.violations.push('more delivered than sent')
      this.epoch.told = { least, most: least + unknown.length }
      this.epochs.push(new Epoch())
    })
  }

  async start(): Promise<void> {
    const process = {} as Process
    await this.#clock.within(process, () => {
      const client = this.redis.client(process) as unknown as RedisClient
      Object.assign(process, new Process(new Sessions({ ...this.#options, store: new RedisStore(client) })))
    })
    this.processes.push(process)
  }

  get epoch(): Epoch {
    return this.epochs.at(-1) as Epoch
  }

  message(): string | Uint8Array<ArrayBuffer> {
    const text = `${++this.#counted}`
    const kinds = [
      text,
      `!${text}`,
      `!!${text}`,
      `!a${text}`,
      `\uFEFF${text}`,
      new Uint8Array(Buffer.from(text)),
    ]
    return kinds[Math.floor(this.#random() * kinds.length)] as string
  }

  up(): void {
    const data = this.message()
    const { sent } = this.epoch.up
    sent.push(shown(data))
    if (this.client.send(data) === 'dropped') sent.pop()
  }

  async down(): Promise<void> {
    const { id, down } = this.epoch
    const process = this.#running()
    if (!id || !process) return
    const data = this.message()
    const sent: Sent = {
      message: shown(data),
      by: process,
      number: this.#counted,
      stored: undefined,
      at: Number.POSITIVE_INFINITY,
      lost: false,
    }
    down.sent.set(sent.message, sent)
    await this.#clock.within(process, () =>
      this.#settles(process, process.sessions.send(id, data), (stored) => {
        sent.stored = stored
        sent.at = this.#clock.now
      }),
    )
  }

  async publish(): Promise<void> {
    const process = this.#running()
    if (!process) return
    const data = this.message()
    const { now } = this.#clock
    await this.#clock.within(process, () =>
      this.#settles(process, process.sessions.publish('room', data), (cursor) => {
        const known = this.#published.get(cursor) ?? []
        if (known.length && !this.#lossy) this.violations.push(`${cursor} published twice`)
        this.#published.set(cursor, [...known, { message: shown(data), at: now, by: process }])
      }),
    )
  }

  /** The application subscribes the session to `hall`, or ends that: one call at a time, in the process that has the session. */
  async change(isWanted: boolean, session = this.epoch.session): Promise<void> {
    const process = this.processes.find(
      ({ sessions }) => session !== undefined && sessions.get(session.id) === session,
    )
    if (!session || !process || this.#clock.isStopped(process)) return
    if (this.#changing && this.#open.get(this.#changing)?.alive) return
    this.#isWanted = undefined
    await this.#clock.within(process, () => {
      const changing = isWanted ? session.subscribe('hall') : session.unsubscribe('hall')
      this.#changing = changing
      this.#settles(process, changing, () => {
        if (this.epoch.session !== session) return
        this.#isWanted = isWanted
        this.#wantedAt = this.#clock.now
      })
    })
  }

  /** Whether the client knows that it is subscribed to `hall`, or that it is not any more. */
  get knowsSubscription(): boolean {
    return this.#lossy || this.#isWanted === undefined || this.#isWanted === this.#believesSubscribed
  }

  async accept(line = this.lines.at(-1)): Promise<void> {
    const process = this.#running()
    if (!line || !process || line.readyState !== 0) return
    line.process = process
    await this.#clock.within(process, () => process.sessions.accept(line.far as unknown as ServerSocket, {}))
    line.connected()
  }

  async arrive(line: (typeof this.lines)[number] | undefined, way: 'up' | 'down', frames = 1): Promise<void> {
    for (let n = 0; n < frames && line?.[way].length; n++) {
      if (way === 'up' && this.#clock.isStopped(line.process)) return
      await this.#clock.within(way === 'up' ? line.process : undefined, () => line.arrive(way))
    }
  }

  async lose(line: (typeof this.lines)[number] | undefined, who: 'client' | 'server'): Promise<void> {
    if (who === 'server' && this.#clock.isStopped(line?.process)) return
    await this.#clock.within(who === 'server' ? line?.process : undefined, () => line?.lose(who))
  }

  /** A process dies, and another one starts. */
  async kill(): Promise<void> {
    const process = this.#take()
    if (!process) return
    this.#disturbed = true
    process.alive = false
    process.gone = true
    this.#clock.kill(process)
    this.redis.remove(process)
    for (const line of this.lines)
      if (line.process === process) {
        line.serverOpen = false
        if (this.#random() < 0.7) line.lose('client')
        else line.hole = true
      }
    await this.start()
  }

  /** A process is shut down, and another one starts. */
  async shutdown(): Promise<void> {
    const process = this.#take()
    if (!process) return
    // A handler that takes longer than the shutdown waits is cut off.
    this.#disturbed ||= this.#slow
    process.gone = true
    await this.#clock.within(process, () => void process.sessions.shutdown({ after: 100 }))
    await this.start()
  }

  /** A process stands still, for longer than its lease. */
  stall(): void {
    const process = this.#running()
    if (!process) return
    this.#disturbed = true
    this.#clock.stop(process)
    this.#clock.later(undefined, 1_000 + 11_000 * this.#random(), () => {
      if (process.alive) this.#clock.resume(process)
    })
  }

  /** A process stands still while its client goes on in another one. What was on its way to it arrives later. */
  async overtake(): Promise<void> {
    const old = this.lines.at(-1)
    const process = old?.process
    if (!old || !process?.alive || this.client.status !== 'open' || this.processes.length < 2) return
    this.#disturbed = true
    for (let count = 0; count < 3; count++) this.up()
    this.#clock.stop(process)
    this.client.reconnect()
    for (let round = 0; round < 40; round++) {
      const line = this.lines.at(-1)
      if (line !== old) await this.accept(line)
      if (line !== old) await this.arrive(line, 'up', 6)
      if (line !== old) await this.arrive(line, 'down', 6)
      await this.#clock.advance(250)
    }
    if (process.alive) this.#clock.resume(process)
    await this.arrive(old, 'up', 6)
  }

  /** Two connections of the client reach their processes in reverse order. */
  async race(): Promise<void> {
    if (this.client.status !== 'open' || this.processes.length < 2) return
    this.client.reconnect()
    const first = this.lines.at(-1)
    await this.accept(first)
    this.client.reconnect()
    const second = this.lines.at(-1)
    await this.accept(second)
    await this.arrive(second, 'up')
    await this.#clock.advance(100 * this.#random())
    await this.arrive(first, 'up')
  }

  checkpoint(): void {
    // A second loss that undoes what the processes did about the first, which takes them a second or two, is not promised to be told.
    if (this.#clock.now < this.#lostAt + 3_000) return
    this.#snapshot = this.redis.snapshot()
    this.#savedAt = this.#clock.now
  }

  /** The store loses what was written since the last checkpoint. */
  loseTail(): void {
    // A process remembers for 60 s what it has stored: the loss of older writes is not promised to be told.
    if (!this.#snapshot || this.#clock.now > this.#savedAt + 60_000) return
    this.#disturbed = this.#lossy = true
    for (const { down } of this.epochs)
      for (const sent of down.sent.values()) sent.lost ||= sent.at >= this.#savedAt
    this.redis.restore(this.#snapshot)
    this.#snapshot = undefined
    this.#lostAt = this.#clock.now
  }

  /** The store loses messages that the client has not received, and goes on; then the connection breaks. */
  async loseUnread(): Promise<void> {
    const line = this.lines.at(-1)
    if (!line || this.client.status !== 'open') return
    this.checkpoint()
    for (let count = 0; count < 2; count++) await this.down()
    await this.#clock.advance(20)
    this.loseTail()
    await this.down()
    await this.#clock.advance(20)
    await this.lose(line, 'client')
    await this.lose(line, 'server')
  }

  /** For looking into one seed. */
  trace(say: (what: string) => void): void {
    const { client } = this
    client.on('*', (name, value) => say(`${this.#clock.now} client ${name} ${JSON.stringify(value)}`))
    const { arrive } = Near.prototype
    Near.prototype.arrive = function (this: Near, way) {
      say(`line ${this.dialled} ${way} ${JSON.stringify(this[way][0])?.slice(0, 160)}`)
      arrive.call(this, way)
    }
  }

  /** No more faults. */
  resumeAll(): void {
    for (const process of this.processes) this.#clock.resume(process)
  }

  /** Ends the client and all processes. */
  async end(): Promise<void> {
    this.#isOver = true
    this.client.close()
    for (const process of this.processes) this.#clock.kill(process)
    await this.#clock.settle()
  }

  get quiet(): boolean {
    const { up } = this.epoch
    return (
      this.client.status === 'open' &&
      this.client.bufferedAmount === 0 &&
      up.got.length === up.sent.length &&
      !this.#undelivered(this.epoch).length &&
      ![...this.#open.values()].some(({ alive }) => alive) &&
      !this.missing.length &&
      this.knowsSubscription
    )
  }

  /** Messages of the topic that the client neither got nor knows to be missing. */
  get missing(): string[] {
    const missing: string[] = []
    for (const [cursor, all] of this.#published)
      for (const { message, at, by } of all)
        if (
          at > this.#subscribedAt &&
          at > this.#lastGap &&
          !this.#heardOfTopic.has(message) &&
          !this.#isForgotten(by) &&
          // A client with the lost message of the same place lacks nothing as far as anybody knows who is still there.
          !all.some((other) => this.#heardOfTopic.has(other.message) && this.#isForgotten(other.by))
        )
          missing.push(`${cursor} ${message}`)
    return missing
  }

  /** Whether the store may have lost what this process stored, and nobody else knows that it was there. */
  #isForgotten({ gone }: Process): boolean {
    return gone && this.#lossy
  }

  /**
   * Messages that the client must receive and has not received. After a loss that nobody can notice, another message gets the
   * number of the lost one, and a client that has the lost one does not receive the other.
   */
  #undelivered({ down }: Pick<Epoch, 'down'>): string[] {
    const missing = [...down.sent.values()].filter(
      ({ message, stored, by }) => stored && !down.got.includes(message) && !this.#isForgotten(by),
    )
    const reused = down.got.filter((message) => {
      const sent = down.sent.get(message)
      return sent?.lost && this.#isForgotten(sent.by)
    })
    return missing.slice(reused.length).map(({ message }) => message)
  }

  /** What must hold at the end. */
  check(): void {
    for (const [number, { up, down, told, endings }] of this.epochs.entries()) {
      const say = (what: string) => this.violations.push(`session ${number}: ${what}`)
      if (told && told.least > up.got.length)
        say(`told that ${told.least} of ${up.sent.length} were delivered, and ${up.got.length} were`)
      // A handler may have run in a process that could not record it.
      if (told && told.most < up.got.length && !this.#disturbed && !this.#slow)
        say(`told that at most ${told.most} were delivered, and ${up.got.length} were`)
      if (endings.length > 1 && !this.#lossy) say(`ended ${endings.length} times`)
      for (const { delivered, sent } of endings)
        if (delivered > down.got.length || (down.got.length > sent && !this.#lossy))
          say(`the server was told ${delivered} of ${sent}, and ${down.got.length} were`)
      if (told) continue
      if (up.got.length < up.sent.length) say(`${up.sent.length - up.got.length} up lost`)
      for (const message of this.#undelivered({ down })) say(`${message} down lost`)
    }
    for (const missing of this.missing) this.violations.push(`topic: ${missing} is missing`)
    if (!this.knowsSubscription) this.violations.push('the client does not know whether it is subscribed')
  }

  #settles<Value>(process: Process, promise: Promise<Value>, done: (value: Value) => void): void {
    this.#open.set(promise, process)
    promise.then(done, () => {}).finally(() => this.#open.delete(promise))
  }

  #running(): Process | undefined {
    const running = this.processes.filter((process) => !this.#clock.isStopped(process))
    return running[Math.floor(this.#random() * running.length)]
  }

  /** Takes a process out. */
  #take(): Process | undefined {
    const process = this.#running()
    this.processes = this.processes.filter((one) => one !== process)
    return process
  }

  #opened(session: ServerSession, resumed: boolean, { token }: Request): void {
    const epoch = this.epochs[Number(token)]
    if (!epoch) return void this.violations.push('a session of nobody')
    if (epoch.id !== undefined && epoch.id !== session.id) this.violations.push('two sessions')
    epoch.id = session.id
    if (epoch === this.epoch && epoch.session !== session) {
      // The process may have read the subscriptions right before they changed.
      if (!resumed || this.#clock.now < this.#wantedAt + 1_000) this.#isWanted = undefined
    }
    epoch.session = session
    if (!resumed) {
      // A late hello, without `got`, finds nothing in a store that has lost even the creation of its session.
      if (epoch.down.got.length && !this.#lossy) this.violations.push('a session made twice')
      // Its process, or the store, lost it before the client heard of it. The application begins again.
      for (const sent of epoch.down.sent.values()) sent.stored = undefined
    }
    const subscribe = () => {
      session.subscribe('room', { last: 2 }).then(
        () => {
          epoch.isSubscribed = true
        },
        () => {
          if (session.connected) setTimeout(subscribe, 200)
        },
      )
    }
    if (!resumed && epoch === this.epoch) setTimeout(() => void this.change(true, session), 10)
    // The next process continues a subscription that is stored, as long as the store has lost nothing.
    if (!resumed || !epoch.isSubscribed || this.#lossy) subscribe()
  }

  #received(session: ServerSession, message: string, key: string): Promise<void> | undefined {
    const { id } = session
    const epoch = this.epochs.find((one) => one.id === id)
    if (!epoch) return void this.violations.push('a message of nobody')
    const { up } = epoch
    if (epoch.session !== session)
      this.violations.push(`${key} handled by a process that has lost the session`)
    const before = this.#handled.get(key)
    if (before === undefined) {
      this.#handled.set(key, message)
      if (key !== `${id}:${up.got.length + 1}`) this.violations.push(`key ${key} after ${up.got.length}`)
      if (message !== up.sent[up.got.length])
        this.violations.push(
          `server: number ${up.got.length + 1} is ${message}, not ${up.sent[up.got.length]}`,
        )
      up.got.push(message)
    } else {
      this.repeated++
      if (before !== message) this.violations.push(`${key} is ${message}, and was ${before}`)
      if (!this.#disturbed && !this.#slow) this.violations.push(`${key} handled twice`)
    }
    const random = this.#random()
    if (!this.#slow || random < 0.7) return undefined
    return new Promise((resolve) => setTimeout(resolve, random < 0.98 ? 20 : 7_000))
  }

  #ended(id: string, ending: Ending): void {
    this.epochs.find((one) => one.id === id)?.endings.push(ending)
  }

  #heard(message: string): void {
    const { down } = this.epoch
    const sent = down.sent.get(message)
    if (!sent) this.violations.push(`client: ${message} from nowhere`)
    if (down.got.includes(message)) this.violations.push(`client: ${message} twice`)
    if (sent?.stored === false) this.violations.push(`client: ${message} was not stored`)
    const last = down.got.filter((one) => down.sent.get(one)?.by === sent?.by).at(-1)
    if (sent && last && (down.sent.get(last)?.number ?? 0) > sent.number)
      this.violations.push(`client: ${message} after ${last}`)
    down.got.push(message)
  }

  #heardTopic(cursor: string, message: string): void {
    this.topicMessages++
    const [epoch = '', offset] = cursor.split(':')
    const [placeEpoch, place] = (this.#place ?? '').split(':')
    if (epoch !== placeEpoch || Number(offset) !== Number(place) + 1)
      this.violations.push(`topic: ${cursor} after ${this.#place}`)
    if (this.#heardOfTopic.has(message)) this.violations.push(`topic: ${message} twice`)
    const expected = this.#published.get(cursor)
    if (expected && !expected.some((one) => one.message === message) && !this.#lossy)
      this.violations.push(`topic: ${cursor} is ${message}`)
    this.#heardOfTopic.add(message)
    this.#place = cursor
  }
}
