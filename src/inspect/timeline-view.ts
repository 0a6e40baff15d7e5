import { describeClose } from './close-words.ts'
import { endOf } from './describe-status.ts'
import { make, setText, toggle, unseen, type View } from './dom.ts'
import type { Recorder } from './recorder.ts'
import { attemptsOf, type Period, type Step, timeline } from './timeline.ts'
import { clock, duration, plural, wholeSeconds } from './words.ts'

const tones = { connected: 'ok', outage: 'warn', closed: 'bad', suspended: 'off', idle: 'off' } as const

/** The period in a few words. */
function titleOf({ kind, start, end, close, steps }: Period, next: Period | undefined, now: number): string {
  const length = end === undefined ? wholeSeconds(now - start) : duration(end - start)
  switch (kind) {
    case 'connected':
      return `Connected for ${length}`
    case 'outage':
      if (next?.kind === 'connected') return `${close ? 'Back' : 'Connected'} after ${length}`
      if (next) return `${close ? 'Gone' : 'Connecting'} for ${length}`
      if (close) return `Reconnecting for ${length}`
      return steps.length > 1 ? `Trying to connect for ${length}` : 'Connecting'
    case 'suspended':
      return `Suspended for ${length}`
    case 'closed':
      return 'Closed'
    case 'idle':
      return 'Not opened'
  }
}

/** Waits and attempts on one scale. The text beside it says the same, so it is hidden from screen readers. */
function drawStrip(strip: HTMLElement, { steps }: Period, healed: boolean, now: number): void {
  while (strip.childElementCount > steps.length) strip.lastElementChild?.remove()
  for (const [index, step] of steps.entries()) {
    const bar = (strip.children[index] ?? strip.appendChild(make('span'))) as HTMLElement
    const success = healed && index === steps.length - 1
    bar.dataset.step =
      step.kind === 'waiting' ? 'wait' : step.end === undefined ? 'now' : success ? 'ok' : 'failed'
    // Through the object model, which a Content-Security-Policy allows. Attributes would be blocked.
    bar.style.flexGrow = `${Math.max(1, (step.end ?? now) - step.start)}`
  }
}

/** One attempt of an outage in words. */
function describeAttempt(step: Step, previous: Step | undefined, healed: boolean): string {
  const waited = previous?.kind === 'waiting' ? step.start - previous.start : 0
  const before = waited >= 20 ? `after ${duration(waited)} of waiting` : 'at once'
  if (step.end === undefined) return `Started ${before}, and lasts.`
  const length = duration(step.end - step.start)
  if (!step.close) return `Started ${before}, ${healed ? 'connected' : 'ended'} after ${length}.`
  return `Started ${before}, failed after ${length}: ${describeClose(step.close, { opened: false }).summary}`
}

/** One row of the timeline. */
class Row {
  readonly node: HTMLElement
  readonly #title = make('span', { class: 'row-title' })
  readonly #time = make('time')
  readonly #cause = make('p', { class: 'cause' })
  readonly #strip = make('div', { class: 'strip', 'aria-hidden': 'true' })
  readonly #more = make('div', { class: 'more', hidden: true })
  /** What `more` shows, to build it only when it changes. */
  #shown = ''

  constructor({ kind }: Period) {
    // Only what has details is a button.
    const opens = kind === 'outage' || kind === 'closed'
    const head = opens
      ? make('button', { type: 'button', class: 'row-head', 'aria-expanded': 'false' })
      : make('div', { class: 'row-head' })
    // A space, so that the words do not run together in the accessible name.
    head.append(this.#title, ' ', this.#time, make('span', { class: 'chevron', 'aria-hidden': 'true' }))
    if (opens) head.addEventListener('click', () => toggle(head, this.#more))
    this.node = make('li', { 'data-tone': tones[kind] }, head, this.#cause, this.#strip, this.#more)
  }

  update(period: Period, next: Period | undefined, now: number): void {
    const { kind, start, close, session } = period
    const end = kind === 'connected' ? undefined : endOf(period)
    const byThePage = close?.cause === 'user' || close?.cause === 'signal'
    if (kind === 'outage' && !close) this.node.dataset.tone = 'busy'
    if (kind === 'closed') this.node.dataset.tone = byThePage ? 'off' : 'bad'
    const attempts = attemptsOf(period)
    const healed = next?.kind === 'connected'
    const counted =
      kind === 'outage' && attempts.length > (close ? 0 : 1) ? plural(attempts.length, 'attempt') : ''
    const notes = {
      resumed: 'The session was resumed: nothing was lost.',
      fresh: 'The session was created again.',
    }
    const cause = end?.summary ?? (session ? notes[session] : '')
    setText(this.#title, titleOf(period, next, now))
    setText(this.#time, clock(start))
    setText(this.#cause, [cause, counted && `${counted}.`].filter(Boolean).join(' '))
    this.#cause.hidden = !this.#cause.textContent
    // A first connection that simply succeeded is no outage worth a picture.
    this.#strip.hidden = kind !== 'outage' || (period.steps.length < 2 && !close)
    if (kind === 'outage') drawStrip(this.#strip, period, healed, now)

    const failed = [...attempts].reverse().find(({ close }) => close)?.close
    const hints = [end?.hint, failed && describeClose(failed, { opened: false }).hint]
    const paragraphs = [...new Set([hints[0], reasonOf(period), hints[1]])].filter((text) => text)
    const lines = period.steps.flatMap((step, index, steps) => {
      const last = index === steps.length - 1
      return step.kind === 'connecting' ? [describeAttempt(step, steps[index - 1], healed && last)] : []
    })
    const shown = JSON.stringify([paragraphs, lines])
    if (shown === this.#shown) return
    this.#shown = shown
    this.#more.replaceChildren(
      ...paragraphs.map((text) => make('p', {}, text)),
      ...(lines.length ? [make('ol', {}, ...lines.map((text) => make('li', {}, text)))] : []),
    )
  }
}

/** The words of the peer, and the error of the page's own function. */
function reasonOf({ close }: Period): string {
  if (!close) return ''
  const code = `Code ${close.code}, ${close.wasClean ? 'clean' : 'not clean'}, cause “${close.cause}”.`
  const reason = close.reason && ` Reason: “${close.reason}”.`
  return `${code}${reason}${close.error ? ` Error: ${close.error}` : ''}`
}

/** Connections and outages, newest first. */
export function timelineView(recorder: Recorder, heading: 'h3'): View {
  const list = make('ol', { class: 'periods' })
  // The text of each row says the same, so that the colours are hidden from screen readers together with the strips.
  const legend = make('div', { class: 'legend', 'aria-hidden': 'true' })
  for (const [step, word] of [
    ['wait', 'waiting'],
    ['failed', 'failed attempt'],
    ['ok', 'connected'],
  ] as const)
    legend.append(make('span', {}, make('i', { 'data-step': step }), word))
  const rows = new Map<number, Row>()
  const node = make(
    'section',
    { class: 'timeline', part: 'timeline', 'aria-labelledby': 'timeline-title' },
    make(
      'div',
      { class: 'section-head' },
      make(heading, { id: 'timeline-title' }, 'Timeline', unseen(', newest first')),
      legend,
    ),
    list,
  )
  return {
    node,
    update() {
      const now = Date.now()
      // That it had not been opened yet is worth a row only while it is true.
      const periods = timeline(recorder.transitions).filter(({ kind, end }) => kind !== 'idle' || !end)
      legend.hidden = !periods.some(({ kind, close }) => kind === 'outage' && close)
      const wanted = new Set(periods.map(({ id }) => id))
      for (const [id, row] of rows) {
        if (wanted.has(id)) continue
        row.node.remove()
        rows.delete(id)
      }
      for (const [index, period] of periods.entries()) {
        let row = rows.get(period.id)
        if (!row) {
          row = new Row(period)
          rows.set(period.id, row)
          list.prepend(row.node)
        }
        row.update(period, periods[index + 1], now)
      }
    },
  }
}
