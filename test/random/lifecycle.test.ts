import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Data, type Options, Socket, type Status } from '../../src/index.ts'
import { FakeServer, FakeSocket, HOP } from '../support/fakes.ts'
import { Target } from '../unit/page.ts'

/*
 * Any order of what a user, a server, the clock and the page may do, with listeners that call methods from inside
 * events. After every step the socket is held against what must be true of any socket at any time.
 */

const RUNS = Number(process.env.TRACES ?? 1_500)
const HEARTBEAT = { ping: 'ping', pong: 'pong', interval: 8_000, timeout: 3_000 }

type User = { do: 'open' | 'reconnect' | 'send' | 'binaryType' } | { do: 'close'; code: number }
type Step =
  | User
  | {
      do: 'accept' | 'refuse' | 'hang' | 'mute' | 'unmute' | 'speak' | 'mumble' | 'vanish' | 'stall' | 'flow'
    }
  | { do: 'hangUp'; code: number }
  | { do: 'tick' | 'sleep'; ms: number }
  | { do: 'online' | 'offline' | 'shown' | 'resumed' }
const events = ['connecting', 'open', 'text', 'json', 'waiting', 'closed', 'drop', 'pulse'] as const
const functions = ['url', 'protocols', 'greet', 'final', 'reconnect', 'parse', 'pong', 'ended'] as const
/** What is done from inside an event, or a function that was given as an option, the first two times. */
interface Trap {
  on: (typeof events)[number] | (typeof functions)[number]
  user: User
}

const simple = <Name extends string>(...names: Name[]) =>
  fc.constantFrom(...names).map((name) => ({ do: name }))
const user: fc.Arbitrary<User> = fc.oneof(
  { weight: 5, arbitrary: simple('open', 'reconnect', 'send', 'send', 'send', 'binaryType') },
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
    arbitrary: fc.constantFrom(-5_000, 2_000, 100_000).map((ms) => ({ do: 'sleep' as const, ms })),
  },
  { weight: 3, arbitrary: simple('online', 'offline', 'shown', 'resumed') },
)
const trap: fc.Arbitrary<Trap> = fc.record({
  on: fc.oneof(fc.constantFrom(...events), fc.constantFrom(...functions)),
  user,
})
const settings: fc.Arbitrary<Options> = fc.record({
  heartbeat: fc.constantFrom<NonNullable<Options['heartbeat']>[]>(false, HEARTBEAT, { silence: 9_000 }),
  reconnect: fc.constantFrom({}, { attempts: 2 }, { stableAfter: 0 }, { base: 300, factor: 1 }),
  queue: fc.constantFrom(
    {},
    { messages: 2 },
    { messages: 2, overflow: 'oldest' as const },
    { bytes: 5, overflow: 'oldest' as const },
    { ttl: 1_000 },
    false as const,
  ),
  attemptTimeout: fc.constantFrom(10_000, 50),
  autoOpen: fc.boolean(),
})

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
let document: EventTarget = new Target()
const reports: unknown[] = []

beforeAll(() => {
  vi.useFakeTimers()
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
}

class Run {
  readonly server = new FakeServer()
  readonly natives: FakeSocket[] = []
  readonly socket: Socket
  readonly #sent: Sent[] = []
  /** Texts in the order in which natives were handed them. */
  readonly #wire: string[] = []
  readonly #traps: (Trap & { left: number })[]
  /** The last transition that was told. */
  #told: Status = 'idle'
  /** How often it was started, and how often it was closed: nothing is heard while these are even. */
  #starts = 1
  #ends = 0
  #deadline = Number.POSITIVE_INFINITY
  #inOpen = false

  constructor(options: Options, traps: Trap[]) {
    this.#traps = traps.map((trap) => ({ ...trap, left: 2 }))
    const run = this
    class Native extends FakeSocket {
      constructor(url: string, protocols?: string[]) {
        expect(run.#alive, 'live sockets at a dial').toEqual([])
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

  get #alive() {
    return this.natives.filter(({ readyState }) => readyState < 2)
  }

  get #queued() {
    return this.#sent.filter(({ result, handed, told }) => result === 'queued' && handed + told === 0)
  }

  #listen() {
    const { socket } = this
    const leads: Record<string, Status[]> = {
      connecting: ['idle', 'waiting', 'closed', 'open', 'connecting'],
      open: ['connecting'],
      waiting: ['idle', 'connecting', 'open', 'waiting', 'closed'],
      closed: ['idle', 'connecting', 'open', 'waiting', 'closed'],
    }
    const heard = (name: Trap['on'] | 'binary' | 'invalid') => {
      expect(this.#ends, `${name} after closed`).toBeLessThan(this.#starts)
    }
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
      this.#deadline = Date.now() + delay
    })
    socket.on('binary', () => heard('binary'))
    socket.on('pulse', () => heard('pulse'))
    socket.on('json', () => heard('json'))
    socket.on('invalid', () => heard('invalid'))
    socket.on('text', (text) => {
      heard('text')
      expect(text, 'whose message is heard').toMatch(new RegExp(`^(not JSON )?${this.natives.length - 1}$`))
    })
    socket.on('drop', ({ data }) => {
      heard('drop')
      const message = this.#sent.find(({ text }) => text === data)
      if (message) message.told++
    })
    socket.on('open', () => {
      this.#inOpen = true
      // The queue follows in the same turn.
      queueMicrotask(() => {
        this.#inOpen = false
      })
    })
    for (const name of events)
      if (this.#traps.some(({ on }) => on === name)) socket.on(name, () => this.#spring(name))
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
    const message: Sent = { text, result: 'dropped', handed: 0, told: 0 }
    this.#sent.push(message)
    message.result = socket.send(text)
    if (message.result === 'sent' && !this.#inOpen) expect(before, 'overtaken messages').toBe(0)
    if (status === 'closed') expect(message.result).toBe('dropped')
    if (message.result === 'queued') expect(message.handed).toBe(0)
  }

  act(action: User) {
    const { socket } = this
    switch (action.do) {
      case 'open':
      case 'reconnect':
        if (socket.status === 'closed') this.#starts++
        this.#deadline = Number.POSITIVE_INFINITY
        return socket[action.do]()
      case 'close':
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
        await vi.advanceTimersByTimeAsync(step.ms)
        if (before && heartbeat && step.ms > 60_000) expect(this.#alive, 'a dead line').not.toContain(before)
        break
      }
      case 'sleep':
        vi.setSystemTime(Date.now() + step.ms)
        // Nothing follows from a deadline on another clock.
        this.#deadline = Number.POSITIVE_INFINITY
        break
      case 'online':
      case 'offline':
        window.dispatchEvent(new Event(step.do))
        break
      case 'shown':
        document.dispatchEvent(new Event('visibilitychange'))
        break
      case 'resumed':
        document.dispatchEvent(new Event('resume'))
        break
      default:
        server[step.do]()
    }
    await vi.advanceTimersByTimeAsync(0)
    this.check()
  }

  check() {
    const { socket } = this
    const alive = this.#alive
    expect(alive.length, 'live sockets').toBeLessThanOrEqual(1)
    expect(this.#told, 'the last transition told').toBe(socket.status)
    if (socket.status !== 'connecting' && socket.status !== 'open') expect(alive, 'live sockets').toEqual([])
    if (socket.status === 'waiting')
      expect(Date.now(), 'the next attempt is due').toBeLessThanOrEqual(this.#deadline)
    for (const native of alive) expect(native.binaryType).toBe(socket.binaryType)

    for (const { text, result, handed, told } of this.#sent) {
      const at = `${text}, ${result}`
      if (result === 'sent') expect([at, handed, told]).toEqual([at, 1, 0])
      else expect(handed + told, at).toBeLessThanOrEqual(1)
      if (result === 'dropped') expect(handed, at).toBe(0)
    }
    const order = this.#wire.filter((text) =>
      this.#sent.some((sent) => sent.text === text && sent.result === 'queued'),
    )
    expect(order, 'queued messages keep their order').toEqual([...order].sort())
    expect(new Set(this.#wire).size, 'messages handed over twice').toBe(this.#wire.length)
    const bytes = this.#queued.reduce((sum, { text }) => sum + text.length, 0)
    expect(socket.bufferedAmount).toBe(bytes + (alive[0]?.bufferedAmount ?? 0))
    expect(reports, 'uncaught').toEqual([])
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
    window.dispatchEvent(new Event('online'))
    document.dispatchEvent(new Event('resume'))
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
        window = new Target()
        document = Object.assign(new Target(), { visibilityState: 'visible' })
        vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
        vi.stubGlobal('document', document)
        vi.clearAllTimers()
        vi.spyOn(Math, 'random').mockImplementation(dice(seed))
        const run = new Run(options, traps)
        const heartbeat = options.heartbeat !== false
        for (const next of steps) await run.step(next, heartbeat)
        await run.end()
      },
    ),
    { numRuns: RUNS },
  )
})
