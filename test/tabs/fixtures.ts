import type { Browser, BrowserContext } from 'playwright'
import { expect } from 'vitest'
import { launch } from '../support/chromium.ts'
import { test as base } from '../support/fixtures.ts'
import type { Server } from '../support/server.ts'
import { openIn, type Setup, serveSite, type Tab } from './site.ts'

interface Fixtures {
  browser: Browser
  /** The context of all tabs of a test: they share workers. */
  context: BrowserContext
  site: string
  /** Opens a tab that shares the worker of that server with the others. */
  open: (server: Server, setup?: Setup) => Promise<Tab>
}

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
  context: async ({ browser }, use) => {
    const context = await browser.newContext()
    await use(context)
    await context.close()
  },
  site: [
    // biome-ignore lint/correctness/noEmptyPattern: as above
    async ({}, use) => {
      const { url, close } = await serveSite()
      await use(url)
      close()
    },
    { scope: 'file' },
  ],
  open: async ({ context, site }, use) => {
    const errors: Error[] = []
    await use(async (server, setup) => {
      const tab = await openIn(context, site, server, setup)
      tab.page.on('pageerror', (error) => errors.push(error))
      return tab
    })
    expect(errors).toEqual([])
  },
})

/** Every tab shows that it is open. */
export const allOpen = async (...tabs: Tab[]) => {
  for (const tab of tabs) await expect.poll(() => tab.status()).toBe('open')
}
