import type { Page } from 'playwright'
import { describe, expect, onTestFinished } from 'vitest'
import { startServer } from '../../demo/server/server.ts'
import { node, redis } from '../demo/redis.ts'
import { PER_PAGE, picture, status, test, write } from './demo.ts'

const COUNT = 50

const heard = (page: Page) => page.locator('#log .message:not(.own) .text').allTextContents()
const own = (page: Page) =>
  page
    .locator('#log .own')
    .evaluateAll((rows) =>
      rows.map((row) => [row.querySelector('.text')?.textContent, (row as HTMLElement).dataset.state]),
    )
const losses = (page: Page) => page.locator('#loss-count').textContent().then(Number)
const reconnects = (page: Page) => page.locator('#reconnects').textContent().then(Number)
const guarantee = (page: Page) => page.getByRole('switch', { name: 'Guaranteed delivery' })
const notes = (page: Page, kind: string) => page.locator(`#log .note.${kind}`).allTextContents()

const texts = Array.from({ length: COUNT }, (_, index) => `message ${index + 1}`)

/** Says them all, while the server cuts the line right after every tenth: on its way, or not even read yet. */
async function sayWhileCut(page: Page, cut: () => void): Promise<void> {
  for (const [index, text] of texts.entries()) {
    await write(page, text)
    if (index % 10 !== 9) continue
    const before = await reconnects(page)
    cut()
    await expect.poll(() => reconnects(page)).toBe(before + 1)
  }
}

describe('guaranteed delivery', { timeout: 300_000 }, () => {
  test('on: all that was said under cuts is heard once, in order, and nothing is pending', async ({
    demo,
    enter,
  }) => {
    const ann = await enter('Ann')
    const bob = await enter('Bob')
    expect(await guarantee(ann).isChecked()).toBe(true)
    await sayWhileCut(ann, () => demo.restart(300))
    await expect.poll(() => heard(bob)).toEqual(texts)
    await expect.poll(() => own(ann)).toEqual(texts.map((text) => [text, 'delivered']))
    expect(await ann.locator('#unsent').textContent()).toBe('0')
    await expect.poll(() => notes(ann, 'healed').then(({ length }) => length)).toBe(5)
    for (const note of await notes(ann, 'healed')) expect(note).toContain('nothing lost')
    expect(await notes(ann, 'forgot')).toEqual([])
  })

  test('on: it counts what a plain socket would have lost to a server that fell silent', async ({
    enter,
  }) => {
    const ann = await enter('Ann')
    const bob = await enter('Bob')
    await ann.getByRole('button', { name: 'Freeze the server' }).click()
    for (const text of ['one', 'two', 'three']) await write(ann, text)
    await expect.poll(() => heard(bob)).toEqual(['one', 'two', 'three'])
    expect(await losses(ann)).toBe(3)
    await expect.poll(() => notes(ann, 'healed')).toEqual([expect.stringContaining('3 messages sent again')])
    await expect
      .poll(() => own(ann).then((rows) => rows.map(([, state]) => state)))
      .toEqual(['delivered', 'delivered', 'delivered'])
  })

  test('on: a picture shows how much of it has left, and starts anew with a new line', async ({ enter }) => {
    const ann = await enter('Ann')
    const seen = await ann.evaluateHandle(() => {
      const parts: number[][] = []
      const rows = () => [...document.querySelectorAll('#log .own')]
      new MutationObserver(() => {
        for (const [index, row] of rows().entries()) {
          const { value, hidden } = row.querySelector('progress') as HTMLProgressElement
          parts[index] ??= []
          if (!hidden && parts[index].at(-1) !== value) parts[index].push(value)
        }
      }).observe(document, { subtree: true, childList: true, attributes: true })
      return parts
    })
    // A server that reads nothing: more than the system takes off the browser's hands stays in them.
    await ann.getByRole('button', { name: 'Freeze the server' }).click()
    const buffer = Buffer.concat([picture, Buffer.alloc(4_000_000)])
    const files = ['1', '2', '3'].map((name) => ({ name: `${name}.png`, mimeType: 'image/png', buffer }))
    await ann.getByLabel('Send a picture').setInputFiles(files)
    await expect
      .poll(() => own(ann).then((rows) => rows.map(([, state]) => state)))
      .toEqual(['delivered', 'delivered', 'delivered'])
    const parts = await seen.jsonValue()
    expect(parts).toHaveLength(3)
    // What was stuck was shown as stuck, and it began again at nothing.
    expect(parts.flat().some((part) => part > 0 && part < 1)).toBe(true)
    expect(parts.some((part) => part.lastIndexOf(0) > 0)).toBe(true)
  })

  test('off: the counter tells how many nobody heard', async ({ demo, enter }) => {
    const ann = await enter('Ann')
    const bob = await enter('Bob')
    await guarantee(ann).press('Space')
    expect(await guarantee(ann).isChecked()).toBe(false)
    await status(ann, 'open')
    await sayWhileCut(ann, () => demo.restart(300))
    await ann.getByRole('button', { name: 'Freeze the server' }).click()
    for (const text of ['one', 'two', 'three']) await write(ann, text)
    await expect.poll(() => reconnects(ann)).toBe(6)
    await expect.poll(() => ann.locator('#unsent').textContent()).toBe('0')
    await write(ann, 'the last one')
    await expect.poll(() => heard(bob).then((all) => all.at(-1))).toBe('the last one')

    const arrived = await heard(bob)
    const lost = [...texts, 'one', 'two', 'three', 'the last one'].filter((text) => !arrived.includes(text))
    expect(lost).toEqual(expect.arrayContaining(['one', 'two', 'three']))
    expect(await losses(ann)).toBe(lost.length)
    const marked = (await own(ann)).filter(([, state]) => state === 'lost').map(([text]) => text)
    expect(marked).toEqual(lost)
    expect(new Set(arrived).size).toBe(arrived.length)

    // It is the visitor who says that it shall go again.
    await ann.getByRole('button', { name: 'Send again' }).last().click()
    await expect.poll(() => heard(bob).then((all) => all.at(-1))).toBe('three')
    expect(await losses(ann)).toBe(lost.length)
  })

  test('is remembered, and what was said before a change is not lost by it', async ({ demo, enter }) => {
    const ann = await enter('Ann')
    const bob = await enter('Bob')
    demo.restart(1_500)
    await expect.poll(() => notes(ann, 'trouble').then(({ length }) => length)).toBe(1)
    await write(ann, 'said before the change')
    await guarantee(ann).uncheck()
    await expect.poll(() => heard(bob)).toEqual(['said before the change'])
    await expect.poll(() => own(ann)).toEqual([['said before the change', 'delivered']])
    await ann.reload()
    await status(ann, 'open')
    expect(await guarantee(ann).isChecked()).toBe(false)
    expect(await bob.locator('#people li').count()).toBe(2 * PER_PAGE)
  })

  test('on: a server that has forgotten the session is told of, with what became of the last messages', async ({
    demo,
    enter,
  }) => {
    const ann = await enter('Ann')
    await write(ann, 'before')
    await expect.poll(() => own(ann)).toEqual([['before', 'delivered']])
    await demo.close()
    await expect.poll(() => notes(ann, 'trouble').then(({ length }) => length)).toBe(1)
    await write(ann, 'said to nobody')
    const anew = await startServer({ port: demo.port })
    onTestFinished(() => anew.close())
    await status(ann, 'open')
    const [note] = await notes(ann, 'forgot')
    expect(note).toBe('The server no longer knows the session. Of your last messages: 1 lost.')
    await expect
      .poll(() => own(ann))
      .toEqual([
        ['before', 'delivered'],
        ['said to nobody', 'lost'],
      ])
    expect(await losses(ann)).toBe(0)
    await ann.getByRole('button', { name: 'Send again' }).click()
    await expect.poll(() => own(ann).then((rows) => rows.at(-1))).toEqual(['said to nobody', 'delivered'])
  })

  test('two servers on one Redis: the page goes on with the other one when its own is killed', async ({
    enter,
  }) => {
    const url = await redis()
    const [first, second] = await Promise.all([node(url), node(url)])
    const query = `?nodes=${first.port},${second.port}`
    const ann = await enter('Ann', `http://127.0.0.1:${first.port}/${query}`)
    const bob = await enter('Bob', `http://127.0.0.1:${second.port}/${query}`)
    for (const [index, text] of texts.entries()) {
      await write(ann, text)
      if (index === 20) await first.kill()
    }
    await expect.poll(() => heard(bob)).toEqual(texts)
    await expect.poll(() => own(ann)).toEqual(texts.map((text) => [text, 'delivered']))
    expect(await notes(ann, 'healed')).toEqual([expect.stringContaining('nothing lost')])
    await write(bob, 'still here?')
    await expect.poll(() => heard(ann)).toEqual(['still here?'])
    expect(await ann.locator('#people li').count()).toBe(2 * PER_PAGE)
  })
})
