import type { Transition } from './entries.ts'
import type { Recorder } from './recorder.ts'

const colors: Partial<Record<Transition['status'], string>> = { open: 'tertiary', connecting: 'primary' }

/**
 * Makes each status of a recorded socket a `performance.measure`, which the browser's profiler shows on a track of its
 * own. Returns a function that stops it.
 *
 * Source of `detail.devtools`: https://developer.chrome.com/docs/devtools/performance/extension
 */
export function profile(recorder: Recorder, track = 'holdfast'): () => void {
  let current = recorder.transitions.at(-1)
  let start = performance.now()

  return recorder.subscribe((entry) => {
    if (entry?.type !== 'transition' || entry.id === current?.id) return
    const end = performance.now()
    if (current) measure(current.status, start, end)
    current = entry
    start = end
  })

  function measure(status: Transition['status'], start: number, end: number): void {
    const name = `${track}: ${status}`
    const devtools = { dataType: 'track-entry', track, color: colors[status] ?? 'error' }
    try {
      performance.measure(name, { start, end, detail: { devtools } })
      // The profiler and every PerformanceObserver have it by now; in the page's own buffer it would stay for ever.
      performance.clearMeasures(name)
    } catch {
      // A runtime without user timing, such as React Native, has no profiler that would show it.
    }
  }
}
