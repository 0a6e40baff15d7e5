import type { Locator, Page } from 'playwright'
import { describe, expect } from 'vitest'
import { times, watchCharts } from '../support/charts.ts'
import { test as base } from './demo.ts'

type Tally = Record<'requests' | 'received' | 'sent', number>
type Tallies = Record<'polling' | 'long' | 'socket', Tally>

/** The page, and what can be known of it from outside. */
interface Compare {
  page: Page
  /** The cells of a row of the table: polling, long polling, WebSocket. */
  row(name: string): Promise<string[]>
  button(name: string): Locator
  /** What the server has said that it counted. */
  tallies: Tallies[]
  /** What the page has asked for. */
  requests: string[]
  errors: string[]
}

const patient = { timeout: 50_000 }

const test = base.extend<{ open: (phone?: { theme: 'light' | 'dark'; width: number }) => Promise<Compare> }>({
  open: async ({ demo, browser }, use) => {
    const pages: Page[] = []
    await use(async (phone) => {
      const context = await browser.newContext(
        phone && {
          viewport: { width: phone.width, height: 844 },
          hasTouch: true,
          colorScheme: phone.theme,
        },
      )
      const page = await context.newPage()
      pages.push(page)
      const compare: Compare = {
        page,
        row: (name) =>
          page
            .getByRole('row')
            .filter({ has: page.getByRole('rowheader', { name, exact: true }) })
            .getByRole('cell')
            .allTextContents(),
        button: (name) => page.getByRole('button', { name, exact: true }),
        tallies: [],
        requests: [],
        errors: [],
      }
      page.on('pageerror', (error) => compare.errors.push(error.message))
      page.on('console', (said) => said.type() === 'error' && compare.errors.push(said.text()))
      page.on('request', (request) => compare.requests.push(new URL(request.url()).pathname))
      page.on('websocket', (socket) =>
        socket.on('framereceived', ({ payload }) => {
          const { tallies } = JSON.parse(String(payload))
          if (tallies) compare.tallies.push(tallies)
        }),
      )
      await page.addInitScript(watchCharts)
      await page.goto(`${demo.url}/compare`)
      return compare
    })
    await Promise.all(pages.map((page) => page.context().close()))
  },
})

const least = (cells: string[]) => Math.min(...cells.map(Number))

/** Each way has seen so many changes. */
const seen = ({ row }: Compare, count: number) =>
  expect.poll(async () => least(await row('Changes seen')), patient).toBeGreaterThanOrEqual(count)

const state = ({ page }: Compare, words: RegExp) =>
  expect.poll(() => page.locator('#state').textContent(), patient).toMatch(words)

/** As the page writes it: the figure, and its multiple of what WebSocket has. */
function written(tallies: Tallies, figure: keyof Tally, show: (value: number) => string): string[] {
  const floor = tallies.socket[figure]
  return [tallies.polling, tallies.long]
    .map((tally) => {
      const times = tally[figure] / floor
      return `${show(tally[figure])} (${times < 10 ? times.toFixed(1) : Math.round(times)}×)`
    })
    .concat(show(floor))
}

const bytes = (count: number) => (count < 1_000 ? `${count} B` : `${(count / 1_000).toFixed(1)} kB`)

describe('the comparison', () => {
  test('starts by itself, and shows what the server counted', async ({ open }) => {
    const compare = await open()
    const { page, row, button, tallies, requests, errors } = compare
    await seen(compare, 3)
    await button('Stop').click()
    await state(compare, /Stopped/)

    const shown = [await row('Requests'), await row('Bytes up'), await row('Bytes down')]
    const counted = tallies.map((each) => [
      written(each, 'requests', String),
      written(each, 'received', bytes),
      written(each, 'sent', bytes),
    ])
    expect(counted).toContainEqual(shown)
    // The server has not made it up: the browser has asked as often, the last one or two not yet answered.
    const asked = (path: string) => requests.filter((each) => each === path).length
    const [polling = 0, long = 0, socket] = shown[0]?.map((cell) => Number.parseInt(cell, 10)) ?? []
    expect(asked('/compare/poll') - polling).toBeOneOf([0, 1])
    expect(asked('/compare/long') - long).toBeOneOf([0, 1, 2])
    expect(socket).toBe(1)
    expect((await row('Bytes per change')).slice(0, 2)).toEqual(
      Array(2).fill(expect.stringMatching(/ k?B \(\d+(\.\d)?×\)$/)),
    )
    for (const way of ['Polling', 'Long polling', 'WebSocket'])
      expect(await page.getByRole('article').filter({ hasText: way }).first().textContent()).toMatch(
        /bytes per change[\d.]+ k?B.*old when it arrives[\d.]+ ms.*°C/,
      )
    expect(errors).toEqual([])
  })

  test('changes as often as the keyboard says', async ({ open }) => {
    const compare = await open()
    const { page, row, errors } = compare
    const rate = page.getByRole('slider')
    await rate.focus()
    await page.keyboard.press('End')
    expect(await rate.getAttribute('aria-valuetext')).toBe('20 times a second')
    // It runs already. The keyboard stops it and starts it again.
    for (const key of ['Tab', 'Tab', 'Enter', 'Enter']) await page.keyboard.press(key)
    // Once a second, the rate that it opens with, would take a minute.
    await expect.poll(async () => Number((await row('Changes seen'))[2]), patient).toBeGreaterThan(60)
    await rate.focus()
    await page.keyboard.press('Home')
    expect(await page.getByText('every 10 seconds').count()).toBe(1)
    // 5 s is the least that a wait takes now; what was under way at the old rate is over after the first look.
    await expect
      .poll(async () => {
        const before = (await row('Changes seen'))[2]
        await page.waitForTimeout(1_500)
        return (await row('Changes seen'))[2] === before
      }, patient)
      .toBe(true)
    expect(errors).toEqual([])
  })

  test('all three go on after a restart of the server, and count from zero', async ({ open, demo }) => {
    const compare = await open()
    const { page, errors } = compare
    await seen(compare, 2)
    demo.restart(1_500)
    await state(compare, /The server does not answer/)
    await state(compare, /Running/)
    await expect.poll(async () => least(await compare.row('Changes seen')), patient).toBeLessThan(2)
    await seen(compare, 2)
    for (const line of await times(page)) {
      expect(line.length).toBeGreaterThan(1)
      expect(line).toEqual([...line].sort((a, b) => a - b))
    }
    // A dial or a request that fails is told to the console by the browser itself.
    expect(errors.filter((error) => !/WebSocket connection|Failed to load resource/.test(error))).toEqual([])
  })

  test('shows zero again when asked to, running or not', async ({ open }) => {
    const compare = await open()
    const { page, row, button, errors } = compare
    await seen(compare, 2)
    await button('Reset figures').click()
    await expect.poll(async () => least(await row('Changes seen')), patient).toBeLessThan(2)
    await seen(compare, 2)
    await button('Stop').click()
    await button('Reset figures').click()
    expect(await row('Requests')).toEqual(['0', '0', '0'])
    expect(await times(page)).toEqual([[], []])
    expect(errors).toEqual([])
  })

  const phones = (['light', 'dark'] as const).flatMap((theme) => [
    { theme, width: 390 },
    { theme, width: 320 },
  ])
  test.for(phones)('fits a phone of $width px, $theme', async (phone, { open }) => {
    const compare = await open(phone)
    const { page, errors } = compare
    const over = (selector: string) =>
      page.locator(selector).evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)
    expect(await over('html')).toBe(0)
    await seen(compare, 2)
    expect(await over('html')).toBe(0)
    // The table too, without a swipe.
    expect(await over('#figures-frame')).toBe(0)
    expect(errors).toEqual([])
  })
})
