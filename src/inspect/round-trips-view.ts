import { make, makeSvg, setText, type View } from './dom.ts'
import type { Recorder } from './recorder.ts'

/** How many of the last round trips are drawn. */
const SHOWN = 60
const HEIGHT = 40

/** The last round trips as bars, with their figures in words. */
export function roundTripsView(recorder: Recorder, heading: 'h3'): View {
  const figures = make('p', { class: 'figures' })
  const bars = makeSvg('svg', {
    viewBox: `0 0 ${SHOWN * 4} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    // The sentence beside it says what there is to know.
    'aria-hidden': 'true',
    focusable: 'false',
  })
  const node = make(
    'section',
    { class: 'round-trips', part: 'round-trips', 'aria-labelledby': 'round-trips-title' },
    make(
      'div',
      { class: 'section-head' },
      make(heading, { id: 'round-trips-title' }, 'Round trips'),
      figures,
    ),
    bars,
  )
  let last = -1
  return {
    node,
    update() {
      const pulses = recorder.pulses.slice(-SHOWN)
      const newest = pulses.at(-1)?.id ?? 0
      if (newest === last) return
      last = newest
      bars.toggleAttribute('hidden', !pulses.length)
      const rtts = pulses.map(({ rtt }) => rtt)
      const sorted = [...rtts].sort((a, b) => a - b)
      const most = sorted.at(-1) ?? 0
      const median = sorted[sorted.length >> 1] ?? 0
      setText(
        figures,
        rtts.length
          ? `median ${Math.round(median)} ms, highest ${Math.round(most)} ms of ${rtts.length}`
          : 'None yet. The heartbeat option measures them.',
      )
      bars.replaceChildren(
        ...rtts.map((rtt, index) => {
          const height = Math.max(2, (rtt / Math.max(1, most)) * HEIGHT)
          const x = (SHOWN - rtts.length + index) * 4
          return makeSvg('rect', { x, y: HEIGHT - height, width: 3, height, rx: 0.75 })
        }),
      )
    },
  }
}
