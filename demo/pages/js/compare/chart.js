import { order, words } from './words.js'

/** Seconds in sight. */
const SPAN = 60
const HEIGHT = 280
/** Colour is not the only thing that tells the lines apart. */
const dashes = { polling: [2, 4], long: [8, 5], socket: [] }
const borders = { polling: 'dotted', long: 'dashed', socket: 'solid' }
/** The powers of ten between which the axis begins, while there is nothing to show. */
const EMPTY = [1, 1_000]

/** Whole powers of ten around the values: a logarithmic scale shows both a small and a large curve. */
function range(least, most) {
  if (!(least > 0) || !(most > 0)) return EMPTY
  const low = 10 ** Math.floor(Math.log10(least))
  return [low, Math.max(low * 10, 10 ** Math.ceil(Math.log10(most)))]
}

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** Resolves a custom property to a colour. Its own value is the text of the style sheet, with `light-dark()` in it. */
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
  /** The value under the pointer. Without a pointer, as on a phone, the newest value. */
  const shown = (series, value) => value ?? data[series].at(-1)

  /** Only whole powers of ten have a label: `10 kB`, not `10.0 kB`. */
  const label = (tick) =>
    tick !== null && Number.isInteger(Math.round(Math.log10(tick) * 1e6) / 1e6)
      ? show(tick).replace('.0 ', ' ')
      : ''

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
      scales: { x: { time: false }, y: { distr: 3, range: (_, least, most) => range(least, most) } },
      axes: [
        { ...axis, font, values: (_, ticks) => ticks.map((tick) => `${tick} s`) },
        { ...axis, font, size: 70, values: (_, ticks) => ticks.map(label) },
      ],
      legend: { markers: { dash: (_, index) => borders[order[index - 1]] } },
      series: [
        { label: 'Time', value: (_, at) => shown(0, at)?.toFixed(1).concat(' s') ?? '–' },
        ...order.map((way, index) => ({
          label: words[way].name,
          stroke: colour(`--${way}`),
          width: 2.5,
          dash: dashes[way],
          points: { show: false },
          spanGaps: true,
          value: (_, value) => show(shown(index + 1, value) ?? undefined),
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
      data = data.map((line, index) => [...line, index ? values[order[index - 1]] || null : seconds])
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
