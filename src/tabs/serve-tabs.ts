import { isData } from '../core/binary.ts'
import { callSafely } from '../core/report.ts'
import type { Closed, Data, Events, Socket, SocketLike } from '../index.ts'
import { type FromTab, type Joined, locks, type SentOutcome, type State } from './protocol.ts'
import { resolveServeOptions, type ServeOptions } from './serve-options.ts'
import { type Batch, LOOKS, TabConnection } from './tab-connection.ts'

/** The first frame after a pause is relayed at once; those of the next few ms go together in one message per tab. */
const GATHER = 4
/** How often tabs without Web Locks are shown that the worker lives, in ms. */
const PING = 1_000
/** How often to look at `bufferedAmount`, for which the platform has no event, in ms. */
const LOOK = 50
/** Signs of several pages within this time are answered with one `check()`, and one more at its end, in ms. */
const CHECKS = 250

/** What `serveTabs` returns. */
export interface TabServer {
  /** How many tabs are attached now. */
  readonly tabs: number
  /** Serves a tab on a port that did not come with the worker's `connect` event. */
  connect(port: MessagePort): void
}

/**
 * Shares a `Socket` or a `Session` with all tabs that call `connectTab`. Belongs into a SharedWorker of the application,
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
  /** The name of the Web Lock that tells the pages that this worker lives. `null`: there is none. */
  #lock: string | null | undefined
  #looking: ReturnType<typeof setInterval> | undefined
  #pinging: ReturnType<typeof setInterval> | undefined
  #lingering: ReturnType<typeof setTimeout> | undefined
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
    socket.on('drop', (drop) => this.#explain(drop))
    void this.#holdLock()
  }

  get tabs(): number {
    return this.#tabs.size
  }

  connect(port: MessagePort): void {
    const tab = new TabConnection(port, this.#options.backlog)
    port.addEventListener('message', ({ data }) => callSafely(() => this.#heard(tab, data)))
    port.start()
  }

  /** The page, or something else on this origin, may post anything: what is not of the protocol is ignored. */
  #heard(tab: TabConnection, message: FromTab): void {
    if (!Array.isArray(message)) return
    const joined = this.#tabs.has(tab)
    tab.heard()
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
    // It was too slow, or silent for so long that it was taken for dead. Now it has handled all that it was sent.
    if (tab.behind && !tab.left && tab.caughtUp) this.#join(tab, false, false)
  }

  /** `open`: also a socket that was closed for good is opened, as a page that is loaded does with a socket of its own. */
  #join(tab: TabConnection, open: boolean, pings: boolean): void {
    this.#flush()
    const missed = tab.behind ? this.#position - tab.position : 0
    this.#tabs.add(tab)
    clearTimeout(this.#lingering)
    this.#watch(pings || this.#lock === null)
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
    clearInterval(this.#looking)
    clearInterval(this.#pinging)
    this.#looking = this.#pinging = undefined
    this.#lingering = setTimeout(() => this.#suspend(), this.#options.linger)
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
    // A copy, because the socket may tell the same outcome to somebody else too.
    this.#socket.send(data, { onOutcome: (outcome) => settle({ ...outcome }) })
  }

  /** Of the `drop` event, which comes after the outcome. */
  #explain({ data, why }: Events['drop']): void {
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
      if (bufferedAmount) this.#report(LOOK)
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

  /** One tab's failure is not the others'. */
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

  /** For a tab that comes while the socket waits, less of the wait is left. */
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

  /** Thirty pages that are online again are one reason to look, not thirty. */
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
    }, CHECKS)
  }

  /** Looks after the tabs as long as there are any. */
  #watch(pings: boolean): void {
    this.#looking ??= setInterval(() => {
      for (const tab of this.#tabs) {
        if (tab.look()) continue
        tab.fallBehind()
        this.#remove(tab)
      }
    }, this.#options.silence / LOOKS)
    if (!pings) return
    this.#pinging ??= setInterval(() => this.#broadcast((tab) => tab.post(['frames', [], false])), PING)
  }

  /**
   * No event tells a page that the worker has died: browsers kill it with the tab that created it, or on a crash, and
   * WebKit starts it anew without a word (WebKit/WebKit#71486). A Web Lock is released at once then. Pages hold none:
   * Chromium does not freeze a page that does.
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
      if (this.#tabs.size) this.#watch(true)
    }
  }
}

/** How much memory a frame takes, about. */
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
