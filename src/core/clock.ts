/**
 * A clock in ms that only goes forward, for everything that measures how long something took. `Date.now()` jumps when
 * somebody sets the clock of the machine.
 */
export function monotonicNow(): number {
  return typeof performance === 'object' ? performance.now() : Date.now()
}
