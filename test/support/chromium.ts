import { type Browser, chromium, firefox, type Page } from 'playwright'
import { executable } from '../../scripts/executables.js'
import { test as base } from './fixtures.ts'
import { flags } from './flags.ts'

/** A browser of its own for tests that drive whole pages from outside: Chromium, or what the project names. */
export const launch = async (args: string[] = []): Promise<Browser> =>
  process.env.ENGINE === 'firefox'
    ? firefox.launch({ channel: 'moz-firefox', executablePath: await executable('firefox') })
    : chromium.launch({
        executablePath: await executable('chromium'),
        args: [...flags, ...args],
        // Users have a bfcache; playwright turns it off.
        ignoreDefaultArgs: ['--disable-back-forward-cache'],
      })

interface Fixtures {
  browser: Browser
  /** Opens a page in a context of its own: own storage, own network state. What it throws fails the test. */
  visit: (url: string) => Promise<Page>
}

/** `test` with real sockets, one Chromium for the file, and pages that are closed after each test. */
export const test = base.extend<Fixtures>({
  browser: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
    async ({}, use) => {
      const browser = await launch()
      await use(browser)
      await browser.close()
    },
    { scope: 'file' },
  ],
  visit: async ({ browser }, use) => {
    const pages: Page[] = []
    const errors: Error[] = []
    await use(async (url) => {
      const context = await browser.newContext()
      const page = await context.newPage()
      pages.push(page)
      page.on('pageerror', (error) => {
        // Firefox reports every dial that fails, though nothing was thrown.
        if (!/^Firefox can.t establish a connection/.test(error.message)) errors.push(error)
      })
      await page.goto(url)
      return page
    })
    await Promise.all(pages.map((page) => page.context().close()))
    if (errors.length) throw new AggregateError(errors, `A page threw: ${errors.join(', ')}`)
  },
})
