import { make } from '../dom.js'
import { bytes, milliseconds, order, words } from './words.js'

const whole = (count) => count.toLocaleString('en')

/** A column of the table: its figure for one way, and how it is written. */
const columns = [
  {
    head: 'Bytes per change',
    of: ({ tally, follower }) => (follower.seen ? (tally.received + tally.sent) / follower.seen : undefined),
    show: bytes,
  },
  { head: 'Delay, median', of: ({ follower }) => follower.delay, show: milliseconds },
  { head: 'Requests', of: ({ tally }) => tally.requests, show: whole },
  { head: 'Bytes up', of: ({ tally }) => tally.received, show: bytes },
  { head: 'Bytes down', of: ({ tally }) => tally.sent, show: bytes },
  { head: 'Changes seen', of: ({ follower }) => follower.seen, show: whole, plain: true },
  { head: 'missed', of: ({ follower }) => follower.missed, show: whole, plain: true },
]

/** Fills the table. `rows` has for each way its tally, as the server counts it, and its follower. */
export function bill(table, rows) {
  const cells = Object.fromEntries(order.map((way) => [way, columns.map(() => make('td'))]))
  const head = columns.map((column) => make('th', { scope: 'col' }, column.head))
  table.replaceChildren(
    make('thead', {}, make('tr', {}, make('th', { scope: 'col' }, 'Way'), ...head)),
    make(
      'tbody',
      {},
      ...order.map((way) => make('tr', {}, make('th', { scope: 'row' }, words[way].name), ...cells[way])),
    ),
  )

  return () => {
    for (const way of order) {
      columns.forEach(({ of, show, plain }, index) => {
        const figure = of(rows[way])
        const floor = of(rows.socket)
        const times =
          way !== 'socket' && !plain && floor > 0 && figure !== undefined ? figure / floor : undefined
        cells[way][index].replaceChildren(
          figure === undefined ? '–' : show(figure),
          ...(times === undefined
            ? []
            : [make('small', {}, ` (${times < 10 ? times.toFixed(1) : Math.round(times)}×)`)]),
        )
      })
    }
  }
}
