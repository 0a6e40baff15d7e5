import { make } from '../dom.js'
import { bytes, milliseconds, order, words } from './words.js'

const whole = (count) => count.toLocaleString('en')

/** The rows of the table: each one's figure for a way, and how it is written. */
export const figures = [
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

/** How a figure is written as a multiple of another. */
export const multiple = (times) => `${times < 10 ? times.toFixed(1) : Math.round(times)}×`

/**
 * Fills the table, with a column for each way, so that a phone has room for all of them. `rows` has the server's count and
 * the follower of each way. Returns a function that updates the cells.
 */
export function figuresTable(table, rows) {
  const head = order.map((way) => make('th', { scope: 'col', 'data-way': way }, words[way].name))
  const cells = figures.map(() => Object.fromEntries(order.map((way) => [way, make('td')])))
  const body = figures.map(({ head }, index) =>
    make('tr', {}, make('th', { scope: 'row' }, head), ...order.map((way) => cells[index][way])),
  )
  table.replaceChildren(make('thead', {}, make('tr', {}, make('td'), ...head)), make('tbody', {}, ...body))

  return () =>
    figures.forEach(({ of, show, plain }, index) => {
      const least = of(rows.socket)
      for (const way of order) {
        const figure = of(rows[way])
        const known = figure !== undefined
        const times = known && way !== 'socket' && !plain && least > 0 ? figure / least : undefined
        cells[index][way].replaceChildren(
          known ? show(figure) : '–',
          ...(times === undefined ? [] : [' ', make('small', {}, `(${multiple(times)})`)]),
        )
      }
    })
}
