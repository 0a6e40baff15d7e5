import { isData } from '../core/binary.ts'
import { type Cancel, longTimeout } from '../core/long-timeout.ts'
import { callSafely } from '../core/report.ts'
import type { Closed, Data, Events, Socket, SocketLike } from '../index.ts'
import { type FromTab, type Joined, locks, type SentOutcome, type State } from './protocol.ts'
import { resolveServeOptions, type ServeOptions } from './serve-options.ts'
import { type Batch, CHECKS_UNTIL_DEAD, TabConnection } from './tab-connection.ts'

/** The first frame after a pause is relayed at once; those of the next few ms go together in one message per tab. In ms. */
const GATHER = 4
/** How often tabs without Web Locks receive a ping, in ms. */
const PING = 1_000
/** How often to read `bufferedAmount`, for which the platform has no event, in ms. */
const BUFFER_CHECK = 50
/** The shortest time between two calls of `check()`, which many pages may ask for at once. In ms. */
const CHECK_INTERVAL = 250

/** What `serveTabs` returns. */
export interface TabServer {
  /** How many tabs are attached now. */
  readonly tabs: number
  /** Serves a tab on a port that did not come with the worker's `connect` event. */
  connect(port: MessagePort): void
}

/**
 * Shares a `Socket` or a `Session` with all tabs that call `connectTab`. Call it in a SharedWorker of the application,
 * before any `await`, because the worker's first `connect` event comes right after its script:
 *
 * ```ts
 * import { Socket } from 'holdfast'
 * import { serveTabs } from 'holdfast/tabs'
 * serveTabs(new Socket('wss://example.com/'))
 * ```
 *
 * Suspends the socket when the last tab has left, and opens it when one comes.
 *
 * @throws {TypeError} for an unknown option, and if `socket` is not a `SocketLike`
 * @throws {RangeError} for an option out of range
 */
export function serveTabs<In, Out>(socket: SocketLike<In, Out>, options: ServeOptions = {}): TabServer {
  const hub = new TabHub(socket as SocketLike, resolveServeOptions(socket, options))
  globalThis.addEventListener?.('connect', (event) => {
    const [port] = (event as MessageEvent).ports
    if (port) hub.connect(port)
  })
  return hub
}

class TabHub implements TabServer {
  readonly #socket: SocketLike
  readonly #options: ReturnType<typeof resolveServeOptions>
  readonly #tabs = new Set<TabConnection>()
  #state: State
  #stateSince = Date.now()
  /** Frames of the socket so far. */
  #position = 0
  #batch: Batch = { frames: [], bytes: 0 }
  #gathering = false
  /** The name of the Web Lock that this worker holds as long as it lives. `null`: there are no Web Locks here. */
  #lock: string | null | undefined
  #cancelCheck: Cancel | undefined
  #pingTimer: ReturnType<typeof setInterval> | undefined
  #cancelLinger: Cancel | undefined
  #checking: 'once' | 'again' | undefined
  #reporting = false
  /** Messages of tabs that the socket has just dropped. */
  #dropped: { data: Data; outcome: SentOutcome }[] = []

  constructor(socket: SocketLike, options: ReturnType<typeof resolveServeOptions>) {
    this.#socket = socket
    this.#options = options
    this.#state = this.#readState()
    socket.on('message', ({ data }) => this.#received(data))
    socket.on('pulse', (pulse) => this.#broadcast((tab) => tab.post(['pulse', pulse])))
    socket.on('connecting', (value) => this.#changed(['connecting', value]))
    socket.on('open', (value) => this.#changed(['open', value]))
    socket.on('waiting', (value) => this.#changed(['waiting', { ...value, close: cloneable(value.close) }]))
    socket.on('closed', (value) => this.#changed(['closed', cloneable(value)]))
    socket.on('status', ({ status }) => {
      if (status === 'idle' || status === 'suspended') this.#changed([status, undefined])
    })
    socket.on('drop', (drop) => this.#addDropReason(drop))
    void this.#holdLock()
  }

  get tabs(): number {
    return this.#tabs.size
  }

  connect(port: MessagePort): void {
    const tab = new TabConnection(port, this.#options.backlog)
    port.addEventListener('message', ({ data }) => callSafely(() => this.#receivedFrom(tab, data)))
    port.start()
  }

  /** The page, or something else on this origin, may post anything: what is not of the protocol is ignored. */
  #receivedFrom(tab: TabConnection, message: FromTab): void {
    if (!Array.isArray(message)) return
    const joined = this.#tabs.has(tab)
    tab.alive()
    switch (message[0]) {
      case 'join':
        return this.#join(tab, message[1]?.open === true, message[1]?.pings === true)
      case 'leave':
        // The port stays open: a page may send a last message from a `pagehide` listener of its own.
        tab.left = true
        return this.#remove(tab)
      case 'send':
        this.#send(tab, message[1], message[2])
        break
      case 'ack':
        tab.acknowledged()
        break
      case 'open':
        if (joined) this.#socket.open()
        break
      case 'check':
        if (joined) this.#check()
        break
      case 'reconnect':
        if (joined) this.#reconnect(message[1])
        break
    }
    // The tab was too slow, or counted as dead. It has now handled all that was posted to it, so it joins again.
    if (tab.behind && !tab.left && tab.caughtUp) this.#join(tab, false, false)
  }

  /** `open`: opens the socket even if it was closed for good, as a newly loaded page opens a socket of its own. */
  #join(tab: TabConnection, open: boolean, pings: boolean): void {
    this.#flush()
    const missed = tab.behind ? this.#position - tab.position : 0
    this.#tabs.add(tab)
    this.#cancelLinger?.()
    this.#startTimers(pings || this.#lock === null)
    const { status } = this.#socket
    if (status === 'idle' || status === 'suspended' || (open && status === 'closed')) this.#socket.open()
    else if (open && status === 'waiting') this.#check()
    const joined: Joined = { state: this.#stateNow(), missed, lock: this.#lock ?? undefined }
    const { snapshot } = this.#options
    if (snapshot) callSafely(() => (joined.snapshot = { value: snapshot() }))
    tab.join(joined, this.#position)
  }

  #remove(tab: TabConnection): void {
    if (!this.#tabs.delete(tab) || this.#tabs.size) return
    this.#cancelCheck?.()
    clearInterval(this.#pingTimer)
    this.#cancelCheck = this.#pingTimer = undefined
    this.#cancelLinger = longTimeout(this.#options.linger, () => this.#suspend())
  }

  #suspend(): void {
    const { status } = this.#socket
    if (status !== 'closed' && status !== 'suspended') this.#socket.suspend()
  }

  #send(tab: TabConnection, id: number, data: Data): void {
    if (typeof id !== 'number') return
    const settle = (outcome: SentOutcome) => {
      if (outcome.result === 'dropped') this.#dropped.push({ data, outcome })
      tab.settle(id, outcome)
      this.#report()
    }
    if (!isData(data)) return settle({ result: 'dropped', reason: 'it is nothing that a WebSocket can send' })
    // A copy, because the socket may pass the same object to other callbacks.
    this.#socket.send(data, { onOutcome: (outcome) => settle({ ...outcome }) })
  }

  /** Adds `why`, from the `drop` event, to an outcome that was received just before. */
  #addDropReason({ data, why }: Events['drop']): void {
    const found = this.#dropped.find((dropped) => dropped.data === data && !dropped.outcome.why)
    if (found) found.outcome.why = why
  }

  /** Outcomes of the same moment are reported together, and then how the socket's buffer empties. */
  #report(delay = 0): void {
    if (this.#reporting) return
    this.#reporting = true
    setTimeout(() => {
      this.#reporting = false
      this.#dropped = []
      const { bufferedAmount } = this.#socket
      this.#broadcast((tab) => tab.reportOutcomes(bufferedAmount))
      if (bufferedAmount) this.#report(BUFFER_CHECK)
    }, delay)
  }

  #received(data: Data): void {
    this.#position++
    if (!this.#tabs.size) return
    this.#batch.frames.push(data)
    this.#batch.bytes += size(data)
    if (!this.#gathering) this.#gather()
  }

  #gather(): void {
    this.#gathering = this.#batch.frames.length > 0
    if (!this.#gathering) return
    this.#flush()
    setTimeout(() => this.#gather(), GATHER)
  }

  #flush(): void {
    const batch = this.#batch
    if (!batch.frames.length) return
    this.#batch = { frames: [], bytes: 0 }
    this.#broadcast((tab) => tab.relay(batch))
  }

  #changed(state: State): void {
    this.#state = state
    this.#stateSince = Date.now()
    this.#flush()
    this.#broadcast((tab) => tab.post(['state', state]))
  }

  /** Posts to every tab. An error with one tab does not affect the others. */
  #broadcast(post: (tab: TabConnection) => void): void {
    for (const tab of this.#tabs) callSafely(post, tab)
  }

  #readState(): State {
    const { status, closed } = this.#socket
    switch (status) {
      case 'open':
        return [
          'open',
          { protocol: (this.#socket as { protocol?: string }).protocol ?? '', reconnected: false },
        ]
      case 'closed':
        return closed ? ['closed', cloneable(closed)] : ['idle', undefined]
      case 'idle':
      case 'suspended':
        return [status, undefined]
      default:
        return ['connecting', { attempt: 0, url: '' }]
    }
  }

  /** The state for a tab that joins now: while the socket waits, with the rest of the delay. */
  #stateNow(): State {
    if (this.#state[0] !== this.#socket.status) return this.#readState()
    const [status, value] = this.#state
    if (status !== 'waiting') return this.#state
    return [status, { ...value, delay: Math.max(0, value.delay - (Date.now() - this.#stateSince)) }]
  }

  #reconnect(options: { dropQueue: boolean; overlap: boolean } | undefined): void {
    const queue = options?.dropQueue === true ? 'drop' : 'keep'
    const socket = this.#socket as Partial<Pick<Socket, 'reconnect'>>
    socket.reconnect?.({ queue, overlap: options?.overlap === true })
  }

  /** Limits the rate of checks: many pages report at once that the network is back. */
  #check(): void {
    if (this.#checking) {
      this.#checking = 'again'
      return
    }
    this.#checking = 'once'
    this.#socket.check()
    setTimeout(() => {
      const again = this.#checking === 'again'
      this.#checking = undefined
      if (again && this.#tabs.size) this.#check()
    }, CHECK_INTERVAL)
  }

  /** Starts the timers that check and ping the tabs. They run while there are any. */
  #startTimers(pings: boolean): void {
    if (!this.#cancelCheck) this.#checkTabsLater()
    if (!pings) return
    this.#pingTimer ??= setInterval(() => this.#broadcast((tab) => tab.post(['frames', [], false])), PING)
  }

  #checkTabsLater(): void {
    this.#cancelCheck = longTimeout(this.#options.silence / CHECKS_UNTIL_DEAD, () => {
      // First, because the last tab may be removed, and that stops the checks.
      this.#checkTabsLater()
      for (const tab of this.#tabs) {
        if (tab.check()) continue
        tab.fallBehind()
        this.#remove(tab)
      }
    })
  }

  /**
   * There is no event for the end of a worker: browsers end it with the tab that created it, or on a crash, and WebKit
   * restarts it silently (WebKit/WebKit#71486). A Web Lock is released at once then. Pages hold none, because Chromium does
   * not freeze a page that does.
   */
  async #holdLock(): Promise<void> {
    const name = `holdfast-tabs-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`
    try {
      if (!locks()) throw new Error('No Web Locks')
      await locks()?.request(name, () => {
        this.#lock = name
        this.#broadcast((tab) => tab.post(['lock', name]))
        return new Promise(() => {})
      })
    } catch {
      this.#lock = null
      if (this.#tabs.size) this.#startTimers(true)
    }
  }
}

/** The approximate memory of a frame, in bytes. */
const size = (data: Data): number =>
  typeof data === 'string' ? data.length * 2 : data instanceof Blob ? data.size : data.byteLength

/** `error` is whatever the application's function threw; a port takes only what can be cloned. */
function cloneable(close: Closed): Closed {
  try {
    return structuredClone(close)
  } catch {
    return { ...close, error: new Error(String(close.error)) }
  }
}
