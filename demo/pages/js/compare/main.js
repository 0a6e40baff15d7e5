import { byId, make, scrollable } from '../dom.js'
import { statusInHeader } from '../header.js'
import { chart } from './chart.js'
import { Comparison } from './comparison.js'
import { figures, figuresTable, multiple } from './figures.js'
import { bytes, milliseconds, order, rates, words } from './words.js'

const comparison = new Comparison()
const showTable = figuresTable(byId('figures'), comparison.rows)
const charts = { bytes: chart(byId('bytes-chart'), bytes), delay: chart(byId('delay-chart'), milliseconds) }
const [bytesPerChange, medianDelay] = figures

/** Each way's card: the value as it arrives, and the two figures that matter. */
function card(way) {
  const value = make('output', { class: 'value', 'aria-live': 'off' }, '–')
  const perChange = make('dd', {}, '–')
  const delay = make('dd', {}, '–')
  const fact = (name, data) => make('div', {}, make('dt', {}, name), data)
  const element = make(
    'article',
    { class: 'way card', 'data-way': way },
    make('h2', {}, words[way].name),
    make('p', {}, words[way].about),
    make('dl', {}, fact('bytes per change', perChange), fact('old when it arrives', delay)),
    make('p', { class: 'now' }, 'now ', value),
  )
  return { element, value, perChange, delay }
}
const cards = Object.fromEntries(order.map((way) => [way, card(way)]))
byId('ways').append(...order.map((way) => cards[way].element))

const total = ({ received, sent }) => received + sent

function showFigure(element, { of, show }, way) {
  const figure = of(comparison.rows[way])
  const least = of(comparison.rows.socket)
  if (figure === undefined) return element.replaceChildren('–')
  const times = way !== 'socket' && least > 0 ? [' ', make('small', {}, multiple(figure / least))] : []
  element.replaceChildren(show(figure), ...times)
}

function showValues() {
  for (const way of order) {
    cards[way].value.textContent = comparison.rows[way].follower.value
    showFigure(cards[way].perChange, bytesPerChange, way)
    showFigure(cards[way].delay, medianDelay, way)
  }
}

function showFigures() {
  showTable()
  showValues()
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
  showTable()
  showValues()
}

comparison.onSeen = showValues
comparison.onTally = showFigures
comparison.onReset = clear
const showInHeader = statusInHeader()
comparison.onStatus = (status) => showInHeader(status, status === 'closed' ? 'Stopped' : undefined)
comparison.onState = (state) => {
  // A status that is announced must not count down.
  byId('state').textContent = state
}

const rate = byId('rate')
function setRate() {
  const [perSecond, name] = rates[rate.value]
  byId('rate-words').textContent = name
  rate.setAttribute('aria-valuetext', name)
  comparison.setRate(perSecond)
}
rate.addEventListener('input', setRate)

const interval = byId('interval')
const setPollingInterval = () => {
  comparison.interval = Number(interval.value)
}
interval.addEventListener('change', setPollingInterval)

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

scrollable(byId('figures-frame'))
setPollingInterval()
setRate()
showTable()
showValues()
comparison.start()
