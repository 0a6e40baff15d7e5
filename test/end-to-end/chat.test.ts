import type { Page } from 'playwright'
import { describe, expect } from 'vitest'
import { test as base, picture } from './demo.ts'

const test = base.extend<{ enter: (name: string) => Promise<Page> }>({
  enter: async ({ demo, visit }, use) => {
    await use(async (name) => {
      const page = await visit(demo.url)
      await page.getByLabel('Nickname').fill(name)
      await page.getByRole('button', { name: 'Come in' }).click()
      await status(page, 'open')
      return page
    })
  },
})

const status = (page: Page, name: string) =>
  expect.poll(() => page.locator('html').getAttribute('data-status'), { timeout: 20_000 }).toBe(name)

/** A wait may be over before one has looked; what the room notes stays. */
const notes = (page: Page, kind: 'trouble' | 'healed', count: number) =>
  expect.poll(() => page.locator(`#log .note.${kind}`).count(), { timeout: 20_000 }).toBe(count)

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text)
  await page.getByLabel('Message', { exact: true }).press('Enter')
}

/** What the others said, and what we did, as the room shows it. */
const texts = (page: Page) => page.locator('#log .said .text').allTextContents()
const own = (page: Page) =>
  page.locator('#log .own').evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.state))
const heard = (page: Page, all: string[]) => expect.poll(() => texts(page), { timeout: 20_000 }).toEqual(all)

describe('the chat', { timeout: 60_000 }, () => {
  test('carries words and pictures between two pages, over a restart of the server', async ({
    demo,
    enter,
  }) => {
    const ann = await enter('Ann')
    const bob = await enter('Bob')
    await expect.poll(() => ann.locator('#people li').count()).toBe(2)

    await say(ann, 'hello')
    await say(bob, 'hello yourself')
    await heard(ann, ['hello', 'hello yourself'])
    await heard(bob, ['hello', 'hello yourself'])

    await ann.locator('#picture').setInputFiles({ name: 'red.png', mimeType: 'image/png', buffer: picture })
    const shown = bob.locator('#log .picture')
    await expect.poll(() => shown.count()).toBe(1)
    await expect.poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1)

    demo.restart()
    await notes(ann, 'trouble', 1)
    await say(ann, 'are you still there?')
    await say(ann, 'I am')
    expect(await own(ann)).toEqual(['delivered', 'delivered', 'queued', 'queued'])
    expect(await ann.locator('#unsent').textContent()).toBe('2')

    await status(ann, 'open')
    await status(bob, 'open')
    await heard(bob, ['hello', 'hello yourself', 'are you still there?', 'I am'])
    await expect.poll(() => own(ann)).toEqual(['delivered', 'delivered', 'delivered', 'delivered'])
    expect(await ann.locator('#unsent').textContent()).toBe('0')
    expect(demo.clients().map(({ path }) => path)).toEqual(['/chat', '/chat'])
  })

  test('finds out that the server went silent, and heals', async ({ enter }) => {
    const page = await enter('Ann')
    await page.getByRole('button', { name: 'Go silent on me' }).click()
    await notes(page, 'trouble', 1)
    await notes(page, 'healed', 1)
    await status(page, 'open')
  })

  test('is cut by the server, and heals by itself', async ({ enter }) => {
    const page = await enter('Ann')
    await page.getByRole('button', { name: 'Cut my line' }).click()
    await expect.poll(() => page.locator('#reconnects').textContent(), { timeout: 20_000 }).toBe('1')
    await status(page, 'open')
  })

  test('stays closed when told to, and comes back when told to', async ({ demo, enter }) => {
    const page = await enter('Ann')
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await status(page, 'closed')
    await expect.poll(() => demo.clients()).toEqual([])
    await say(page, 'said to nobody yet')
    await page.getByRole('button', { name: 'Connect again' }).click()
    await status(page, 'open')
    await expect.poll(() => own(page)).toEqual(['delivered'])
  })

  test('never takes the words of others for HTML', async ({ enter }) => {
    const ann = await enter('<b>Ann</b>')
    const bob = await enter('Bob')
    const words = '<img src=x onerror="document.title = 1"> & <script>document.title = 2</script>'
    await say(ann, words)
    await heard(bob, [words])
    expect(await bob.locator('#log img, #log script, #people b').count()).toBe(0)
    expect(await bob.title()).toContain('Holdfast')
  })

  test('shows its own frames and the handshake that the server saw', async ({ enter }) => {
    const page = await enter('Ann')
    await page.getByText('The handshake, as the server saw it').click()
    await expect.poll(() => page.locator('#handshake-text').textContent()).toMatch(/sec-websocket-accept/i)
    await say(page, 'look at me')
    await expect.poll(() => page.locator('#frames').textContent()).toContain('look at me')
  })
})
