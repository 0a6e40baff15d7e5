import type { Page } from 'playwright'
import { describe, expect } from 'vitest'
import { PER_PAGE, picture, status, test, write } from './demo.ts'

/** A wait may be over before the test looks. The notes in the list stay. */
const notes = (page: Page, kind: 'trouble' | 'healed', count: number) =>
  expect.poll(() => page.locator(`#log .note.${kind}`).count()).toBe(count)

/** The texts of all messages, and the states of the visitor's own. */
const texts = (page: Page) => page.locator('#log .message .text').allTextContents()
const own = (page: Page) =>
  page.locator('#log .own').evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.state))
const heard = (page: Page, all: string[]) => expect.poll(() => texts(page)).toEqual(all)

describe('the chat', () => {
  test('carries texts and pictures between two pages, over a restart of the server', async ({
    demo,
    enter,
  }) => {
    const ann = await enter('Ann')
    const bob = await enter('Bob')
    await expect.poll(() => ann.locator('#people li').count()).toBe(2 * PER_PAGE)

    await write(ann, 'hello')
    await write(bob, 'hello yourself')
    await heard(ann, ['hello', 'hello yourself'])
    await heard(bob, ['hello', 'hello yourself'])

    await ann.locator('#picture').setInputFiles({ name: 'red.png', mimeType: 'image/png', buffer: picture })
    const shown = bob.locator('#log .picture')
    await expect.poll(() => shown.count()).toBe(1)
    await expect.poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1)

    demo.restart()
    await notes(ann, 'trouble', 1)
    await write(ann, 'are you still there?')
    await write(ann, 'I am')
    expect(await own(ann)).toEqual(['delivered', 'delivered', 'queued', 'queued'])
    expect(await ann.locator('#unsent').textContent()).toBe('2')

    await status(ann, 'open')
    await status(bob, 'open')
    await heard(bob, ['hello', 'hello yourself', 'are you still there?', 'I am'])
    await expect.poll(() => own(ann)).toEqual(['delivered', 'delivered', 'delivered', 'delivered'])
    expect(await ann.locator('#unsent').textContent()).toBe('0')
    await expect.poll(() => demo.clients().map(({ path }) => path)).toEqual(Array(2 * PER_PAGE).fill('/chat'))
  })

  test('finds out that the server went silent, and connects again', async ({ enter }) => {
    const page = await enter('Ann')
    await page.getByRole('button', { name: 'Freeze the server' }).click()
    await notes(page, 'trouble', 1)
    await notes(page, 'healed', 1)
    await status(page, 'open')
  })

  test('is cut by the server, and connects again by itself', async ({ enter }) => {
    const page = await enter('Ann')
    await page.getByRole('button', { name: 'Cut the connection' }).click()
    await expect.poll(() => page.locator('#reconnects').textContent()).toBe('1')
    await status(page, 'open')
  })

  test('stays closed when told to, and comes back when told to', async ({ demo, enter }) => {
    const page = await enter('Ann')
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await status(page, 'closed')
    // The second client stays.
    await expect.poll(() => demo.clients().length).toBe(PER_PAGE - 1)
    await write(page, 'said to nobody yet')
    await page.getByRole('button', { name: 'Connect again' }).click()
    await status(page, 'open')
    await expect.poll(() => own(page)).toEqual(['delivered'])
  })

  test('shows the same conversation after a reload, also what was said meanwhile', async ({ enter }) => {
    const ann = await enter('Ann')
    const bob = await enter('Bob')
    await write(ann, 'one')
    await write(bob, 'two')
    await heard(ann, ['one', 'two'])
    await ann.goto('about:blank')
    await write(bob, 'three')
    await heard(bob, ['one', 'two', 'three'])
    await ann.goBack()
    await status(ann, 'open')
    await heard(ann, ['one', 'two', 'three'])
    // Who goes to another page leaves, with the second client.
    await ann.goto('about:blank')
    await expect.poll(() => bob.locator('#people li').count()).toBe(PER_PAGE)
    await expect.poll(() => bob.locator('#log .note.system').last().textContent()).toContain('Ann left')
  })

  test('never takes the texts of others for HTML', async ({ enter }) => {
    const ann = await enter('<b>Ann</b>')
    const bob = await enter('Bob')
    const words = '<img src=x onerror="document.title = 1"> & <script>document.title = 2</script>'
    await write(ann, words)
    await heard(bob, [words])
    expect(await bob.locator('#log img, #log script, #people b').count()).toBe(0)
    expect(await bob.title()).toContain('Holdfast')
  })

  test('shows its own frames and the handshake that the server saw', async ({ enter }) => {
    const page = await enter('Ann')
    await page.getByText('The handshake, as the server saw it').click()
    await expect.poll(() => page.locator('#handshake-text').textContent()).toMatch(/sec-websocket-accept/i)
    await write(page, 'look at me')
    await expect.poll(() => page.locator('#frames').getByText('look at me').count()).toBeGreaterThan(0)
  })
})
