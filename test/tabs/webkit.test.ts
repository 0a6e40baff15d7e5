import { describe, expect } from 'vitest'
import { test as base } from '../support/fixtures.ts'
import type { Server } from '../support/server.ts'
import { launchWebkit, type WebkitPage } from '../support/webkit.ts'
import { type Setup, said, serveSite, workerOf } from './site.ts'

/** Tabs in WebKitGTK, which playwright does not drive. */
const test = base.extend<{ site: string; webkit: WebkitPage }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  site: async ({}, use) => {
    const { url, close } = await serveSite()
    await use(url)
    close()
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  webkit: async ({}, use) => {
    const page = await launchWebkit()
    await use(page)
    await page.close()
  },
})

const patient = { timeout: 50_000 }
const status = (page: WebkitPage) => page.run('return client.tab.status')
const names = (page: WebkitPage) =>
  page.run('return client.heard.map(({ name }) => name).filter((name) => /^(open|waiting)$/.test(name))')
const texts = (page: WebkitPage) =>
  page.run<string[]>(`return client.heard.filter(({ name }) => name === 'text').map(({ value }) => value)`)

async function connect(page: WebkitPage, site: string, server: Server, setup: Setup = {}) {
  server.answer('ping', 'pong')
  await page.goto(site)
  await page.run('client.connect(arguments[0], arguments[1])', workerOf(server, setup), server.url)
  await expect.poll(() => status(page), patient).toBe('open')
}

describe('tabs in WebKitGTK', () => {
  test('share one connection, which outlives the tab that created the worker', async ({
    listen,
    site,
    webkit,
  }) => {
    const server = await listen()
    const setup = { snapshot: true }
    await connect(webkit, site, server, setup)
    const creator = await webkit.openTab()
    await connect(webkit, site, server, setup)
    const [peer] = server.live
    peer?.send('one')
    await expect.poll(() => texts(webkit), patient).toEqual(['one'])
    expect([server.live.length, server.dials]).toEqual([1, 1])

    const second = await webkit.openTab()
    await connect(webkit, site, server, setup)
    expect(await webkit.run('return client.snapshots')).toEqual([{ texts: ['one'] }])
    await webkit.closeTab(creator)
    expect(await texts(webkit)).toEqual(['one'])
    await webkit.closeTab(second)
    // WebKit may keep the worker, or start a new one: either way the tab is connected, by one connection.
    await expect
      .poll(
        async () => {
          for (const { socket } of server.live) socket.send('two')
          return (await texts(webkit)).includes('two')
        },
        { timeout: 20_000, interval: 250 },
      )
      .toBe(true)
    await expect.poll(() => server.live.length, patient).toBe(1)
    await webkit.run(`client.send('still here')`)
    expect(await said(server.live[0])).toBe('still here')
  })

  test('are connected again when the worker ends', async ({ listen, site, webkit }) => {
    const server = await listen()
    await connect(webkit, site, server)
    server.live[0]?.send('die')
    await expect.poll(() => names(webkit), patient).toEqual(['open', 'waiting', 'open'])
    await expect.poll(() => server.live.length, patient).toBe(1)
    expect(server.dials).toBe(2)
    await webkit.run(`client.send('back')`)
    expect(await said(server.live[0])).toBe('back')
  })
})
