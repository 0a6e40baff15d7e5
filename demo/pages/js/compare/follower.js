/** How many delays the median is made of. */
const KEPT = 500

/** What one way has brought: how many changes, how many never, and how old they were. */
export class Follower {
  value = '–'
  seen = 0
  missed = 0
  #last
  #delays = []

  /** `now` is the time by the server's clock. An answer without news counts for nothing. */
  take({ n, at, value }, now) {
    if (n === this.#last) return
    if (this.#last === undefined) {
      // It was there before anybody looked: its age says nothing about the way.
      this.#last = n
      this.value = value
      return
    }
    this.missed += Math.max(0, n - this.#last - 1)
    this.#last = n
    this.value = value
    this.seen++
    this.#delays.push(Math.max(0, now - at))
    if (this.#delays.length > KEPT) this.#delays.shift()
  }

  get latest() {
    return this.#delays.at(-1)
  }

  get delay() {
    const sorted = [...this.#delays].sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)]
  }
}
