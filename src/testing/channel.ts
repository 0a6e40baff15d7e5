import type { SlowOptions } from './fake-client.ts'
import type { Message, Payload } from './payload.ts'
import { type Cancel, schedule } from './schedule.ts'

/** The latency and the bandwidth of a connection. */
export interface Pace {
  /** How long a frame travels, in ms. */
  latency: number
  /** How many bytes leave per second, in each direction. */
  bytesPerSecond: number
}

export function changePace(pace: Pace, slow: number | SlowOptions): void {
  const { latency, bytesPerSecond } = typeof slow === 'number' ? { latency: slow } : (slow as SlowOptions)
  if (latency !== undefined && !(latency >= 0 && latency < Number.POSITIVE_INFINITY))
    throw new RangeError(`holdfast/testing: latency: ${latency}. Use a number of ms, or hang() or mute().`)
  if (bytesPerSecond !== undefined && !(bytesPerSecond > 0))
    throw new RangeError(`holdfast/testing: bytesPerSecond: ${bytesPerSecond}. Use more than 0, or stall().`)
  pace.latency = latency ?? pace.latency
  pace.bytesPerSecond = bytesPerSecond ?? pace.bytesPerSecond
}

/** How often bytes leave on a connection of limited bandwidth, in ms. */
const STEP = 20

interface Frame {
  /** How many of its bytes have not left yet. */
  remaining: number
  /** Whether all of its bytes have left. */
  hasLeft: boolean
  /** Whether it has travelled for the latency. */
  due: boolean
  /** A Blob is read while it travels. */
  content: Message | undefined
  arrive: (message: Message) => void
}

/** One direction of a connection. Frames arrive in their order, after the latency and after all their bytes have left. */
export class Channel {
  stalled = false
  /** How many bytes have been sent and have not left. */
  backlog = 0
  readonly #pace: Pace
  readonly #frames: Frame[] = []
  readonly #timers = new Set<Cancel>()
  /** Whether a timer is set that lets bytes leave. */
  #leaving = false
  #open = true

  constructor(pace: Pace) {
    this.#pace = pace
  }

  /** The Blobs that are being read: that takes real time, whatever the timers do. */
  readonly reading = new Set<Promise<unknown>>()

  send({ bytes, content }: Payload, arrive: (message: Message) => void): void {
    if (!this.#open) return
    const frame: Frame = { remaining: bytes, hasLeft: false, due: false, content: undefined, arrive }
    if (content instanceof Promise) {
      const read = content.then((message) => {
        this.reading.delete(read)
        frame.content = message
        this.#deliver()
      })
      this.reading.add(read)
    } else {
      frame.content = content
    }
    this.#frames.push(frame)
    this.backlog += bytes
    this.flow()
    this.#later(this.#pace.latency, () => {
      frame.due = true
      this.#deliver()
    })
  }

  /** Lets bytes leave as fast as the bandwidth allows. */
  flow(): void {
    if (this.stalled || this.#leaving || !this.#frames.some(({ hasLeft }) => !hasLeft)) return
    const { bytesPerSecond } = this.#pace
    const unlimited = bytesPerSecond === Number.POSITIVE_INFINITY
    this.#leaving = true
    // Even without a limit bytes leave in a later task: until then a browser counts them in `bufferedAmount`.
    this.#later(unlimited ? 0 : STEP, () => {
      this.#leaving = false
      if (!this.stalled) this.drain(unlimited ? bytesPerSecond : (bytesPerSecond * STEP) / 1_000)
      this.flow()
    })
  }

  /** Lets this many bytes leave at once. */
  drain(limit: number): void {
    let room = limit
    for (const frame of this.#frames) {
      if (frame.hasLeft) continue
      if (room <= 0) break
      const part = Math.min(room, frame.remaining)
      frame.remaining -= part
      this.backlog -= part
      room -= part
      frame.hasLeft = frame.remaining === 0
    }
    this.#deliver()
  }

  /** Nothing arrives any more. `backlog` keeps its value, as `bufferedAmount` does after the end. */
  end(): void {
    this.#open = false
    this.#frames.length = 0
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }

  #deliver(): void {
    for (;;) {
      const [head] = this.#frames
      if (!head?.hasLeft || !head.due || head.content === undefined) return
      this.#frames.shift()
      let threw = true
      try {
        head.arrive(head.content)
        threw = false
      } finally {
        // The test's own hooks run in `arrive`. Their error goes to the runner, and the other frames still arrive.
        if (threw && this.#open) this.#later(0, () => this.#deliver())
      }
    }
  }

  #later(ms: number, run: () => void): void {
    const cancel = schedule(ms, () => {
      this.#timers.delete(cancel)
      run()
    })
    this.#timers.add(cancel)
  }
}
