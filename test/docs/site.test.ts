import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import type { Locator, Page } from 'playwright'
import { describe, expect } from 'vitest'
import { type DemoServer, startServer } from '../../demo/server/server.ts'
import { existing } from '../../docs/.vitepress/pages.ts'
import { test as base } from '../support/chromium.ts'
import { cutOff, goOffline, rows, violations } from '../support/page-checks.ts'

const patient = { timeout: 50_000 }

/** Builds the site as `npm run docs` does, once for this file. */
function build(): void {
  const commands = [
    ['node_modules/typedoc/bin/typedoc', '--logLevel', 'Warn'],
    ['node_modules/vitepress/bin/vitepress.js', 'build', 'docs'],
  ]
  for (const command of commands) {
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command.join(' ')}\n${stdout}${stderr}`)
  }
}

const test = base.extend<{ demo: DemoServer; visitDocs: (path: string) => Promise<Page> }>({
  demo: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
    async ({}, use) => {
      build()
      const demo = await startServer({ log: () => {} })
      await use(demo)
      await demo.close()
    },
    { scope: 'file' },
  ],
  visitDocs: async ({ demo, visit }, use) => {
    await use(async (path) => {
      const page = await visit(`${demo.url}/docs/${path}`)
      await expect.poll(() => page.locator('.pill').getAttribute('data-status'), patient).toBe('open')
      return page
    })
  },
})

/** Every page of the sidebar as the browser asks for it, and the home page. */
const paths = () => [
  '',
  ...existing().flatMap(({ items }) =>
    items.map(({ link }) => (link.endsWith('/') ? link.slice(1) : `${link.slice(1)}.html`)),
  ),
]

describe('every page', () => {
  test.for(paths())(
    'has nothing that axe objects to, in either theme: /docs/%s',
    async (path, { visitDocs }) => {
      const page = await visitDocs(path)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        expect(await violations(page), colorScheme).toEqual([])
      }
    },
  )

  // 720 CSS px is what a window of 1,440 px has at a zoom of 200 %.
  test.for(paths())('has nothing cut off at any width: /docs/%s', async (path, { visitDocs }) => {
    const page = await visitDocs(path)
    for (const width of [320, 390, 720, 768, 1024, 1440]) {
      await page.setViewportSize({ width, height: 844 })
      await expect.poll(() => cutOff(page), { message: `at ${width} px` }).toEqual([])
      if (width >= 768) expect(await rows(page.locator('.in-bar a')), `links at ${width} px`).toBe(1)
    }
  })
})

describe('the site', () => {
  test('asks no other server for anything', { timeout: 400_000 }, async ({ visitDocs, demo }) => {
    const page = await visitDocs('')
    const hosts = new Set<string>()
    page.on('request', (request) => hosts.add(new URL(request.url()).host))
    for (const path of paths()) {
      await page.goto(`${demo.url}/docs/${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
    }
    expect([...hosts]).toEqual([new URL(demo.url).host])
  })

  test('has the links of the demo and the status in its header, on a phone in the menu', async ({
    visitDocs,
    demo,
  }) => {
    const page = await visitDocs('events.html')
    const links = () =>
      page
        .getByRole('navigation', { name: 'Pages' })
        .getByRole('link')
        .evaluateAll((all) => all.map((link) => link.getAttribute('href')))
    expect(await links()).toEqual(['/', '/scenarios', '/compare', '/tabs', '/docs/'])
    await goOffline(page)
    demo.restart(500)
    await expect.poll(() => page.locator('.pill').textContent(), patient).toBe('Offline')
    await page.context().setOffline(false)
    await expect.poll(() => page.locator('.pill').textContent(), patient).toBe('Connected')

    await page.setViewportSize({ width: 390, height: 844 })
    expect(await links()).toEqual([])
    await page.getByRole('button', { name: 'mobile navigation' }).click()
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Compare' }).click()
    await page.waitForURL(`${demo.url}/compare`)
  })

  test('finds a page by a word in it', async ({ visitDocs }) => {
    const page = await visitDocs('')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByRole('searchbox').fill('suspendHidden')
    await expect
      .poll(() => page.locator('.VPLocalSearchBox .result').first().textContent(), patient)
      .toContain('Options')
  })

  test('shows the hashes that the build has written', async ({ visitDocs }) => {
    const page = await visitDocs('release.html')
    const written: Record<string, string> = JSON.parse(readFileSync('dist/integrity.json', 'utf8'))
    const text = await page.getByRole('main').textContent()
    for (const [file, hash] of Object.entries(written)) {
      expect(text).toContain(file)
      expect(text).toContain(hash)
    }
  })

  test('lists every page in llms.txt', async ({ demo }) => {
    const list = await (await fetch(`${demo.url}/docs/llms.txt`)).text()
    const links = [...list.matchAll(/\]\((\/docs\/[^)]*)\)/g)].map(([, link = '']) => link)
    expect(links).toHaveLength(paths().length - 1)
    for (const link of links) expect((await fetch(demo.url + link)).status, link).toBe(200)
    expect(existsSync('docs/.vitepress/dist/llms-full.txt')).toBe(true)
  })
})

interface Live {
  press: (name: string) => Promise<void>
  /** Waits until the log matches. */
  says: (words: RegExp) => Promise<void>
  /** Waits for a status. */
  is: (status: string) => Promise<void>
  log: Locator
}

function live(page: Page, name: string): Live {
  const example = page.locator(`[data-example="${name}"]`)
  const log = example.getByRole('list')
  return {
    log,
    press: (text) => example.getByRole('button', { name: text, exact: true }).click(),
    says: (words) => expect.poll(() => log.textContent(), patient).toMatch(words),
    is: (status) => expect.poll(() => example.locator('strong').textContent(), patient).toBe(status),
  }
}

describe('the live example', { timeout: 400_000 }, () => {
  test('of events shows each of them', async ({ visitDocs }) => {
    const { press, says, is } = live(await visitDocs('events.html'), 'events')
    await press('open()')
    await is('open')
    await press("send('hello')")
    await says(/connecting.*open.*send "sent".*text "this is server"/)
    await press('close()')
    await says(/closed/)
  })

  test('of the heartbeat notices a silent server, and connects again', async ({ visitDocs }) => {
    const { press, says, is } = live(await visitDocs('options.html'), 'heartbeat')
    await press('open()')
    await says(/pulse/)
    await press('make the server silent')
    await says(/waiting \{"cause":"silent".*open \{"reconnected":true\}/)
    await is('open')
  })

  test('of the queue keeps what has room, reports the rest, and sends in order', async ({ visitDocs }) => {
    const { press, says } = live(await visitDocs('backpressure.html'), 'queue')
    for (let sent = 0; sent < 4; sent++) await press('send(next)')
    await says(/(send .*"queued".*){3}drop .*"overflow".*send .*"dropped"/)
    await press('open()')
    await says(/open\s*(text "message \d"\s*){3}$/)
    await says(/text "message 1"\s*text "message 2"\s*text "message 3"/)
  })

  test('of requests shows an answer, a timeout, a rejection and one that is sent again', async ({
    visitDocs,
  }) => {
    const { press, says, is } = live(await visitDocs('request.html'), 'requests')
    await press('open()')
    await is('open')
    await press("request('time')")
    await says(/result \{.*"result":"20/)
    await press('a slow one, timeout: 1_000')
    await says(/rejected "TimeoutError/)
    await press('cut it while it waits')
    await says(/TimeoutError.*rejected/)
    await is('open')
    await press('the same with resend: true')
    await says(/slow, but here/)
  })

  test('of topics misses no number over a cut connection and a pause', async ({ visitDocs }) => {
    const { press, says, is, log } = live(await visitDocs('session.html'), 'topic')
    const numbers = async () =>
      [...((await log.textContent()) ?? '').matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n))
    await press('open()')
    await says(/json/)
    await press('cut the connection')
    await says(/resumed/)
    const last = (await numbers()).at(-1) ?? 0
    await press('suspend()')
    await is('suspended')
    await press('open()')
    await expect.poll(async () => (await numbers()).at(-1), patient).toBeGreaterThan(last + 1)
    const all = await numbers()
    expect(all).toEqual(all.map((_, index) => (all[0] ?? 0) + index))
  })
})
