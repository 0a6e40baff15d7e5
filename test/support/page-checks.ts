import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Locator, Page } from 'playwright'

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

interface Violation {
  id: string
  nodes: { html: string; failureSummary: string }[]
}

/** What axe finds on the page, shadow roots included. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axePath, 'utf8'))
  // Colours in transition are no colours that stay.
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((each) => each.finish?.call(each))).catch(() => {}),
  )
  const found = await page.evaluate(
    () =>
      (
        globalThis as unknown as { axe: { run: () => Promise<{ violations: Violation[] }> } }
      ).axe.run() as Promise<{ violations: Violation[] }>,
  )
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  )
}

/**
 * What cannot be read because it lies beyond the edge of the page, or is cut off in its own box. Boxes that scroll may be
 * larger inside, and what is for screen readers alone has no size.
 */
export const cutOff = (page: Page) =>
  page.evaluate(() => {
    const root = document.documentElement
    const found: string[] =
      root.scrollWidth > innerWidth ? [`page: ${root.scrollWidth - innerWidth} px too wide`] : []
    const scrolls = ({ overflowX }: CSSStyleDeclaration) => overflowX === 'auto' || overflowX === 'scroll'
    const inScroller = (element: Element | null): boolean =>
      element !== null &&
      element !== document.body &&
      (scrolls(getComputedStyle(element)) || inScroller(element.parentElement))
    const hides = ({ overflowX }: CSSStyleDeclaration) => overflowX === 'hidden' || overflowX === 'clip'
    for (const element of document.querySelectorAll<HTMLElement>('body *')) {
      const box = element.getBoundingClientRect()
      if (
        box.width <= 1 ||
        box.height <= 1 ||
        element.closest(
          '.unseen, .skip, .visually-hidden, .VPNavBarHamburger, [hidden], dialog:not([open]), details:not([open]) > :not(summary)',
        )
      )
        continue
      const name = `${element.localName}${element.id && `#${element.id}`}.${element.className} “${element.textContent?.slice(0, 20)}”`
      const style = getComputedStyle(element)
      // A drawer that is shut is transparent as a whole.
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue
      if ((box.left < -1 || box.right > innerWidth + 1) && !inScroller(element.parentElement))
        found.push(`${name} beyond the edge`)
      const isField = element.matches('input, textarea, select')
      if (!isField && hides(style) && element.scrollWidth > element.clientWidth + 1)
        found.push(`${name} cut off`)
      if (
        element.matches('button, .button, a') &&
        element.scrollWidth > element.clientWidth + 1 &&
        style.display !== 'inline'
      )
        found.push(`${name} text wider than the control`)
    }
    return found
  })

/** How many rows these elements stand in. */
export const rows = (elements: Locator) =>
  elements.evaluateAll((all) => {
    const middles = all.map((element) => {
      const { top, bottom } = element.getBoundingClientRect()
      return Math.round((top + bottom) / 20)
    })
    return new Set(middles).size
  })

/** Takes the page offline. Resolves when `navigator.onLine` is false: a connection that ends before that is dialled again at once. */
export async function goOffline(page: Page): Promise<void> {
  await page.context().setOffline(true)
  await page.waitForFunction(() => !navigator.onLine)
}
