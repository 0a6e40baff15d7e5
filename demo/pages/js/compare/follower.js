/** The median is of so many last delays. */
const KEPT = 500

/** What arrived over one way: how many changes, how many were missed, and how old they were. */
export class Follower {
  value = '–'
  seen = 0
  missed = 0
  #last
  #delays = []

  /** `now` is the time by the server's clock. An answer without a change is ignored. */
  take({ n, at, value }, now) {
    if (n === this.#last) return
    if (this.#last === undefined) {
      // The value was there before this way began, so its age says nothing about it.
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
