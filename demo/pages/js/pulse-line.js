const SHOWN = 30
const svg = 'http://www.w3.org/2000/svg'

/** The last round trips as bars; a gap (`null`) for every time the line was lost. */
export function pulseLine(picture) {
  const values = []
  return {
    add(rtt) {
      values.push(rtt)
      if (values.length > SHOWN) values.shift()
      const highest = Math.max(8, ...values.filter((value) => value !== null))
      const bars = values.map((value, index) => {
        const height = value === null ? 28 : Math.max(2, (value / highest) * 26)
        const bar = document.createElementNS(svg, 'rect')
        const box = { x: (SHOWN - values.length + index) * 4, y: 28 - height, width: 2.6, height, rx: 1 }
        for (const [name, number] of Object.entries(box)) bar.setAttribute(name, number)
        bar.setAttribute('class', value === null ? 'gap' : 'beat')
        return bar
      })
      picture.replaceChildren(...bars)
    },
  }
}
