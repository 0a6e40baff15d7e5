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

function describeAttempt(
  step: Step,
  previous: Step | undefined,
  healed: boolean,
  offline: boolean,
): string[] {
  const waited = previous?.kind === 'waiting' ? step.start - previous.start : 0
  const before = waited >= 20 ? `waited ${duration(waited)}, then ` : ''
  if (step.end === undefined) return [`${before}connecting now`]
  const length = duration(step.end - step.start)
  if (!step.close) return [`${before}${healed ? 'connected' : 'ended'} after ${length}`]
  const { summary, hint } = describeClose(step.close, { opened: false, offline })
  return [`${before}failed after ${length}: ${summary}`, hint]
}

/** One row of the timeline. */
class Row {
  readonly node: HTMLElement
  readonly #title = make('span', { class: 'row-title' })
  readonly #time = make('time')
  readonly #cause = make('p', { class: 'cause' })
  readonly #strip = make('div', { class: 'strip', 'aria-hidden': 'true' })
  readonly #more = make('div', { class: 'more', hidden: true })
  readonly #button = make('button', { type: 'button', class: 'row-head', 'aria-expanded': 'false' })
  /** What `more` shows, to build it only when it changes. */
  #shown = ''

  constructor({ kind }: Period) {
    this.#button.append(this.#title, this.#time, make('span', { class: 'chevron', 'aria-hidden': 'true' }))
    this.#button.addEventListener('click', () => toggle(this.#button, this.#more))
    this.node = make('li', { 'data-tone': tones[kind] }, this.#button, this.#cause, this.#strip, this.#more)
  }

  update(period: Period, next: Period | undefined, now: number): void {
    const { kind, start, close, session, protocol, offline } = period
    const end = kind === 'connected' ? undefined : endOf(period)
    const byThePage = close?.cause === 'user' || close?.cause === 'signal'
    if (kind === 'closed') this.node.dataset.tone = byThePage ? 'off' : 'bad'
    const attempts = attemptsOf(period)
    const healed = next?.kind === 'connected'
    const counted =
      kind === 'outage' && (attempts.length > 1 || close) ? plural(attempts.length, 'attempt') : ''
    const notes = {
      resumed: 'The session was resumed: nothing was lost.',
      fresh: 'The session was created again.',
    }
    const cause = end?.summary ?? (session ? notes[session] : protocol ? `Subprotocol ${protocol}.` : '')
    setText(this.#title, titleOf(period, next, now))
    setText(this.#time, clock(start))
    setText(this.#cause, [cause, counted && `${counted}.`].filter(Boolean).join(' '))
    this.#cause.hidden = !this.#cause.textContent
    this.#strip.hidden = kind !== 'outage'
    if (kind === 'outage') drawStrip(this.#strip, period, healed, now)

    const paragraphs = [end?.hint ?? '', reasonOf(period)].filter(Boolean)
    const lines = period.steps.flatMap((step, index) =>
      step.kind === 'connecting'
        ? [
            describeAttempt(
              step,
              period.steps[index - 1],
              healed && index === period.steps.length - 1,
              offline,
            ),
          ]
        : [],
    )
    const shown = JSON.stringify([paragraphs, lines])
    const empty = paragraphs.length + lines.length === 0
    // A row without details is text, not a button that does nothing.
    this.#button.disabled = empty
    if (empty) this.#button.removeAttribute('aria-expanded')
    else this.#button.setAttribute('aria-expanded', `${!this.#more.hidden}`)
    if (shown === this.#shown) return
    this.#shown = shown
    this.#more.replaceChildren(
      ...paragraphs.map((text) => make('p', {}, text)),
      ...(lines.length
        ? [make('ol', {}, ...lines.map(([text = '', hint]) => make('li', hint ? { title: hint } : {}, text)))]
        : []),
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
  const rows = new Map<number, Row>()
  const node = make(
    'section',
    { class: 'timeline', part: 'timeline', 'aria-labelledby': 'timeline-title' },
    make(heading, { id: 'timeline-title' }, 'Timeline', unseen(', newest first')),
    list,
  )
  return {
    node,
    update() {
      const now = Date.now()
      const periods = timeline(recorder.transitions)
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
