import { order, words } from './words.js'

/** Seconds in sight. */
const SPAN = 60
const HEIGHT = 280
/** Colour is not the only thing that tells the lines apart. */
const dashes = { polling: [2, 4], long: [8, 5], socket: [] }
const borders = { polling: 'dotted', long: 'dashed', socket: 'solid' }
/** The height of the axis while there is nothing to show. */
const EMPTY = 1_000

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** Custom properties are handed out as they are written: an element's own colour is worked out. */
function colour(name) {
  const probe = document.createElement('i')
  probe.style.color = `var(${name})`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

/** A line for each way over the last minute. `show` writes a value of the axis. */
export function chart(element, show) {
  let data = [[], ...order.map(() => [])]
  let plot
  /** Under the pointer; without one, such as on a phone, the newest. */
  const said = (series, value) => value ?? data[series].at(-1)

  function draw() {
    plot?.destroy()
    const axis = {
      stroke: colour('--soft'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
    }
    const font = `12px ${style('font-family') || 'system-ui'}`
    const options = {
      width: element.clientWidth,
      height: HEIGHT - 40,
      cursor: { drag: { x: false, y: false } },
      scales: { x: { time: false }, y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : EMPTY] } },
      axes: [
        { ...axis, font, values: (_, ticks) => ticks.map((tick) => `${tick} s`) },
        { ...axis, font, size: 70, values: (_, ticks) => ticks.map(show) },
      ],
      legend: { markers: { dash: (_, index) => borders[order[index - 1]] } },
      series: [
        { label: 'Time', value: (_, at) => said(0, at)?.toFixed(1).concat(' s') ?? '–' },
        ...order.map((way, index) => ({
          label: words[way].name,
          stroke: colour(`--${way}`),
          width: 2.5,
          dash: dashes[way],
          points: { show: false },
          spanGaps: true,
          value: (_, value) => show(said(index + 1, value) ?? undefined),
        })),
      ],
    }
    plot = new uPlot(options, data, element)
  }

  new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT - 40 })).observe(
    element,
  )
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
  draw()

  return {
    add(seconds, values) {
      data = data.map((line, index) => [...line, index ? (values[order[index - 1]] ?? null) : seconds])
      const first = data[0].findIndex((at) => at >= seconds - SPAN)
      data = data.map((line) => line.slice(first))
      plot.setData(data)
    },
    clear() {
      data = data.map(() => [])
      plot.setData(data)
    },
  }
}
