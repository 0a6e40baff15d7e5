import { byId, make, scrollable } from './dom.js'
import { preview, sizeOf, sizeWords } from './payload.js'

/** How many rows are kept. */
const MOST = 200
const ways = { in: ['↓', 'in'], out: ['↑', 'out'], event: ['·', 'event'] }

/** The frame inspector: newest first, bounded; paused it neither shows nor keeps anything. */
export function frames() {
  const body = byId('frames')
  const pause = byId('pause')
  let missed = 0
  scrollable(body.closest('section'))

  const isPaused = () => pause.getAttribute('aria-pressed') === 'true'
  pause.addEventListener('click', () => {
    const paused = !isPaused()
    pause.setAttribute('aria-pressed', String(paused))
    pause.textContent = paused ? 'Go on' : 'Pause'
    if (!paused && missed > 0)
      add(make('tr', { class: 'gap' }, make('td', { colspan: 5 }, `${missed} not shown`)))
    missed = 0
  })
  byId('clear').addEventListener('click', () => body.replaceChildren())
  byId('hide-pings').addEventListener('change', ({ target }) =>
    body.classList.toggle('no-pings', target.checked),
  )

  function add(row) {
    body.prepend(row)
    while (body.rows.length > MOST) body.deleteRow(-1)
  }

  return ({ way, kind, data, at }) => {
    if (isPaused()) {
      missed += 1
      return
    }
    const [arrow, word] = ways[way]
    const isText = typeof data === 'string'
    const isPing = isText && /^(ping|pong|![pq]\d+)$/.test(data)
    // What the session says for itself starts with one exclamation mark.
    const isControl = isText && /^![^!]/.test(data)
    const name = kind === 'frame' ? (isControl ? 'control' : isText ? 'text' : 'binary') : kind
    const time = `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, '0')}`
    const size = kind === 'frame' ? sizeWords(sizeOf(data)) : ''
    const row = make('tr', { class: `${way} ${name}${isPing ? ' ping' : ''}` })
    row.append(
      make('td', { class: 'time' }, time),
      make(
        'td',
        { class: 'way' },
        make('span', { 'aria-hidden': 'true' }, arrow),
        make('span', { class: 'unseen' }, word),
      ),
      make('td', { class: 'kind' }, name),
      make('td', { class: 'size' }, size),
      make('td', { class: 'payload' }, preview(data)),
    )
    add(row)
  }
}
