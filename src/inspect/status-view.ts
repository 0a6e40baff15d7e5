import { describeStatus } from './describe-status.ts'
import { make, setText, type View } from './dom.ts'
import type { Recorder } from './recorder.ts'
import { bytes } from './words.ts'

/** The status in one line. */
export function statusView(recorder: Recorder, heading: 'h2'): View {
  const dot = make('span', { class: 'dot', 'aria-hidden': 'true' })
  const title = make(heading, { class: 'title' })
  const sentence = make('p', { class: 'sentence' })
  const place = make('p', { class: 'place' })
  const node = make('div', { class: 'status' }, dot, make('div', {}, title, sentence, place))
  return {
    node,
    update() {
      const now = describeStatus(recorder, Date.now(), navigator.onLine === false)
      dot.dataset.tone = now.tone
      setText(title, now.title)
      setText(sentence, now.sentence)
      const newestFirst = [...recorder.transitions].reverse()
      const url = newestFirst.find((transition) => transition.url)?.url ?? ''
      const protocol = newestFirst.find(({ status }) => status === 'open')?.protocol ?? ''
      setText(place, [url, protocol && `subprotocol ${protocol}`].filter(Boolean).join(' · '))
      place.hidden = !url
    },
  }
}

/** Round trip, traffic, queue and drops. */
export function summaryView(recorder: Recorder): View {
  const facts = new Map(
    ['Round trip', 'Received', 'Sent', 'Queue', 'Dropped'].map((name) => [name, make('dd')]),
  )
  const node = make('dl', { class: 'summary', part: 'summary' })
  for (const [name, value] of facts) node.append(make('div', {}, make('dt', {}, name), value))
  const set = (name: string, value: string, more = '', tone = '') => {
    const place = facts.get(name)
    if (!place || place.dataset.shown === value + more + tone) return
    place.dataset.shown = value + more + tone
    place.dataset.tone = tone
    place.replaceChildren(value, ...(more ? [' ', make('small', {}, more)] : []))
  }
  return {
    node,
    update() {
      const { socket, totals, pulses } = recorder
      const pulse = pulses.at(-1)
      const queue = socket.bufferedAmount
      set('Round trip', pulse ? `${Math.round(pulse.rtt)}` : '–', pulse && 'ms')
      set('Received', `${totals.in.frames}`, bytes(totals.in.bytes))
      set('Sent', `${totals.out.frames}`, bytes(totals.out.bytes))
      set('Queue', queue ? bytes(queue) : '0 B', '', queue ? 'warn' : '')
      const { dropped } = totals
      const noun = dropped === 1 ? 'message' : 'messages'
      set('Dropped', `${dropped}`, dropped ? noun : '', dropped ? 'bad' : '')
    },
  }
}
