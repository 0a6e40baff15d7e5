/** When to send a ping, and when the peer counts as gone, in ms. */
export interface HeartbeatTiming {
  interval: number
  timeout: number
  /**
   * More than 0: the server sends on its own. Only what it sends counts, and no ping is sent; `interval` then has
   * the same value, and `timeout` is 0.
   */
  silence: number
}

/** The result of a check: send a ping, the peer is gone, or nothing to do. */
export type Verdict = 'ping' | 'silent' | undefined

/** The longest time that a peer has to answer a probe: a ping after this side was offline, hidden or asleep. In ms. */
const PROBE_TIMEOUT = 5_000
/** A timer that is this late proves nothing about the peer: hidden tabs get one timer a second, then one a minute. In ms. */
const LATE = 1_500

/**
 * Whether the peer is alive, from what was received and sent and when. Timers only wake us to look at the timestamps.
 * Times are those of a monotonic clock, in ms.
 */
export class Heartbeat {
  /** When the last message was sent. */
  sentAt: number
  /** About how many bytes were given to the browser: of text, the characters are counted. */
  sentBytes = 0
  /**
   * How many times longer than configured the peer may be silent. Above 1 after silent ends, because a large message on a
   * slow network holds back all other frames. 1 again once the peer answers.
   */
  silenceFactor: number
  #receivedAt: number
  /** The deadline for the answer to the ping; 0 while no ping is unanswered. */
  #answerBy = 0
  /** When the timer is meant to fire. */
  #due: number
  /** No ping is due before this time, because the last one could not be sent. */
  #noPingBefore = 0
  /** The ping was sent again, because the check of the first one ran too late to prove anything. */
  #isRepeated = false
  /** How many bytes the browser had written to the network at the last check, and how many it writes before the ping. */
  #writtenBytes = 0
  #bytesBeforePing = 0
  readonly #startedAt: number
  readonly #timing: HeartbeatTiming

  constructor(timing: HeartbeatTiming, now: number, silenceFactor = 1) {
    this.#timing = timing
    this.silenceFactor = silenceFactor
    this.#startedAt = this.#receivedAt = this.sentAt = this.#due = now
  }

  /** Any frame shows that the peer is alive, and answers the ping. */
  received(now: number): void {
    // A greeting right after the handshake says nothing about a large message that follows it.
    if (this.#answerBy || now - this.#startedAt > this.#timing.interval) this.silenceFactor = 1
    this.#receivedAt = now
    this.#answerBy = 0
    this.#isRepeated = false
  }

  /** The ping could not be sent, so there will be no answer. The next ping is due after another `interval`. */
  notSent(now: number): void {
    this.#answerBy = 0
    this.#isRepeated = false
    this.#noPingBefore = now + this.#timing.interval
  }

  /** Whether nothing was received for `interval`. */
  isQuiet(now: number): boolean {
    return now - this.#receivedAt >= this.#timing.interval
  }

  /**
   * In how many ms to check again. `inOneStep`: while a ping is unanswered, only at the deadline for the answer, not after
   * `interval` as well. This is for a hidden page, whose chains of timers are throttled.
   */
  nextCheck(now: number, inOneStep = false): number {
    const { interval } = this.#timing
    if (this.#answerBy) this.#due = inOneStep ? this.#answerBy : Math.min(this.#answerBy, now + interval)
    else this.#due = this.#quietUntil
    // Rounded up: browsers cut the fraction off, and the timer would fire a little too early.
    return Math.max(0, Math.ceil(this.#due - now))
  }

  /**
   * @param buffered bytes of ours that have not left the browser
   * @param probe send a ping now, even if none is due
   */
  check(now: number, buffered: number, probe = false): Verdict {
    const { silence } = this.#timing
    const timeout = this.#timing.timeout * this.silenceFactor
    const probeTimeout = timeout ? Math.min(PROBE_TIMEOUT, timeout) : PROBE_TIMEOUT
    const isLate = now - this.#due > LATE
    const written = this.sentBytes - buffered
    if (this.#answerBy) {
      if (probe) this.#answerBy = Math.min(this.#answerBy, now + probeTimeout)
      if (now < this.#answerBy) return
      // Our bytes are leaving, so the peer is alive, and the ping may still be queued behind a long upload.
      if (this.#writtenBytes < this.#bytesBeforePing && written > this.#writtenBytes) {
        this.#writtenBytes = written
        this.#answerBy = now + (timeout || PROBE_TIMEOUT)
        return
      }
      if (this.#isRepeated || !isLate) return 'silent'
      this.#isRepeated = true
    } else if (!probe && now < this.#quietUntil) return
    this.#writtenBytes = written
    this.#bytesBeforePing = this.sentBytes
    this.#answerBy = now + this.#answerTime(probe, isLate, timeout, probeTimeout)
    if (silence) return
    this.sentAt = now
    return 'ping'
  }

  #answerTime(probe: boolean, isLate: boolean, timeout: number, probeTimeout: number): number {
    if (probe) return probeTimeout
    return isLate ? Math.max(this.#timing.silence || timeout, PROBE_TIMEOUT) : timeout
  }

  /** When one direction will have been quiet for too long. Some servers count only what the client sends. */
  get #quietUntil(): number {
    const { interval, silence } = this.#timing
    return silence
      ? this.#receivedAt + silence * this.silenceFactor
      : Math.max(this.#noPingBefore, Math.min(this.#receivedAt, this.sentAt) + interval)
  }
}
