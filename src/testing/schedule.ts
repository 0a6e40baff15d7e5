export type Cancel = () => void

/**
 * Calls `run` after `ms`. The timer functions are looked up at each call, so that fake timers apply that were installed
 * after this module was loaded; and a timer is cleared by the same implementation that set it.
 */
export function schedule(ms: number, run: () => void): Cancel {
  const { setTimeout, clearTimeout } = globalThis
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
