import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { expect } from 'vitest'
import { test as base } from '../support/chromium.ts'

/* The built script on a page that knows nothing of it but one script tag and one element, under a strict policy. */

const dist = join(import.meta.dirname, '../../dist')

const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Orders</title>
    <script src="/holdfast.umd.min.js"></script>
    <script src="/inspect.umd.min.js"></script>
  </head>
  <body>
    <h1>Orders</h1>
    <holdfast-inspector></holdfast-inspector>
    <script src="/orders.js"></script>
  </body>
</html>`

const script = (url: string) => `
const socket = new Holdfast.Socket(${JSON.stringify(url)}, {
  heartbeat: { ping: 'ping', pong: 'pong', interval: 200, timeout: 20000 },
  reconnect: { base: 50, max: 300 },
})
socket.on('open', () => socket.sendJson({ subscribe: 'orders' }))
document.querySelector('holdfast-inspector').socket = socket
`

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'none'",
  'connect-src ws:',
  "require-trusted-types-for 'script'",
].join('; ')

interface Fixtures {
  /** Serves the page, whose socket is at that URL. Returns the address of the page. */
  serve: (socketUrl: string) => Promise<string>
}

const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  serve: async ({}, use) => {
    const stops: (() => void)[] = []
    await use(async (socketUrl) => {
      const server = createServer(async (request, response) => {
        response.setHeader('content-security-policy', policy)
        if (request.url === '/') return response.setHeader('content-type', 'text/html').end(html)
        if (!request.url?.endsWith('.js')) return response.writeHead(404).end()
        response.setHeader('content-type', 'text/javascript')
        response.end(
          request.url === '/orders.js' ? script(socketUrl) : await readFile(join(dist, request.url)),
        )
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      stops.push(
        () => server.closeAllConnections(),
        () => server.close(),
      )
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    })
    for (const stop of stops) stop()
  },
})

const patience = { timeout: 30_000 }

/** The first words of the rows of the timeline, newest first, and their causes. */
const rows = (page: Page) =>
  page.locator('.periods > li').evaluateAll((items) =>
    items.map((item) => {
      const [title = ''] = item.querySelector('.row-title')?.textContent?.split(' ') ?? []
      const cause = item.querySelector('.cause')?.textContent?.replace(/ \d+ attempts?\.$/, '') ?? ''
      return cause ? `${title}: ${cause}` : title
    }),
  )

/** Where a person who wants to look at the page gets pictures of it: wide and as on a phone, light and dark. */
const picture = async (page: Page, name: string) => {
  const folder = process.env.SCREENSHOTS
  if (!folder) return
  for (const [size, width, height] of [
    ['wide', 1280, 800],
    ['phone', 390, 844],
  ] as const)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: true })
    }
}

test('a page with one script tag shows a cut, an offline and a restart of the server', {
  timeout: 180_000,
}, async ({ listen, visit, serve }) => {
  const server = await listen()
  server.answer('ping', 'pong')
  const page = await visit(await serve(server.url))
  const complaints: string[] = []
  page.on('console', (message) => {
    if (/Content.Security.Policy|TrustedHTML/i.test(message.text())) complaints.push(message.text())
  })
  const title = page.locator('.title')
  const expectTitle = (text: string) => expect.poll(() => title.textContent(), patience).toBe(text)
  const connected = (count: number) =>
    expect
      .poll(async () => (await rows(page)).filter((row) => row.startsWith('Connected')).length, patience)
      // The first connection has two rows: how long it took, and how long it lasted.
      .toBe(count + 1)

  await expectTitle('Connected')
  const peer = await server.connection()
  peer.send('{"order":1}')
  await expect.poll(() => page.locator('.frames-list').textContent(), patience).toContain('{"order":1}')
  await expect.poll(() => page.locator('.figures').textContent(), patience).toMatch(/median \d+ ms/)
  await picture(page, 'page-open')

  peer.vanish()
  await connected(2)
  await expectTitle('Connected')

  await page.context().setOffline(true)
  ;(await server.connection()).vanish()
  await expectTitle('Offline')
  await picture(page, 'page-offline')
  await page.context().setOffline(false)
  await connected(3)
  await expectTitle('Connected')

  await server.restart({ code: 1012, whileDown: () => expectTitle('Reconnecting') })
  await connected(4)
  await expectTitle('Connected')
  for (const row of await page.locator('button.row-head').all()) await row.click()
  await picture(page, 'page-after')

  expect(await rows(page)).toEqual([
    'Connected',
    'Back: The server is restarting.',
    'Connected',
    'Back: The device was offline.',
    'Connected',
    'Back: The connection broke without a close frame (1006).',
    'Connected',
    'Connected',
  ])
  // Above the policy's own: the styles have been applied.
  const border = await page.locator('.panel').evaluate((panel) => getComputedStyle(panel).borderTopStyle)
  expect(border).toBe('solid')
  expect(complaints).toEqual([])
})
