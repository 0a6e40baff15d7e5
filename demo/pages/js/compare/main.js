import { byId, make, scrollable } from '../dom.js'
import { bill } from './bill.js'
import { chart } from './chart.js'
import { Comparison } from './comparison.js'
import { bytes, milliseconds, order, rates, words } from './words.js'

const comparison = new Comparison()
const showBill = bill(byId('bill'), comparison.rows)
const charts = { bytes: chart(byId('bytes-chart'), bytes), delay: chart(byId('delay-chart'), milliseconds) }

const values = Object.fromEntries(order.map((way) => [way, make('output', { class: 'value' }, '–')]))
const costs = Object.fromEntries(order.map((way) => [way, make('p')]))
byId('ways').append(
  ...order.map((way) =>
    make(
      'article',
      { class: 'way card', 'data-way': way },
      make('h2', {}, words[way].name),
      make('p', {}, words[way].about),
      values[way],
      costs[way],
    ),
  ),
)
// Twenty changes a second are not to be read aloud; the table has the figures.
for (const way of order) values[way].setAttribute('aria-live', 'off')

const total = ({ received, sent }) => received + sent

function showValues() {
  for (const way of order) {
    const { tally, follower } = comparison.rows[way]
    values[way].textContent = follower.value
    const late = follower.latest === undefined ? 'nothing yet' : `${milliseconds(follower.latest)} late`
    costs[way].textContent = `${bytes(total(tally))}, ${late}`
  }
}

function showFigures() {
  showBill()
  const each = (figure) => Object.fromEntries(order.map((way) => [way, figure(comparison.rows[way])]))
  charts.bytes.add(
    comparison.seconds,
    each(({ tally }) => total(tally)),
  )
  charts.delay.add(
    comparison.seconds,
    each(({ follower }) => follower.latest),
  )
}

function clear() {
  charts.bytes.clear()
  charts.delay.clear()
  showBill()
  showValues()
}

comparison.onSeen = showValues
comparison.onTally = showFigures
comparison.onReset = clear
comparison.onState = (state) => {
  byId('state').textContent = state
}

const rate = byId('rate')
function pace() {
  const [perSecond, said] = rates[rate.value]
  byId('rate-words').textContent = said
  rate.setAttribute('aria-valuetext', said)
  comparison.pace(perSecond)
}
rate.addEventListener('input', pace)

const interval = byId('interval')
const choose = () => {
  comparison.interval = Number(interval.value)
}
interval.addEventListener('change', choose)

const toggle = byId('toggle')
byId('controls').addEventListener('submit', (event) => {
  event.preventDefault()
  if (comparison.running) comparison.stop()
  else comparison.start()
  toggle.textContent = comparison.running ? 'Stop' : 'Start'
})
byId('reset').addEventListener('click', () => {
  if (comparison.running) comparison.start()
  else comparison.reset()
})

scrollable(byId('bill-frame'))
choose()
pace()
showBill()
showValues()
