/** When to ask and when to judge, in ms. */
export interface HeartbeatTiming {
  interval: number
  timeout: number
  /**
   * More than 0: the server speaks on its own. Only what it says counts, and there is nothing to ask with; `interval` is
   * the same then, and `timeout` 0.
   */
  silence: number
}

/** What a look at the clock says: ask the peer, the peer is dead, or nothing. */
export type Verdict = 'ask' | 'silent' | undefined

/** How long a peer has to answer when we, not it, were away. */
const PROBE = 5_000
/** A timer this late proves nothing about the peer: hidden tabs are held to one timer a second, then one a minute. */
const LATE = 1_500

/** Whether the peer is alive, from what was heard and said and when. Timers only wake us to look at the timestamps. */
export class Heartbeat {
  /** When the last message went. */
  sentAt: number
  /** How many bytes were given to the line; for text that is not ASCII it may be less. */
  sentBytes = 0
  /** When the last frame came. */
  #heard: number
  /** Until when the open question may be answered; 0 while there is none. */
  #answerBy = 0
  /** When the timer is meant to fire. */
  #due: number
  /** The open question was put again, because we were too late to judge. */
  #repeated = false
  /** Bytes of ours that had left at the last look, and those that must leave before the question does. */
  #left = 0
  #before = 0
  #looked: number
  readonly #rhythm: HeartbeatTiming

  constructor(rhythm: HeartbeatTiming, now: number) {
    this.#rhythm = rhythm
    this.#heard = this.sentAt = this.#looked = this.#due = now
  }

  /** Any frame is life, and answers. */
  received(now: number): void {
    this.#heard = now
    this.#answerBy = 0
    this.#repeated = false
  }

  /** In how many ms to look again. */
  next(now: number): number {
    this.#due = this.#answerBy ? Math.min(this.#answerBy, now + this.#rhythm.interval) : this.#quietUntil
    return this.#due - now
  }

  /** `buffered`: bytes of ours that have not left yet. `probe`: ask now, whatever the rhythm says. */
  check(now: number, buffered: number, probe = false): Verdict {
    const { timeout, silence } = this.#rhythm
    // The clock was set back: nothing follows from timestamps that lie in the future.
    if (now < this.#looked) {
      this.received(now)
      this.sentAt = this.#due = now
    }
    this.#looked = now
    const late = now - this.#due > LATE
    const left = this.sentBytes - buffered
    if (this.#answerBy) {
      if (probe) this.#answerBy = Math.min(this.#answerBy, now + PROBE)
      if (now < this.#answerBy) return
      // The peer takes in what we send: it lives, and our question may still be behind a long upload.
      if (this.#left < this.#before && left > this.#left) {
        this.#left = left
        this.#answerBy = now + (timeout || PROBE)
        return
      }
      if (this.#repeated || !late) return 'silent'
      this.#repeated = true
    } else if (!probe && now < this.#quietUntil) return
    this.#left = left
    this.#before = this.sentBytes
    this.#answerBy = now + (probe ? PROBE : late ? Math.max(silence || timeout, PROBE) : timeout)
    if (silence) return
    this.sentAt = now
    return 'ask'
  }

  /** When one direction will have been quiet for too long. Some servers count only what the client says. */
  get #quietUntil(): number {
    const { interval, silence } = this.#rhythm
    return interval + (silence ? this.#heard : Math.min(this.#heard, this.sentAt))
  }
}
