import { vi } from 'vitest'

let slept = 0

/** Fake timers, on clocks that `sleep` and `setClock` can move. */
export function useFakeClock() {
  vi.useFakeTimers()
  slept = 0
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + slept)
}

/** The machine sleeps, or timers are held back: time passes on all clocks, and no timer fires. */
export function sleep(ms: number) {
  slept += ms
  setClock(ms)
}

/** Somebody sets the clock of the machine, forwards or back: no time has passed. */
export function setClock(ms: number) {
  vi.setSystemTime(Date.now() + ms)
}
