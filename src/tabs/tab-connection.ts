import { report } from '../core/report.ts'
import type { Data } from '../index.ts'
import type { FromWorker, Joined, SentOutcome } from './protocol.ts'

/** The worker asks a page to acknowledge after this many frames or bytes, whichever comes first. */
const ACK_AFTER = { messages: 64, bytes: 262_144 }
/** While this many acknowledgements are missing, further messages wait in the worker. */
const MAX_MISSING_ACKS = 4
/** After this many checks in a row without an answer, a tab counts as frozen or dead. */
export const CHECKS_UNTIL_DEAD = 3

/** What may wait in the worker for one tab. */
export interface BacklogLimits {
  messages: number
  bytes: number
}

interface Waiting {
  message: FromWorker
  frames: number
  bytes: number
}

/** Frames that arrived together, to be relayed to every tab. */
export interface Batch {
  frames: Data[]
  /** How many bytes they take, strings counted as two bytes per UTF-16 unit. */
  bytes: number
}

/**
 * One tab, as the worker sees it. A browser queues without limit what is posted to a page that is busy or frozen, so this
 * posts only as much as the page acknowledges, keeps a bounded backlog, and drops it when it overflows: the tab is then
 * `behind`, and joins again once it has caught up.
 */
export class TabConnection {
  /** How many frames of the shared socket were posted to this tab or skipped for it. */
  position = 0
  /** It missed frames, and must join again. */
  behind = false
  /** It has left, and nothing may be posted to it: a message would evict its page from the back/forward cache. */
  left = false
  /** The last `bufferedAmount` that was posted to the tab. */
  bufferedAmount = 0
  readonly #port: MessagePort
  readonly #limits: BacklogLimits
  /** Acknowledgements that are missing. */
  #missing = 0
  #sinceAck = { messages: 0, bytes: 0 }
  #backlog: Waiting[] = []
  #backlogFrames = 0
  #backlogBytes = 0
  #unanswered = 0
  #outcomes: [id: number, outcome: SentOutcome][] = []

  constructor(port: MessagePort, limits: BacklogLimits) {
    this.#port = port
    this.#limits = limits
  }

  /** Whether the page has handled all that it was asked to acknowledge. */
  get caughtUp(): boolean {
    return !this.#missing
  }

  /** Starts over: the page learns the state, and frames follow from here on. */
  join(joined: Joined, position: number): void {
    this.left = this.behind = false
    this.position = position
    this.#dropBacklog()
    try {
      this.#port.postMessage(['joined', joined])
    } catch (error) {
      // The snapshot cannot be cloned. The tab works without it.
      report(error)
      const { snapshot: _, ...rest } = joined
      this.#port.postMessage(['joined', rest])
    }
  }

  relay({ frames, bytes }: Batch): void {
    this.#enqueue({ message: ['frames', frames, false], frames: frames.length, bytes })
  }

  /** Posts after all frames that were relayed before. */
  post(message: FromWorker): void {
    this.#enqueue({ message, frames: 0, bytes: 0 })
  }

  /** Called every few seconds: asks the page to acknowledge. Returns whether it may still be alive. */
  check(): boolean {
    this.#unanswered = this.#missing ? this.#unanswered + 1 : 0
    if (!this.#missing) this.#post(['frames', [], true])
    return this.#unanswered < CHECKS_UNTIL_DEAD
  }

  /** The page has posted something. */
  alive(): void {
    this.#unanswered = 0
  }

  acknowledged(): void {
    this.#missing = Math.max(0, this.#missing - 1)
    while (this.#missing < MAX_MISSING_ACKS) {
      const next = this.#backlog.shift()
      if (!next) break
      this.#backlogFrames -= next.frames
      this.#backlogBytes -= next.bytes
      this.#send(next)
    }
  }

  /** Drops what waits for the page. When it joins again, it receives the number of messages that it missed. */
  fallBehind(): void {
    this.behind = true
    this.#dropBacklog()
  }

  /** Notes what became of a message, to be reported by `reportOutcomes`. */
  settle(id: number, outcome: SentOutcome): void {
    this.#outcomes.push([id, outcome])
  }

  /** Posts the outcomes at once, ahead of the backlog: their number is limited by what the page sends. */
  reportOutcomes(bufferedAmount: number): void {
    const outcomes = this.#outcomes
    if (!outcomes.length && this.bufferedAmount === bufferedAmount) return
    this.#outcomes = []
    this.bufferedAmount = bufferedAmount
    this.#post(['outcomes', outcomes, bufferedAmount])
  }

  #enqueue(entry: Waiting): void {
    if (this.behind) return
    if (this.#missing < MAX_MISSING_ACKS && !this.#backlog.length) return this.#send(entry)
    this.#backlog.push(entry)
    this.#backlogFrames += entry.frames
    this.#backlogBytes += entry.bytes
    if (this.#backlogFrames > this.#limits.messages || this.#backlogBytes > this.#limits.bytes)
      this.fallBehind()
  }

  #send({ message, frames, bytes }: Waiting): void {
    if (message[0] !== 'frames') return this.#post(message)
    const since = this.#sinceAck
    since.messages += frames
    since.bytes += bytes
    this.position += frames
    const ack = since.messages >= ACK_AFTER.messages || since.bytes >= ACK_AFTER.bytes
    this.#post(['frames', message[1], ack])
  }

  #post(message: FromWorker): void {
    if (this.left) return
    if (message[0] !== 'frames') return this.#port.postMessage(message)
    const [name, frames, ack] = message
    if (ack) {
      this.#missing++
      this.#sinceAck = { messages: 0, bytes: 0 }
    }
    // A buffer is copied once for each tab and then moved: cloning it would copy it on both sides. The original stays,
    // because listeners in the worker may use it.
    const own = frames.map((frame) => (frame instanceof ArrayBuffer ? frame.slice(0) : frame))
    const moved = own.filter((frame) => frame instanceof ArrayBuffer)
    this.#port.postMessage([name, own, ack], moved)
  }

  #dropBacklog(): void {
    this.#backlog = []
    this.#backlogFrames = this.#backlogBytes = 0
  }
}
