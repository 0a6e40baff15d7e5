import { make } from '../dom.js'
import { bytes, milliseconds, order, words } from './words.js'

const whole = (count) => count.toLocaleString('en')

/** A row of the table: its figure for each way, and how it is written. */
const figures = [
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
  { head: 'Changes missed', of: ({ follower }) => follower.missed, show: whole, plain: true },
]

/** Fills the table: a column for each way, so that a phone has room for all of them. `rows` has each one's tally and follower. */
export function bill(table, rows) {
  const head = order.map((way) => make('th', { scope: 'col', 'data-way': way }, words[way].name))
  const cells = figures.map(() => Object.fromEntries(order.map((way) => [way, make('td')])))
  const body = figures.map(({ head }, index) =>
    make('tr', {}, make('th', { scope: 'row' }, head), ...order.map((way) => cells[index][way])),
  )
  table.replaceChildren(make('thead', {}, make('tr', {}, make('td'), ...head)), make('tbody', {}, ...body))

  return () =>
    figures.forEach(({ of, show, plain }, index) => {
      const floor = of(rows.socket)
      for (const way of order) {
        const figure = of(rows[way])
        const known = figure !== undefined
        const times = known && way !== 'socket' && !plain && floor > 0 ? figure / floor : undefined
        cells[index][way].replaceChildren(
          known ? show(figure) : '–',
          ...(times === undefined
            ? []
            : [' ', make('small', {}, `(${times < 10 ? times.toFixed(1) : Math.round(times)}×)`)]),
        )
      }
    })
}
