import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Browser, Page } from 'playwright'
import { describe, expect } from 'vitest'
import type { DemoServer } from '../../demo/server/server.ts'
import { cutOff, goOffline, rows, violations } from '../support/page-checks.ts'
import { PER_PAGE, picture, status, test, write } from './demo.ts'

const patient = { timeout: 50_000 }

const pages = ['/', '/scenarios', '/compare', '/tabs', '/nowhere']
const themes = ['light', 'dark'] as const

async function open(browser: Browser, demo: DemoServer, path: string, options: object = {}): Promise<Page> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  await page.addInitScript(() => localStorage.setItem('holdfast name', 'Ann'))
  await page.goto(demo.url + path)
  await pill(page, 'open')
  return page
}

const pill = (page: Page, tone: string) =>
  expect.poll(() => page.locator('.pill').getAttribute('data-status'), patient).toBe(tone)

/** Something of everything that a page can show. */
async function fill(page: Page, path: string): Promise<void> {
  if (path !== '/') return
  await write(
    page,
    `A message that is long enough for more than one line on a phone, ${'and more, '.repeat(4)}done.`,
  )
  await page.getByLabel('Message from Robin').fill('Hello')
  await page.getByLabel('Message from Robin').press('Enter')
  await page.locator('#picture').setInputFiles({ name: 'red.png', mimeType: 'image/png', buffer: picture })
  await expect.poll(() => page.locator('#log .picture').count(), patient).toBe(1)
  await expect.poll(() => page.locator('#second-log .picture').count(), patient).toBe(1)
}

/** The same on every page, with the page itself marked. */
async function expectHeader(page: Page, path: string): Promise<void> {
  const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('link')
  expect(await links.allTextContents()).toEqual(['Chat', 'Scenarios', 'Compare', 'Tabs', 'Docs'])
  const current = await page
    .locator('nav [aria-current]')
    .evaluateAll((marked) => marked.map((link) => link.getAttribute('href')))
  expect(current).toEqual(path === '/nowhere' ? [] : [path])
}

describe('every page', () => {
  test.for(themes)(
    'has one header and nothing that axe objects to, %s',
    async (colorScheme, { browser, demo }) => {
      for (const path of pages) {
        const page = await open(browser, demo, path, { colorScheme, reducedMotion: 'reduce' })
        await fill(page, path)
        expect(await violations(page), path).toEqual([])
        await expectHeader(page, path)
        if (path === '/') {
          await page.getByRole('button', { name: 'Cut the connection' }).click()
          await expect.poll(() => page.locator('#log .note.healed').count(), patient).toBe(1)
          await page.getByRole('button', { name: 'Disconnect' }).click()
          await status(page, 'closed')
          expect(await violations(page), `${path}, closed`).toEqual([])
        } else {
          demo.restart(2_000)
          await pill(page, 'waiting')
          expect(await violations(page), `${path}, reconnecting`).toEqual([])
        }
        await page.context().close()
      }
    },
  )

  // 720 CSS px is what a window of 1,440 px has at a zoom of 200 %.
  const widths = [320, 390, 720, 768, 1024, 1440]
  test.for(pages)('has nothing cut off at any width: %s', async (path, { browser, demo }) => {
    const page = await open(browser, demo, path, { reducedMotion: 'reduce' })
    await fill(page, path)
    const expectWhole = async (state: string) => {
      for (const width of widths) {
        await page.setViewportSize({ width, height: width === 720 ? 450 : 844 })
        // Charts follow a frame later.
        await expect.poll(() => cutOff(page), { message: `${state} at ${width} px` }).toEqual([])
        expect(await rows(page.locator('.top nav a')), `links at ${width} px`).toBe(1)
        if (width >= 768) expect(await rows(page.locator('.top > *')), `header at ${width} px`).toBe(1)
      }
    }
    await expectWhole('open')
    demo.restart(60_000)
    await pill(page, 'waiting')
    await expectWhole('reconnecting')
    if (path === '/') {
      await page.getByRole('button', { name: 'Disconnect' }).click()
      await pill(page, 'closed')
      await expectWhole('closed')
    }
    if (path === '/scenarios') {
      // Stopped cards have buttons of their own.
      const stops = page.getByRole('button', { name: 'Stop' })
      await stops.evaluateAll((all: HTMLElement[]) => {
        for (const stop of all) stop.click()
      })
      await expectWhole('stopped')
    }
    await page.context().close()
  })
})

describe('the other pages', () => {
  test.for(pages.filter((path) => path !== '/'))(
    'say that the page is offline, and connect again with the network: %s',
    async (path, { browser, demo }) => {
      const page = await open(browser, demo, path)
      const words = () => page.locator('#status').textContent()
      await goOffline(page)
      demo.restart(500)
      await expect.poll(words, patient).toBe('Offline')
      await page.context().setOffline(false)
      await expect.poll(words, patient).toMatch(/connected/i)
      await pill(page, 'open')
      await page.context().close()
    },
  )

  test('say that they are connecting, from the start', async ({ browser, demo }) => {
    // It accepts the TCP connection and never answers the handshake.
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const context = await browser.newContext({ bypassCSP: true })
    await context.addInitScript((url) => {
      const Native = globalThis.WebSocket
      globalThis.WebSocket = class extends Native {
        constructor() {
          super(url)
        }
      }
      // In a worker the constructor is still the native one.
      localStorage.setItem('holdfast sharing', 'off')
    }, `ws://127.0.0.1:${port}`)
    for (const path of ['/compare', '/tabs', '/nowhere']) {
      const page = await context.newPage()
      await page.goto(demo.url + path)
      await pill(page, 'connecting')
      expect(await page.locator('#status').textContent(), path).toBe('Connecting')
    }
    await context.close()
    silent.close()
  })

  test('the page that is missing leads to those that exist', async ({ browser, demo }) => {
    const page = await open(browser, demo, '/docs/nowhere.html')
    expect(await page.locator('#asked').textContent()).toBe('/docs/nowhere.html')
    const links = await page
      .getByRole('main')
      .getByRole('link')
      .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href))
    expect(links.map((link) => new URL(link).pathname)).toEqual([
      '/',
      '/scenarios',
      '/compare',
      '/tabs',
      '/docs/',
    ])
    for (const link of links) expect((await page.request.get(link)).status(), link).toBe(200)
    await page.context().close()
  })

  test('each scenario starts by itself and shows its code', async ({ browser, demo }) => {
    const page = await open(browser, demo, '/scenarios')
    const cards = page.getByRole('article')
    expect(await cards.count()).toBe(8)
    for (const card of await cards.all()) {
      expect(await card.locator('pre code').textContent()).toMatch(/socket/)
      await expect.poll(() => card.getByRole('log').textContent(), patient).toMatch(/Open/)
    }
    await page.context().close()
  })
})

describe('the chat', () => {
  test('can be used with the keyboard alone', async ({ browser, demo }) => {
    const page = await open(browser, demo, '/')
    const focused = () =>
      page.evaluate(() => document.activeElement?.textContent?.trim().split('\n')[0] ?? '')
    const tabTo = async (name: string) => {
      for (let presses = 0; presses < 60; presses++) {
        if ((await focused()).startsWith(name)) return
        await page.keyboard.press('Tab')
      }
      throw new Error(`The focus never came to ${name}`)
    }
    // The skip link comes first and leads to the message.
    await page.evaluate(() => {
      document.body.tabIndex = -1
      document.body.focus()
    })
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('Skip to your message')
    await page.keyboard.press('Enter')
    await page.keyboard.type('by keyboard')
    await page.keyboard.press('Enter')
    await expect
      .poll(() => page.locator('#second-log .text').allTextContents(), patient)
      .toEqual(['by keyboard'])

    for (const fault of ['Cut the connection', 'Freeze the server', 'Restart the server']) {
      await tabTo(fault)
      const before = await page.locator('#log .note.healed').count()
      await status(page, 'open')
      await page.keyboard.press('Enter')
      await expect.poll(() => page.locator('#log .note.healed').count(), patient).toBe(before + 1)
      // The focus stays where the visitor put it.
      expect(await focused()).toBe(fault)
    }
    await tabTo('Disconnect')
    await page.keyboard.press('Enter')
    await status(page, 'closed')
    expect(await focused()).toBe('Disconnect')
    await tabTo('Connect again')
    await page.keyboard.press('Enter')
    await status(page, 'open')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('text')
  })

  test('lets one visitor alone see a message cross, both ways, over a broken connection', async ({
    enter,
  }) => {
    const page = await enter('Ann')
    await page.getByRole('button', { name: 'Freeze the server' }).click()
    await write(page, 'from Ann')
    await page.getByLabel('Message from Robin').fill('from Robin')
    await page.getByLabel('Message from Robin').press('Enter')
    await expect
      .poll(() => page.locator('#log .message:not(.own) .text').allTextContents(), patient)
      .toEqual(['from Robin'])
    await expect
      .poll(() => page.locator('#second-log .message:not(.own) .text').allTextContents(), patient)
      .toEqual(['from Ann'])
    // The note and the counter have the same number.
    await expect
      .poll(() => page.locator('#log .note.healed').allTextContents(), patient)
      .toEqual([expect.stringContaining('1 message sent again')])
    expect(await page.locator('#loss-count').textContent()).toBe('1')
  })

  test('reconnecting can be stopped', async ({ demo, enter }) => {
    const page = await enter('Ann')
    demo.restart(60_000)
    await status(page, 'waiting')
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await status(page, 'closed')
    expect(await page.locator('#banner-text').textContent()).toBe('You disconnected.')
  })

  test('says that the visitor is offline, with the number of messages that wait', async ({ demo, enter }) => {
    const page = await enter('Ann')
    const urls: string[] = []
    page.on('websocket', (socket) => urls.push(socket.url()))
    await goOffline(page)
    demo.restart(500)
    await expect.poll(() => page.locator('#status').textContent(), patient).toBe('Offline')
    await write(page, 'one')
    await write(page, 'two')
    await expect
      .poll(() => page.locator('#banner-text').textContent())
      .toMatch(/^You are offline, 2 messages waiting\./)
    expect(await page.locator('#fault-note').textContent()).not.toContain('again')
    // Longer than the longest wait between two attempts: nothing is dialled without a network.
    await page.waitForTimeout(3_500)
    expect(urls).toEqual([])
    await page.context().setOffline(false)
    await status(page, 'open')
    await expect.poll(() => page.locator('#unsent').textContent(), patient).toBe('0')
    expect(await page.locator('#banner').isHidden()).toBe(true)
  })

  test('forgets that it healed when the next outage begins', async ({ demo, enter }) => {
    const page = await enter('Ann')
    const note = page.locator('#fault-note')
    await page.getByRole('button', { name: 'Cut the connection' }).click()
    await expect.poll(() => note.textContent(), patient).toMatch(/^Connected again/)
    demo.restart(60_000)
    await status(page, 'waiting')
    expect(await note.textContent()).not.toMatch(/Connected again/)
  })

  test('begins at the end of a history that has pictures', async ({ demo, enter }) => {
    const ann = await enter('Ann')
    for (let index = 0; index < 12; index++) await write(ann, `message ${index}`)
    // As high as the list: its height is known only when it is decoded.
    const buffer = Buffer.from(
      await ann.evaluate(async () => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 300, height: 900 })
        canvas.getContext('2d')?.fillRect(0, 0, 300, 900)
        const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve))
        return [...new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0))]
      }),
    )
    await ann.locator('#picture').setInputFiles({ name: 'high.png', mimeType: 'image/png', buffer })
    for (const text of ['after', 'the picture']) await write(ann, text)
    await expect.poll(() => ann.locator('#unsent').textContent(), patient).toBe('0')
    const bob = await enter('Bob')
    expect(demo.clients()).toHaveLength(2 * PER_PAGE)
    const shown = bob.locator('#log .picture')
    await expect
      .poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalHeight), patient)
      .toBe(900)
    await expect
      .poll(() => bob.locator('#log').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight))
      .toBeLessThan(2)
    // Nor does a line that appears below it push the last message out of sight.
    demo.restart(60_000)
    await status(bob, 'waiting')
    await expect
      .poll(() => bob.locator('#log').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight))
      .toBeLessThan(2)
  })

  test('shows its first hint until something is written', async ({ enter }) => {
    const page = await enter('Ann')
    const hint = page.locator('#first-hint')
    await expect.poll(() => page.locator('#log .note').count()).toBe(1)
    expect(await hint.isVisible()).toBe(true)
    await write(page, 'hello')
    await expect.poll(() => hint.isVisible()).toBe(false)
  })

  test('shows comings and goings in one line', async ({ enter }) => {
    const ann = await enter('Ann')
    await enter('Bob')
    await expect
      .poll(() => ann.locator('#log .note').allTextContents(), patient)
      .toEqual([expect.stringMatching(/Ann joined.*Bob joined/)])
  })

  test('a duplicated tab is somebody else, and ends nothing', async ({ enter }) => {
    const page = await enter('Ann')
    const [copy] = await Promise.all([
      page.waitForEvent('popup'),
      // A window that is opened by script gets a copy of the session storage, as a duplicated tab does.
      page.evaluate(() => void window.open(location.href)),
    ])
    await status(copy, 'open')
    await expect.poll(() => page.locator('#people li').count(), patient).toBe(2 * PER_PAGE)
    await status(page, 'open')
    expect(await page.locator('#log .note.trouble').count()).toBe(0)
    await page.reload()
    await status(page, 'open')
    await expect.poll(() => copy.locator('#people li').filter({ hasText: 'Ann' }).count(), patient).toBe(2)
  })

  test('tells screen readers when an outage begins and ends, not of every attempt', async ({
    demo,
    enter,
  }) => {
    const page = await enter('Ann')
    const said = await page.evaluateHandle(() => {
      const all: string[] = []
      const element = document.getElementById('announcement') as HTMLElement
      new MutationObserver(() => all.push(element.textContent ?? '')).observe(element, { childList: true })
      return all
    })
    demo.restart(4_000)
    await status(page, 'waiting')
    await expect.poll(() => page.locator('#log .note.healed').count(), patient).toBe(1)
    expect(await said.jsonValue()).toEqual([expect.stringMatching(/^Connection lost\./), 'Connected again.'])
  })
})

test('three tabs share one connection; without sharing they have three', async ({ browser, demo }) => {
  const context = await browser.newContext()
  const tabs: Page[] = []
  for (let index = 0; index < 3; index++) {
    const page = await context.newPage()
    await page.goto(`${demo.url}/tabs`)
    await expect.poll(() => page.locator('.pill').getAttribute('data-status'), patient).toBe('open')
    tabs.push(page)
  }
  const shown = (page: Page) => page.locator('.counts dl').textContent()
  const connections = () => demo.clients().filter(({ path }) => path === '/shared').length
  for (const page of tabs)
    await expect
      .poll(() => shown(page), patient)
      .toMatch(/tabs of this page\s*3\s*connection at the server\s*1/)
  expect(connections()).toBe(1)
  await tabs[0]?.getByLabel('Message', { exact: true }).fill('to all')
  await tabs[0]?.getByRole('button', { name: 'Send' }).click()
  for (const page of tabs)
    await expect.poll(() => page.locator('#messages').textContent(), patient).toContain('to all')
  await tabs[1]?.getByRole('switch').click()
  await expect.poll(connections, patient).toBe(3)
  for (const page of tabs)
    await expect
      .poll(() => shown(page), patient)
      .toMatch(/tabs of this page\s*3\s*connections at the server\s*3/)
  await context.close()
})
