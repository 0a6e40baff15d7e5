import type { Page } from 'playwright'

type Draw = (data: number[][]) => void
type Plot = new (options: object, data: number[][], element: Element) => { setData: Draw }

/** For a page before it loads: notes what each chart of uPlot is given, and draws it all the same. */
export function watchCharts(): void {
  const times: Record<string, number[]> = {}
  let Watched: unknown
  Object.assign(globalThis, { times })
  Object.defineProperty(globalThis, 'uPlot', {
    configurable: true,
    get: () => Watched,
    set: (Real: Plot) => {
      Watched = class {
        constructor(options: object, data: number[][], element: Element) {
          const plot = new Real(options, data, element)
          const { setData } = plot
          plot.setData = (data) => {
            times[element.id] = data[0] ?? []
            setData(data)
          }
          // biome-ignore lint/correctness/noConstructorReturn: it is the real one that the page works with
          return plot
        }
      }
    },
  })
}

/** The times that each chart shows, in s. */
export const times = (page: Page) =>
  page.evaluate(() => Object.values((globalThis as unknown as { times: Record<string, number[]> }).times))
