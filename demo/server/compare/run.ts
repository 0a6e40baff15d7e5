import type { Socket } from 'node:net'
import { bytesSince } from './bytes.ts'

export const ways = ['polling', 'long', 'socket'] as const

/** How a client gets the value. */
export type Way = (typeof ways)[number]

/** What one way has cost so far. */
export interface Tally {
  requests: number
  received: number
  sent: number
}

const tally = (): Tally => ({ requests: 0, received: 0, sent: 0 })

/** The value at one time: its number, when it changed (ms of our clock), and what it is. */
export interface Change {
  n: number
  at: number
  value: string
}

/** A clock finer than `Date.now`, because some ways take less than a millisecond. */
export const clock = (): number => performance.timeOrigin + performance.now()

/** The allowed changes per second. */
export const rates = { least: 0.1, most: 50 }

/** A value of one visitor that changes all the time, and what each way of following it costs. */
export class Run {
  readonly id: string
  readonly tallies: Record<Way, Tally> = { polling: tally(), long: tally(), socket: tally() }
  change: Change
  readonly #waiting = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined

  constructor(id: string, rate: number) {
    this.id = id
    this.change = { n: 0, at: clock(), value: '20.0 °C' }
    this.setRate(rate)
  }

  /** How often the value changes from now on, on average. */
  setRate(rate: number): void {
    clearTimeout(this.#timer)
    // Never in step with who polls: it would be lucky, or unlucky, every time.
    const wait = (1_000 / rate) * (0.5 + Math.random())
    this.#timer = setTimeout(() => {
      this.setRate(rate)
      this.#next()
    }, wait)
  }

  /** Calls back at the next change. Returns a function that cancels it. */
  onNextChange(listener: () => void): () => void {
    this.#waiting.add(listener)
    return () => this.#waiting.delete(listener)
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Counts what has gone over a connection since it was last counted. */
  count(way: Way, socket: Socket, requests: number): void {
    const { received, sent } = bytesSince(socket)
    const entry = this.tallies[way]
    entry.requests += requests
    entry.received += received
    entry.sent += sent
  }

  end(): void {
    clearTimeout(this.#timer)
    // Requests that wait are answered with the current value.
    this.#notify()
  }

  #next(): void {
    const n = this.change.n + 1
    this.change = { n, at: clock(), value: `${(20 + 2 * Math.sin(n / 7)).toFixed(1)} °C` }
    this.#notify()
  }

  #notify(): void {
    for (const listener of [...this.#waiting]) listener()
  }
}
