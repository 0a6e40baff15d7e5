/** The longest span whose messages may be sent together, in ms: timers do not fire more often than every few ms. */
const BURST = 20

/** How many messages may be sent now, `elapsed` ms after the last ones, at a rate of `perSecond`. */
export function allowance(perSecond: number, elapsed: number): number {
  const span = Math.min(elapsed, Math.max(BURST, 1_000 / perSecond))
  // Plus a little, because 1,000 / perSecond × perSecond may be rounded to less than 1,000.
  return Math.floor((span * perSecond) / 1_000 + 1e-9)
}
