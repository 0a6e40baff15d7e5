import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { expect } from 'vitest'
import { type DemoServer, startServer } from '../../demo/server/server.ts'
import { test as base } from '../support/chromium.ts'

/** A PNG of one red pixel. */
export const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
)

/** Whose connections the server has: each page of the chat holds two, the visitor's and that of the second client. */
export const PER_PAGE = 2

/** The status of the visitor's connection, as the page shows it. */
export const status = (page: Page, name: string) =>
  expect.poll(() => page.locator('html').getAttribute('data-status')).toBe(name)

/** What the visitor writes. */
export async function write(page: Page, text: string): Promise<void> {
  const field = page.getByLabel('Message', { exact: true })
  await field.fill(text)
  await field.press('Enter')
}

/** `test` with a demo server of its own, away for 4 s when it restarts, and visitors of its chat. */
export const test = base.extend<{
  demo: DemoServer
  enter: (name: string, url?: string) => Promise<Page>
}>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  demo: async ({}, use) => {
    const uploads = await mkdtemp(join(tmpdir(), 'holdfast-'))
    const demo = await startServer({ uploads, restartTime: 4_000, guestInterval: [50, 100], log: () => {} })
    await use(demo)
    await demo.close()
    await rm(uploads, { recursive: true })
  },
  enter: async ({ demo, visit }, use) => {
    await use(async (name, url = demo.url) => {
      const page = await visit(url)
      await page.getByLabel('Nickname').fill(name)
      await page.getByRole('button', { name: 'Join the chat' }).click()
      await status(page, 'open')
      await expect.poll(() => page.locator('#second').getAttribute('data-status')).toBe('open')
      return page
    })
  },
})
