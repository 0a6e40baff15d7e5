import { describe, expect } from 'vitest'
import { launchWebkit, type WebkitPage } from '../support/webkit.ts'
import { test as base, PER_PAGE } from './demo.ts'

/** The chat in WebKitGTK, which playwright does not drive. */
const test = base.extend<{ enterWebkit: (name: string) => Promise<WebkitPage> }>({
  enterWebkit: async ({ demo }, use) => {
    const pages: WebkitPage[] = []
    await use(async (name) => {
      const page = await launchWebkit()
      pages.push(page)
      await page.goto(demo.url)
      await expect.poll(() => page.run('return document.querySelector("#who").open')).toBe(true)
      await page.run('document.querySelector("#name").value = arguments[0]', name)
      await page.run('document.querySelector("#who-form").requestSubmit()')
      await status(page, 'open')
      return page
    })
    await Promise.all(pages.map((page) => page.close()))
  },
})

const patient = { timeout: 50_000 }
const status = (page: WebkitPage, name: string) =>
  expect.poll(() => page.run('return document.documentElement.dataset.status'), patient).toBe(name)
const click = (page: WebkitPage, selector: string) =>
  page.run('document.querySelector(arguments[0]).click()', selector)
const count = (page: WebkitPage, selector: string) =>
  page.run<number>('return document.querySelectorAll(arguments[0]).length', selector)
const texts = (page: WebkitPage) =>
  page.run('return Array.from(document.querySelectorAll("#log .message .text"), (row) => row.textContent)')
const say = (page: WebkitPage, text: string) =>
  page.run(
    'document.querySelector("#text").value = arguments[0]; document.querySelector("#composer").requestSubmit()',
    text,
  )

describe('the chat in WebKitGTK', () => {
  test('carries texts between two browsers, over a restart of the server', async ({ demo, enterWebkit }) => {
    const [ann, bob] = [await enterWebkit('Ann'), await enterWebkit('Bob')]
    await expect.poll(() => count(ann, '#people li'), patient).toBe(2 * PER_PAGE)
    await say(ann, 'hello')
    await expect.poll(() => texts(bob), patient).toEqual(['hello'])

    demo.restart()
    await expect.poll(() => count(ann, '#log .note.trouble'), patient).toBe(1)
    await say(ann, 'are you still there?')
    await status(ann, 'open')
    await status(bob, 'open')
    await expect.poll(() => texts(bob), patient).toEqual(['hello', 'are you still there?'])
    await expect
      .poll(() => demo.clients().map(({ path }) => path), patient)
      .toEqual(Array(2 * PER_PAGE).fill('/chat'))
  })

  test('finds out that the server went silent, and connects again', async ({ demo, enterWebkit }) => {
    const page = await enterWebkit('Ann')
    await click(page, '[data-fault="silence"]')
    await expect.poll(() => count(page, '#log .note.trouble'), patient).toBe(1)
    await expect.poll(() => count(page, '#log .note.healed'), patient).toBe(1)
    await status(page, 'open')
    await expect.poll(() => demo.clients().length, patient).toBe(PER_PAGE)
  })

  test('stays closed when told to', async ({ demo, enterWebkit }) => {
    const page = await enterWebkit('Ann')
    await click(page, '#disconnect')
    await status(page, 'closed')
    await expect.poll(() => demo.clients().length, patient).toBe(PER_PAGE - 1)
    await click(page, '#connect-again')
    await status(page, 'open')
  })
})
