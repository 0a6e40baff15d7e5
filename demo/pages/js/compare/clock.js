/** Asks this often for the time; the answer that came soonest is the nearest to the truth. */
const ASKED = 5

/** Finer than `Date.now`. */
const here = () => performance.timeOrigin + performance.now()

/** The server's clock, as far as it can be known from here: theirs and ours are seldom the same. */
export class Clock {
  #best = Number.POSITIVE_INFINITY
  #offset = 0

  ask(socket) {
    for (let i = 0; i < ASKED; i++) setTimeout(() => socket.sendJson({ clock: here() }), i * 200)
  }

  answered({ asked, at }) {
    const trip = here() - asked
    if (trip >= this.#best) return
    this.#best = trip
    this.#offset = at - (asked + trip / 2)
  }

  now() {
    return here() + this.#offset
  }
}
