import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { CDPSession, Page } from 'playwright'
import { describe, expect } from 'vitest'
import type { Socket } from '../../src/index.ts'
import { test as base } from '../support/chromium.ts'
import type { Server } from '../support/server.ts'
import { launchTabs } from '../support/tabs.ts'

declare const Holdfast: { Socket: typeof Socket }
declare let heard: { name: string; cause?: string; at: number }[]

const bundle = join(import.meta.dirname, '../../dist/holdfast.umd.min.js')

/** How soon after waking it must be connected again, in ms. */
const SOON = 2_000

interface Dialled {
  page: Page
  cdp: CDPSession
  server: Server
  /** What was heard so far, by name and cause. */
  names: () => Promise<string[]>
}

const test = base.extend<{ site: string; dial: () => Promise<Dialled> }>({
  // The bfcache takes only what came with 200.
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  site: async ({}, use) => {
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>Here</title>')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    server.close()
    server.closeAllConnections()
  },
  dial: async ({ listen, visit, site }, use) => {
    await use(async () => {
      const server = await listen()
      // It answers every ping, as the server of a heartbeat does.
      server.answer('ping', 'pong')
      const page = await visit(site)
      await page.addScriptTag({ path: bundle })
      await page.evaluate((url) => {
        const heartbeat = { ping: 'ping', pong: 'pong', interval: 1_000, timeout: 1_000 }
        const socket = new Holdfast.Socket(url, { heartbeat })
        Object.assign(globalThis, { heard: [] })
        for (const name of ['open', 'waiting', 'closed'] as const)
          socket.on(name, (value) => {
            const { cause } = (value as { close?: { cause: string } }).close ?? {}
            heard.push({ name, at: Date.now(), ...(cause && { cause }) })
          })
      }, server.url)
      const names = () =>
        page.evaluate(() => heard.map(({ name, cause }) => (cause ? `${name} ${cause}` : name)))
      await expect.poll(names).toEqual(['open'])
      const cdp = await page.context().newCDPSession(page)
      return { page, cdp, server, names }
    })
  },
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('a page', { timeout: 40_000 }, () => {
  test('that comes back from the bfcache is connected again', async ({ dial, site }) => {
    const { page, server, names } = await dial()
    await page.evaluate(() => {
      addEventListener('pageshow', ({ persisted }) =>
        Object.assign(globalThis, { persisted, shown: Date.now() }),
      )
    })
    await page.goto(`${site}elsewhere`)
    await pause(1_500)
    await page.goBack({ waitUntil: 'commit' })
    await expect.poll(() => page.evaluate('globalThis.persisted')).toBe(true)
    await expect.poll(async () => (await names()).at(-1), { timeout: SOON }).toBe('open')
    expect(await names()).not.toContain('waiting silent')
    const took = await page.evaluate('heard.at(-1).at - shown')
    expect(took).toBeLessThan(SOON)
    await expect.poll(() => server.live.length).toBe(1)
  })

  test('that was frozen goes on with its connection', async ({ dial }) => {
    const { cdp, server, names } = await dial()
    await cdp.send('Page.setWebLifecycleState', { state: 'frozen' })
    // Twice interval and timeout: nobody could answer a ping, for none was sent.
    await pause(5_000)
    await cdp.send('Page.setWebLifecycleState', { state: 'active' })
    await pause(SOON)
    expect(await names()).toEqual(['open'])
    expect(server.live).toHaveLength(1)
  })

  test('whose server went away while it was frozen is connected again', async ({ dial }) => {
    const { page, cdp, server, names } = await dial()
    await cdp.send('Page.setWebLifecycleState', { state: 'frozen' })
    await server.restart({ whileDown: () => pause(500) })
    await pause(2_000)
    await cdp.send('Page.setWebLifecycleState', { state: 'active' })
    const woken = Date.now()
    await expect.poll(async () => (await names()).at(-1), { timeout: SOON }).toBe('open')
    expect(new Set(await names())).toEqual(new Set(['open', 'waiting peer']))
    expect((await page.evaluate(() => heard.at(-1)?.at ?? 0)) - woken).toBeLessThan(SOON)
    expect(server.live).toHaveLength(1)
  })

  test('that is hidden keeps its connection on throttled timers', async ({
    listen,
    site,
    onTestFinished,
  }) => {
    const server = await listen()
    server.answer('ping', 'pong')
    const { open, close } = await launchTabs()
    onTestFinished(close)
    const tab = await open(site)
    // A new tab is a complete about:blank first.
    await expect.poll(() => tab.run('location.href + document.readyState')).toBe(`${site}complete`)
    await tab.run(await readFile(bundle, 'utf8'))
    await tab.run(`
      heard = []
      heartbeat = { ping: 'ping', pong: 'pong', interval: 500, timeout: 300 }
      socket = new Holdfast.Socket('${server.url}', { heartbeat })
      for (const name of ['open', 'waiting', 'closed']) socket.on(name, () => heard.push(name))
      socket.on('pulse', () => heard.push('pulse'))
      undefined`)
    await expect.poll(() => tab.run('heard')).toContain('pulse')
    await (await open('about:blank')).show()
    expect(await tab.run('document.visibilityState')).toBe('hidden')
    // Throttled: one timer a second, of those that ask for one every 50 ms.
    const count = `new Promise((resolve) => {
      let ticks = 0
      const end = Date.now() + 4000
      const tick = () => (ticks++, Date.now() < end ? setTimeout(tick, 50) : resolve(ticks))
      tick()
    })`
    expect(await tab.run<number>(count)).toBeLessThan(20)
    await pause(6_000)
    await tab.show()
    await pause(500)
    expect(new Set(await tab.run<string[]>('heard'))).toEqual(new Set(['open', 'pulse']))
    expect((await tab.run<string[]>('heard')).filter((name) => name === 'open')).toHaveLength(1)
    expect(server.live).toHaveLength(1)
  })

  test('that is offline and online again is connected, once', async ({ dial }) => {
    const { page, cdp, server, names } = await dial()
    const network = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
    await cdp.send('Network.enable')
    await cdp.send('Network.emulateNetworkConditions', { offline: true, ...network })
    // Chromium lets an open WebSocket live through the emulated offline; a server that went away meanwhile ends it.
    await server.restart({ whileDown: () => pause(500) })
    await pause(1_000)
    await cdp.send('Network.emulateNetworkConditions', { offline: false, ...network })
    const back = Date.now()
    await expect.poll(async () => (await names()).at(-1), { timeout: SOON }).toBe('open')
    expect((await page.evaluate(() => heard.at(-1)?.at ?? 0)) - back).toBeLessThan(SOON)
    expect(await names()).not.toContain('waiting silent')
    await pause(600)
    expect(server.live).toHaveLength(1)
  })

  test('that was offline for a moment keeps what still works', async ({ dial }) => {
    const { cdp, server, names } = await dial()
    const network = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
    await cdp.send('Network.enable')
    await cdp.send('Network.emulateNetworkConditions', { offline: true, ...network })
    await pause(500)
    await cdp.send('Network.emulateNetworkConditions', { offline: false, ...network })
    await pause(SOON)
    expect((await names()).at(-1)).toBe('open')
    expect(await names()).not.toContain('waiting silent')
    expect(server.live).toHaveLength(1)
    expect(server.dials).toBeLessThanOrEqual(2)
  })
})
