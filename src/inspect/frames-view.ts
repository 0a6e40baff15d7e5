import { make, setText, toggle, unseen, type View } from './dom.ts'
import type { Drop, Frame, Pulse } from './entries.ts'
import { kindOf, payloadView, preview } from './payload-view.ts'
import type { Recorder } from './recorder.ts'
import { bytes, plural, preciseClock } from './words.ts'

/** Round trips that follow each other are one row. */
interface Pings {
  type: 'pings'
  /** After the entry before it. Not the id of the first pulse, which leaves the record while others come. */
  id: number
  pulses: Pulse[]
}

type Item = Frame | Drop | Pings

/** Frames, drops and folded pings, oldest first. */
function itemsOf({ frames, pulses }: Recorder): Item[] {
  const items: Item[] = []
  for (const entry of [...frames, ...pulses].sort((a, b) => a.id - b.id)) {
    const last = items.at(-1)
    if (entry.type !== 'pulse') items.push(entry)
    else if (last?.type === 'pings') last.pulses.push(entry)
    else items.push({ type: 'pings', id: (last?.id ?? 0) + 0.5, pulses: [entry] })
  }
  return items
}

/** The reasons of a drop, as the options that cause it are called. */
const drops: Record<string, string> = {
  overflow: 'The queue was full (queue.messages, queue.bytes).',
  expired: 'It waited in the queue for longer than queue.ttl.',
  closed: 'The socket was closed.',
  discarded: 'The page reconnected and asked to drop what waited.',
  disconnected: 'The connection ended before the browser had sent all of it. A part may have arrived.',
}

interface Cells {
  way: [sign: string, word: string]
  time: number
  kind: string
  size: string
  text: string
  badge: string
  tone: string
}

function cellsOf(item: Item): Cells {
  if (item.type === 'pings') {
    const rtts = item.pulses.map(({ rtt }) => Math.round(rtt))
    const [least, most] = [Math.min(...rtts), Math.max(...rtts)]
    return {
      way: ['↕', 'Heartbeat'],
      time: item.pulses.at(-1)?.at ?? 0,
      kind: 'ping',
      size: '',
      text: `${plural(rtts.length, 'ping')}, ${least === most ? least : `${least}–${most}`} ms`,
      badge: '',
      tone: '',
    }
  }
  if (item.type === 'drop')
    return {
      way: ['×', 'Dropped'],
      time: item.at,
      kind: 'drop',
      size: bytes(item.size),
      text: item.reason || drops[item.why] || item.why,
      badge: item.why,
      tone: 'bad',
    }
  const { direction, at, size, result, outcome } = item
  const became = outcome?.result ?? result ?? ''
  return {
    way: direction === 'in' ? ['↓', 'Received'] : ['↑', 'Sent'],
    time: at,
    kind: kindOf(item),
    size: bytes(size),
    text: preview(item),
    // Most messages are simply sent: only what is not needs a word.
    badge: became === 'sent' ? '' : became,
    tone: { queued: 'warn', dropped: 'bad', lost: 'bad', unknown: 'warn', delivered: 'ok' }[became] ?? '',
  }
}

function detailsOf(item: Item): Node[] {
  if (item.type === 'pings')
    return [
      make(
        'ol',
        {},
        ...item.pulses.map(({ at, rtt }) => make('li', {}, `${preciseClock(at)}: ${Math.round(rtt)} ms`)),
      ),
    ]
  if (item.type === 'drop') return [make('p', {}, drops[item.why] ?? item.reason)]
  const { outcome } = item
  const reason = outcome?.reason ? [make('p', {}, `${outcome.result}: ${outcome.reason}`)] : []
  return [...payloadView(item), ...reason]
}

class Row {
  readonly node: HTMLElement
  readonly button = make('button', { type: 'button', class: 'frame', 'aria-expanded': 'false', tabindex: -1 })
  readonly #sign = make('span', { class: 'sign', 'aria-hidden': 'true' })
  readonly #word = unseen('')
  readonly #time = make('time')
  readonly #kind = make('span', { class: 'kind' })
  readonly #size = make('span', { class: 'size' })
  readonly #text = make('span', { class: 'text' })
  readonly #badge = make('span', { class: 'badge' })
  readonly #more = make('div', { class: 'more', hidden: true })
  #item: Item

  constructor(item: Item) {
    this.#item = item
    // Spaces, so that the words do not run together in the accessible name.
    const cells = [this.#sign, this.#word, this.#time, this.#kind, this.#size, this.#text, this.#badge]
    this.button.append(...cells.flatMap((cell) => [cell, ' ']))
    this.button.addEventListener('click', () => {
      toggle(this.button, this.#more)
      this.#showDetails()
    })
    this.node = make('li', { 'data-type': item.type }, this.button, this.#more)
    if (item.type === 'frame') this.node.dataset.direction = item.direction
  }

  update(item: Item): void {
    this.#item = item
    const { way, time, kind, size, text, badge, tone } = cellsOf(item)
    setText(this.#sign, way[0])
    setText(this.#word, way[1])
    setText(this.#time, preciseClock(time))
    setText(this.#kind, kind)
    setText(this.#size, size)
    setText(this.#text, text)
    setText(this.#badge, badge)
    this.#badge.hidden = !badge
    this.#badge.dataset.tone = tone
    this.#showDetails()
  }

  #showDetails(): void {
    this.#more.replaceChildren(...(this.#more.hidden ? [] : detailsOf(this.#item)))
  }
}

/** Frames, newest first. One row is in the tab order; the arrow keys move from row to row. */
export function framesView(recorder: Recorder, heading: 'h3'): View {
  const list = make('ol', { class: 'frames-list' })
  const empty = make('p', { class: 'empty' }, 'No frames yet.')
  const pings = make('input', { type: 'checkbox', checked: true })
  const pause = make('button', { type: 'button', 'aria-pressed': 'false' }, 'Pause')
  const clear = make('button', { type: 'button' }, 'Clear')
  const missed = make('span', { class: 'missed' })
  const node = make(
    'section',
    { class: 'frames', part: 'frames', 'aria-labelledby': 'frames-title' },
    make(
      'div',
      { class: 'section-head' },
      make(heading, { id: 'frames-title' }, 'Frames', unseen(', newest first')),
      missed,
      make('label', {}, pings, 'Pings'),
      pause,
      clear,
    ),
    empty,
    list,
  )
  /** By the id of an entry. */
  const rows = new Map<number, Row>()
  /** What a row was last updated with: entries are changed in place, so their outcome and payload count. */
  const shown = new Map<number, string>()
  let paused = false
  let lastShown = 0

  pings.addEventListener('change', () => {
    // New rows are only ever added at the top.
    rows.clear()
    shown.clear()
    list.replaceChildren()
    update()
  })
  pause.addEventListener('click', () => {
    paused = !paused
    pause.setAttribute('aria-pressed', `${paused}`)
    update()
  })
  clear.addEventListener('click', () => recorder.clear())
  list.addEventListener('focusin', ({ target }) => makeCurrent(target as HTMLElement))
  list.addEventListener('keydown', (event) => {
    const buttons = [...list.querySelectorAll<HTMLElement>('.frame')]
    const index = buttons.findIndex((button) => button.matches(':focus'))
    const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: buttons.length - 1 }[event.key]
    if (next === undefined || index < 0) return
    event.preventDefault()
    buttons[Math.min(Math.max(0, next), buttons.length - 1)]?.focus()
  })

  function makeCurrent(button: HTMLElement | null | undefined): void {
    if (!button?.matches('.frame')) return
    list.querySelector('.frame[tabindex="0"]')?.setAttribute('tabindex', '-1')
    button.setAttribute('tabindex', '0')
  }

  function update(): void {
    const all = itemsOf(recorder).filter(({ type }) => pings.checked || type !== 'pings')
    const newest = all.at(-1)?.id ?? 0
    // Cleared while paused: nothing of what is shown is left.
    if (paused && newest >= lastShown) {
      const count = all.filter(({ id }) => id > lastShown).length
      setText(missed, count ? `${count} more` : '')
      return
    }
    setText(missed, '')
    lastShown = newest
    const wanted = new Set(all.map(({ id }) => id))
    for (const [id, row] of rows) {
      if (wanted.has(id)) continue
      row.node.remove()
      rows.delete(id)
      shown.delete(id)
    }
    for (const item of all) {
      let row = rows.get(item.id)
      if (!row) {
        row = new Row(item)
        rows.set(item.id, row)
        list.prepend(row.node)
      }
      const version =
        item.type === 'pings'
          ? `${item.pulses.length} ${item.pulses.at(-1)?.id}`
          : item.type === 'frame'
            ? `${item.outcome?.result ?? item.result} ${item.payload?.length}`
            : ''
      if (shown.get(item.id) === version) continue
      shown.set(item.id, version)
      row.update(item)
    }
    if (!list.querySelector('.frame[tabindex="0"]')) makeCurrent(list.querySelector<HTMLElement>('.frame'))
    empty.hidden = all.length > 0
    list.hidden = !all.length
  }
  return { node, update }
}
