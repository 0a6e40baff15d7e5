/** The longest delay that `setTimeout` takes, in ms. With a longer one it fires at once. */
const LONGEST = 2_147_483_647

/** Cancels a timer. */
export type Cancel = () => void

/** `setTimeout` for any delay, `Infinity` included. Returns a function that cancels it. */
export function longTimeout(ms: number, run: () => void): Cancel {
  let timer: ReturnType<typeof setTimeout>
  const wait = (left: number) => {
    timer = setTimeout(left > LONGEST ? () => wait(left - LONGEST) : run, Math.min(left, LONGEST))
  }
  wait(ms)
  return () => clearTimeout(timer)
}
