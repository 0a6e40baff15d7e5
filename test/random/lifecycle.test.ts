import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  type Closed,
  type Data,
  isFinal,
  type Options,
  type Outcome,
  Socket,
  type Status,
} from '../../src/index.ts'
import { setClock, sleep, useFakeClock } from '../support/clock.ts'
import { FakeServer, FakeSocket, HOP } from '../support/fakes.ts'
import { Target } from '../unit/page.ts'

/*
 * Any order of what a user, a server, the clock and the page may do, with listeners that call methods from inside
 * events. After every step the socket is held against what must be true of any socket at any time.
 */

const RUNS = Number(process.env.TRACES ?? 1_500)
const HEARTBEAT = { ping: 'ping', pong: 'pong', interval: 8_000, timeout: 3_000 }

type User =
  | {
      do: 'open' | 'reconnect' | 'reconnectDrop' | 'overlap' | 'suspend' | 'check' | 'send' | 'binaryType'
    }
  | { do: 'close'; code: number }
type Step =
  | User
  | {
      do: 'accept' | 'refuse' | 'hang' | 'mute' | 'unmute' | 'speak' | 'mumble' | 'vanish' | 'stall' | 'flow'
    }
  | { do: 'hangUp'; code: number }
  | { do: 'tick' | 'sleep' | 'setClock'; ms: number }
  | { do: (typeof pageSteps)[number] }
const pageSteps = [
  'online',
  'offline',
  'shown',
  'hidden',
  'resumed',
  'beforeunload',
  'pagehide',
  'pageshow',
] as const
const events = ['status', 'connecting', 'open', 'text', 'json', 'waiting', 'closed', 'drop', 'pulse'] as const
const functions = ['url', 'protocols', 'greet', 'final', 'reconnect', 'parse', 'pong', 'ended'] as const
/** What is done from inside an event, or a function that was given as an option, the first two times. */
interface Trap {
  on: (typeof events)[number] | (typeof functions)[number]
  user: User
}

const simple = <Name extends string>(...names: Name[]) =>
  fc.constantFrom(...names).map((name) => ({ do: name }))
const user: fc.Arbitrary<User> = fc.oneof(
  {
    weight: 5,
    arbitrary: simple(
      'open',
      'reconnect',
      'reconnectDrop',
      'overlap',
      'overlap',
      'suspend',
      'check',
      'send',
      'send',
      'send',
      'send',
      'binaryType',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(1000, 4000, 4400).map((code) => ({ do: 'close' as const, code })) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: user },
  {
    weight: 5,
    arbitrary: simple(
      'accept',
      'accept',
      'refuse',
      'hang',
      'mute',
      'unmute',
      'speak',
      'mumble',
      'vanish',
      'stall',
      'flow',
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(1000, 1001, 1005, 1011, 1008, 4401)
      .map((code) => ({ do: 'hangUp' as const, code })),
  },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(1, HOP - 1, HOP, HOP + 1, 60, 500, 3_000, 12_000, 70_000)
      .map((ms) => ({ do: 'tick' as const, ms })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(2_000, 100_000).map((ms) => ({ do: 'sleep' as const, ms })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(-5_000, 7_200_000).map((ms) => ({ do: 'setClock' as const, ms })),
  },
  { weight: 4, arbitrary: simple(...pageSteps) },
)
const trap: fc.Arbitrary<Trap> = fc.record({
  on: fc.oneof(fc.constantFrom(...events), fc.constantFrom(...functions)),
  user,
})
const settings: fc.Arbitrary<Options> = fc.record({
  heartbeat: fc.constantFrom<NonNullable<Options['heartbeat']>[]>(false, HEARTBEAT, { silence: 6_000 }),
  reconnect: fc.constantFrom({}, { attempts: 2 }, { stableAfter: 0 }, { base: 300, factor: 1 }),
  queue: fc.constantFrom(
    {},
    { messages: 2 },
    { messages: 2, overflow: 'oldest' as const },
    { bytes: 5, overflow: 'oldest' as const },
    { ttl: 1_000 },
    { perSecond: 20 },
    false as const,
  ),
  attemptTimeout: fc.constantFrom(10_000, 50),
  suspendHidden: fc.constantFrom(false as const, 5_000),
  autoOpen: fc.boolean(),
})

const isResting = (status: Status) => ['idle', 'suspended', 'closed'].includes(status)

/** Chance that can be repeated: mulberry32. */
function dice(seed: number) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The page of the current run. */
let window = new Target()
let document = Object.assign(new Target(), { visibilityState: 'visible' })
const reports: unknown[] = []

beforeAll(() => {
  vi.stubGlobal('reportError', (error: unknown) => reports.push(error))
})
afterAll(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

interface Sent {
  text: string
  result: 'sent' | 'queued' | 'dropped'
  /** How often it was handed to a native socket, and how often it was told to be dropped. */
  handed: number
  told: number
  /** How often it was told to be lost with the connection that it was handed to. */
  lost: number
  outcomes: Outcome['result'][]
}

class Run {
  readonly server = new FakeServer()
  readonly natives: FakeSocket[] = []
  readonly socket: Socket
  readonly #sent: Sent[] = []
  /** Texts in the order in which natives were handed them. */
  readonly #wire: string[] = []
  readonly #traps: (Trap & { left: number })[]
  /** The last transition that was told, and the last status. */
  #told: Status = 'idle'
  #status: Status
  /** How often it was started, and how often it was closed: nothing is heard while these are even. */
  #starts = 1
  #ends = 0
  #deadline = Number.POSITIVE_INFINITY
  #inOpen = false
  /** The native that was open last, and the one before it where two overlap, until when. */
  #current: FakeSocket | undefined
  #retired: { native: FakeSocket; until: number } | undefined
  /** How often the user has done what leaves `idle`, `suspended` or `closed`, and has suspended, and it was not told yet. */
  #openings = 0
  #suspensions = 0
  /** Whether the page may leave `suspended` or `closed`, and whether it has a reason to do so now. */
  #isRevivable = false
  #isWaking = false
  #hasSlept = false
  /** Until when the page counts as being left. */
  #leavingUntil = Number.NEGATIVE_INFINITY
  readonly #options: Options

  constructor(options: Options, traps: Trap[]) {
    this.#traps = traps.map((trap) => ({ ...trap, left: 2 }))
    this.#options = options
    const run = this
    class Native extends FakeSocket {
      constructor(url: string, protocols?: string[]) {
        expect(
          run.#alive.filter((native) => !run.#mayOverlap(native)),
          'live sockets at a dial',
        ).toEqual([])
        super(run.server, url, protocols)
        run.natives.push(this)
      }
      override send(data: Data) {
        if (this.readyState === this.OPEN && data !== 'ping') run.#hand(String(data))
        super.send(data as string)
      }
    }
    this.server.onMessage = (peer, data) => {
      if (data === 'ping') peer.send('pong')
    }
    this.socket = new Socket((context) => this.#url(context), {
      WebSocket: Native,
      ...options,
      ...this.#trapped(options),
    })
    this.#status = this.socket.status
    if (this.#status !== 'idle') this.#told = 'idle'
    this.#listen()
  }

  async #url({ signal }: { signal: AbortSignal }) {
    signal.addEventListener('abort', () => this.#spring('ended'))
    this.#spring('url')
    return this.server.url
  }

  /** Options that are functions, for the traps in them; without one it is the default that is tried. */
  #trapped({ heartbeat }: Options): Options {
    const options: Record<(typeof functions)[number], Options> = {
      url: {},
      ended: {},
      protocols: { protocols: () => this.#spring('protocols', []) },
      greet: { greet: async () => this.#spring('greet') },
      final: { final: ({ code }) => this.#spring('final', code === 4401) },
      reconnect: { reconnect: () => this.#spring('reconnect', Math.random() * 3_000) },
      parse: { parse: (text) => this.#spring('parse', JSON.parse(text)) },
      pong: {},
    }
    if (heartbeat === HEARTBEAT)
      options.pong = {
        heartbeat: { ...heartbeat, pong: ({ data }) => this.#spring('pong', data === 'pong') },
      }
    return Object.assign({}, ...this.#traps.map(({ on }) => options[on as keyof typeof options]))
  }

  #spring<Answer>(name: Trap['on'], answer?: Answer) {
    for (const trap of this.#traps) if (trap.on === name && trap.left-- > 0) this.act(trap.user)
    return answer as Answer
  }

  /** Whether a native may live while the next one is dialled. */
  #mayOverlap(native: FakeSocket) {
    if (native === this.#retired?.native) return performance.now() <= this.#retired.until
    return native === this.#current && this.socket.status === 'open'
  }

  get #alive() {
    return this.natives.filter(({ readyState }) => readyState < 2)
  }

  get #queued() {
    return this.#sent.filter(({ result, handed, told }) => result === 'queued' && handed + told === 0)
  }

  #listen() {
    const { socket } = this
    const leads: Record<string, Status[]> = {
      connecting: ['idle', 'waiting', 'suspended', 'closed', 'open', 'connecting'],
      // From `open`: an overlapping reconnect.
      open: ['connecting', 'open'],
      waiting: ['idle', 'connecting', 'open', 'waiting', 'suspended', 'closed'],
      closed: ['idle', 'connecting', 'open', 'waiting', 'suspended', 'closed'],
    }
    const heard = (name: Trap['on'] | 'binary' | 'invalid') => {
      expect(this.#ends, `${name} after closed`).toBeLessThan(this.#starts)
    }
    socket.on('status', (change) => this.#statusChanged(change))
    socket.on('closed', (close) => {
      this.#isRevivable = this.#isUsedUp(close)
    })
    for (const name of ['connecting', 'open', 'waiting', 'closed'] as const)
      socket.on(name, () => {
        heard(name)
        expect(leads[name], `${name} after ${this.#told}`).toContain(this.#told)
        this.#told = name
        this.#deadline = Number.POSITIVE_INFINITY
        if (name === 'closed') this.#ends++
      })
    socket.on('waiting', ({ delay }) => {
      expect(delay).toBeGreaterThanOrEqual(0)
      // While the page is being left nothing is dialled.
      this.#deadline =
        performance.now() <= this.#leavingUntil ? Number.POSITIVE_INFINITY : performance.now() + delay
    })
    socket.on('binary', () => heard('binary'))
    socket.on('pulse', () => heard('pulse'))
    socket.on('json', () => heard('json'))
    socket.on('invalid', () => heard('invalid'))
    socket.on('text', (text) => {
      heard('text')
      expect(socket.status, 'status at a message').toBe('open')
      const from = this.natives[Number(text.replace('not JSON ', ''))]
      const isRetired = from === this.#retired?.native && performance.now() <= (this.#retired?.until ?? 0)
      expect(from === this.#current || isRetired, 'whose message is heard').toBe(true)
    })
    socket.on('drop', ({ data, why }) => {
      heard('drop')
      const message = this.#sent.find(({ text }) => text === data)
      if (message) why === 'disconnected' ? message.lost++ : message.told++
    })
    socket.on('open', () => {
      const before = this.#current
      this.#current = this.natives.at(-1)
      // It is kept for another second if bytes have not left.
      if (before && before !== this.#current && before.readyState < 2)
        this.#retired = { native: before, until: performance.now() + (before.bufferedAmount ? 2_000 : 1_000) }
      this.#opening()
    })
    for (const name of events)
      if (this.#traps.some(({ on }) => on === name)) socket.on(name, () => this.#spring(name))
  }

  /** The queue follows in the same turn. */
  #opening() {
    this.#inOpen = true
    queueMicrotask(() => {
      this.#inOpen = false
    })
  }

  #statusChanged({ status, previous }: { status: Status; previous: Status }) {
    expect(previous, 'the status before').toBe(this.#status)
    expect(status, 'a change of status').not.toBe(previous)
    this.#status = status
    if (status === 'open') this.#opening()
    if (previous === 'idle' || previous === 'suspended' || previous === 'closed') {
      if (status !== 'closed' && this.#openings-- === 0) {
        this.#openings = 0
        expect(this.#isRevivable && this.#isWaking, `${status} after ${previous}`).toBe(true)
        if (previous === 'closed') this.#starts++
      }
    }
    if (status === 'suspended') {
      this.#told = status
      this.#deadline = Number.POSITIVE_INFINITY
      this.#isRevivable = this.#suspensions === 0
      if (this.#isRevivable) expect(this.#options.suspendHidden).toBeTruthy()
      else this.#suspensions--
    }
  }

  /** Whether this end says that the attempts are used up: then a wake may start over. */
  #isUsedUp(close: Closed) {
    const { reconnect } = this.#options
    const traps = this.#traps.map(({ on }) => on)
    if (close.cause === 'user' || typeof reconnect !== 'object' || !reconnect.attempts) return false
    if (traps.includes('reconnect')) return false
    return traps.includes('final') ? close.code !== 4401 : !isFinal(close)
  }

  #hand(text: string) {
    this.#wire.push(text)
    const message = this.#sent.find((sent) => sent.text === text)
    if (message) message.handed++
  }

  #send() {
    const { socket } = this
    const text = `#${this.#sent.length + 100}`
    const before = this.#queued.length
    const { status } = socket
    const message: Sent = { text, result: 'dropped', handed: 0, told: 0, lost: 0, outcomes: [] }
    this.#sent.push(message)
    message.result = socket.send(text, { onOutcome: ({ result }) => message.outcomes.push(result) })
    if (message.result === 'sent' && !this.#inOpen) expect(before, 'overtaken messages').toBe(0)
    if (status === 'closed') expect(message.result).toBe('dropped')
    if (message.result === 'queued') expect(message.handed).toBe(0)
  }

  act(action: User) {
    const { socket } = this
    switch (action.do) {
      case 'open':
      case 'reconnect':
      case 'reconnectDrop':
      case 'overlap':
        if (socket.status === 'closed') this.#starts++
        if (isResting(socket.status)) this.#openings++
        this.#deadline = Number.POSITIVE_INFINITY
        if (action.do === 'open') return socket.open()
        if (action.do === 'reconnect') return socket.reconnect()
        if (action.do === 'overlap') return socket.reconnect({ overlap: true })
        socket.reconnect({ queue: 'drop' })
        return
      case 'suspend':
        if (!isResting(socket.status)) this.#suspensions++
        return socket.suspend()
      case 'check': {
        const wasClosed = socket.status === 'closed'
        const { closed } = socket
        // A listener of `drop` is called before `closed` is emitted.
        const isRevivable = this.#told === 'closed' ? this.#isRevivable : closed && this.#isUsedUp(closed)
        const revives = Boolean(wasClosed && isRevivable)
        if (revives) {
          this.#openings++
          this.#starts++
        }
        socket.check()
        if (wasClosed) expect(socket.status !== 'closed', 'check() of a closed socket').toBe(revives)
        return
      }
      case 'close':
        this.#isRevivable = false
        return socket.close(action.code)
      case 'send':
        return this.#send()
      case 'binaryType':
        socket.binaryType = socket.binaryType === 'blob' ? 'arraybuffer' : 'blob'
    }
  }

  async step(step: Step, heartbeat: boolean) {
    const { server } = this
    switch (step.do) {
      case 'open':
      case 'reconnect':
      case 'reconnectDrop':
      case 'overlap':
      case 'suspend':
      case 'check':
      case 'close':
      case 'send':
      case 'binaryType':
        this.act(step)
        break
      case 'speak':
      case 'mumble':
        for (const peer of server.live)
          peer.send(`${step.do === 'speak' ? '' : 'not JSON '}${this.natives.indexOf(peer.socket)}`)
        break
      case 'hangUp':
        server.hangUp(step.code)
        break
      case 'tick': {
        const [before] = server.muted && this.socket.status === 'open' ? this.#alive : []
        this.#isWaking = this.#hasSlept
        await vi.advanceTimersByTimeAsync(step.ms)
        this.#isWaking = false
        if (before && heartbeat && step.ms > 60_000) expect(this.#alive, 'a dead line').not.toContain(before)
        break
      }
      case 'sleep':
        this.#hasSlept = true
        sleep(step.ms)
        // Nothing follows from a deadline on another clock, nor from one of an overlap.
        this.#deadline = Number.POSITIVE_INFINITY
        if (this.#retired) this.#retired.until += step.ms
        this.#leavingUntil += step.ms
        break
      case 'setClock':
        this.#hasSlept = true
        setClock(step.ms)
        break
      case 'online':
      case 'offline':
      case 'shown':
      case 'hidden':
      case 'resumed':
      case 'beforeunload':
      case 'pagehide':
      case 'pageshow':
        this.#page(step.do)
        break
      default:
        server[step.do]()
    }
    await vi.advanceTimersByTimeAsync(0)
    this.check()
  }

  #page(step: (typeof pageSteps)[number]) {
    this.#isWaking = true
    switch (step) {
      case 'shown':
      case 'hidden':
        document.visibilityState = step === 'shown' ? 'visible' : 'hidden'
        document.dispatchEvent(new Event('visibilitychange'))
        break
      case 'resumed':
        document.dispatchEvent(new Event('resume'))
        break
      case 'pageshow':
        window.dispatchEvent(Object.assign(new Event(step), { persisted: true }))
        this.#leavingUntil = Number.NEGATIVE_INFINITY
        break
      default:
        if (step === 'beforeunload' || step === 'pagehide') {
          this.#leavingUntil = performance.now() + 5_000
          this.#deadline = Number.POSITIVE_INFINITY
        }
        window.dispatchEvent(new Event(step))
    }
    this.#isWaking = false
  }

  check() {
    const { socket } = this
    const alive = this.#alive
    // The present one, the next one while they overlap, and for a second the one before.
    const retired = alive.filter((native) => native === this.#retired?.native)
    if (retired.length) expect(performance.now(), 'an overlap').toBeLessThanOrEqual(this.#retired?.until ?? 0)
    const others = alive.filter((native) => native !== this.#current && !retired.includes(native))
    const present = alive.filter((native) => native === this.#current)
    if (socket.status !== 'open') expect(present, 'the last connection').toEqual([])
    expect(others.length, 'live sockets').toBeLessThanOrEqual(1)
    expect(this.#told, 'the last transition told').toBe(socket.status)
    expect(this.#status, 'the last status told').toBe(socket.status)
    if (socket.status !== 'connecting' && socket.status !== 'open') expect(alive, 'live sockets').toEqual([])
    if (socket.status === 'waiting')
      expect(performance.now(), 'the next attempt is due').toBeLessThanOrEqual(this.#deadline)
    for (const native of alive) expect(native.binaryType).toBe(socket.binaryType)

    for (const { text, result, handed, told, lost, outcomes } of this.#sent) {
      const at = `${text}, ${result}`
      if (result === 'sent') expect([at, handed, told]).toEqual([at, 1, 0])
      else expect(handed + told, at).toBeLessThanOrEqual(1)
      if (result === 'dropped') expect(handed, at).toBe(0)
      expect(lost, at).toBeLessThanOrEqual(result === 'queued' ? handed : 0)
      const outcome = handed ? ['sent'] : told || result === 'dropped' ? ['dropped'] : []
      expect([at, outcomes]).toEqual([at, outcome])
    }
    const order = this.#wire.filter((text) =>
      this.#sent.some((sent) => sent.text === text && sent.result === 'queued'),
    )
    expect(order, 'queued messages keep their order').toEqual([...order].sort())
    expect(new Set(this.#wire).size, 'messages handed over twice').toBe(this.#wire.length)
    const bytes = this.#queued.reduce((sum, { text }) => sum + text.length, 0)
    const native = socket.status === 'open' ? this.#current : others[0]
    const unsent = [native, ...retired].reduce((sum, each) => sum + (each?.bufferedAmount ?? 0), 0)
    expect(socket.bufferedAmount).toBe(bytes + unsent)
    expect(reports.map(String), 'uncaught').toEqual([])
  }

  abandon() {
    for (const trap of this.#traps) trap.left = 0
    this.socket.close()
    this.server.stop()
  }

  /** Closed for good: everybody is told, nothing is left. */
  async end() {
    const { server, socket } = this
    for (const trap of this.#traps) trap.left = 0
    server.unmute()
    server.flow()
    socket.close()
    this.check()
    expect(this.#queued, 'what was queued is told to be dropped').toEqual([])
    await vi.advanceTimersByTimeAsync(4 * HOP)
    // Where its close frame was lost, the fake waits for 60 s, as Chromium does, on a timer of its own.
    const theirs = this.natives.filter(({ readyState }) => readyState === 2)
    expect(vi.getTimerCount(), 'timers').toBe(theirs.length)
    const { dials } = server
    await vi.advanceTimersByTimeAsync(200_000)
    for (const step of pageSteps) this.#page(step)
    socket.check()
    await vi.advanceTimersByTimeAsync(20_000)
    expect([server.dials, vi.getTimerCount(), server.sockets.length]).toEqual([dials, 0, 0])
    server.stop()
  }
}

test(`whatever happens in whatever order, ${RUNS} times`, { timeout: 40 * RUNS }, async () => {
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(trap, { maxLength: 3 }),
      fc.array(step, { minLength: 1, maxLength: 40 }),
      fc.integer(),
      async (options, traps, steps, seed) => {
        reports.length = 0
        useFakeClock()
        window = new Target()
        document = Object.assign(new Target(), { visibilityState: 'visible' })
        vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
        vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window))
        vi.stubGlobal('document', document)
        vi.clearAllTimers()
        vi.spyOn(Math, 'random').mockImplementation(dice(seed))
        const run = new Run(options, traps)
        const heartbeat = options.heartbeat !== false
        try {
          for (const next of steps) await run.step(next, heartbeat)
          await run.end()
        } finally {
          // What a failed run leaves on the page would be taken for a fault of the next one.
          run.abandon()
        }
      },
    ),
    { numRuns: RUNS },
  )
})
