/** The longest that a timer is trusted for, in ms: past 2³¹−1 it fires at once, and a sleep may not count for it. */
const STEP = 10_000

/** Takes a timer back. */
export type Timer = () => void

/** Runs once `ms` have passed, those of a sleep included. Answers with its undo. */
export function longTimeout(ms: number, run: () => void): Timer {
  let timer: ReturnType<typeof setTimeout>
  const wait = (left: number) => {
    const step = Math.min(left, STEP)
    const since = Date.now()
    timer = setTimeout(() => {
      // A clock that was set back does not make it longer.
      const rest = left - Math.max(step, Date.now() - since)
      if (rest > 0) wait(rest)
      else run()
    }, step)
  }
  wait(ms)
  return () => clearTimeout(timer)
}
