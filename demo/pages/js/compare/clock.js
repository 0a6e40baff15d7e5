/** How often to ask for the time. The answer with the shortest round trip is the most exact. */
const ASKED = 5

/** Finer than `Date.now`. */
const here = () => performance.timeOrigin + performance.now()

/** An estimate of the server's clock, which seldom agrees with ours. */
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
