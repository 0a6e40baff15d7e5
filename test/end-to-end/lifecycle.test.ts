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
import { launchTabs, type Tab } from '../support/tabs.ts'

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

interface Background extends Omit<Dialled, 'page' | 'cdp'> {
  tab: Tab
  /** Puts another tab in front, as people do. */
  hide: () => Promise<void>
}

interface Fixtures {
  site: string
  /** In a page of playwright, which is always in front. */
  dial: () => Promise<Dialled>
  /** In a tab that can be hidden and frozen. */
  background: () => Promise<Background>
}

const test = base.extend<Fixtures>({
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
        const heartbeat = { ping: 'ping', pong: 'pong', interval: 1_000, timeout: 2_000 }
        // Within a minute, nothing but a sign of the page dials.
        const socket = new Holdfast.Socket(url, { heartbeat, reconnect: () => 60_000 })
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
  background: async ({ listen, site }, use) => {
    const { open, close } = await launchTabs()
    await use(async () => {
      const server = await listen()
      server.answer('ping', 'pong')
      const tab = await open(site)
      // A new tab is a complete about:blank first.
      await expect.poll(() => tab.run('location.href + document.readyState')).toBe(`${site}complete`)
      await tab.run(await readFile(bundle, 'utf8'))
      await tab.run(`
        ticks = pulses = 0
        frozen = false
        heard = []
        document.addEventListener('freeze', () => (frozen = true))
        setInterval(() => ticks++, 100)
        heartbeat = { ping: 'ping', pong: 'pong', interval: 500, timeout: 2_000 }
        socket = new Holdfast.Socket('${server.url}', { heartbeat, reconnect: () => 60_000 })
        for (const name of ['open', 'waiting', 'closed'])
          socket.on(name, ({ close }) => heard.push({ name: close ? name + ' ' + close.cause : name, at: Date.now() }))
        socket.on('pulse', () => pulses++)
        undefined`)
      await expect.poll(() => tab.run('pulses')).toBeGreaterThan(0)
      const names = () => tab.run<string[]>('heard.map(({ name }) => name)')
      const hide = async () => {
        await (await open('about:blank')).show()
        await expect.poll(() => tab.run('document.visibilityState')).toBe('hidden')
      }
      return { tab, server, names, hide }
    })
    await close()
  },
})

/** How long a page must be away for a heartbeat of one second to be missed twice over, in ms. */
const AWAY = 6_000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Freezes a hidden tab, and returns the ticks of its clock until then. */
async function freeze(tab: Tab) {
  await tab.become('frozen')
  await expect.poll(() => tab.run('frozen')).toBe(true)
  return tab.run<number>('ticks')
}

/** Shows a frozen tab, and expects it to be connected again, soon and once. */
async function expectBack({ tab, server, names }: Omit<Background, 'hide'>) {
  const woken = Date.now()
  await tab.show()
  await expect.poll(names).toEqual(['open', 'waiting peer', 'open'])
  expect((await tab.run<number>('heard.at(-1).at')) - woken).toBeLessThan(SOON)
  await pulses(tab)
  expect(await names()).toEqual(['open', 'waiting peer', 'open'])
  expect([server.live.length, server.dials]).toEqual([1, 2])
}

/** Waits until it has asked and been answered a few times: a verdict would have come by then. */
async function pulses(tab: Tab) {
  const before = await tab.run<number>('pulses')
  await expect.poll(() => tab.run('pulses')).toBeGreaterThan(before + 2)
}

describe('a page', () => {
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
    await expect.poll(async () => (await names()).at(-1)).toBe('open')
    expect(await names()).not.toContain('waiting silent')
    const took = await page.evaluate('heard.at(-1).at - shown')
    expect(took).toBeLessThan(SOON)
    await expect.poll(() => server.live.length).toBe(1)
  })

  // Chromium keeps the sockets of a frozen page, and ends them, native ones too, as soon as it thaws.
  test('that was frozen is connected again', async ({ background }) => {
    const { tab, server, names, hide } = await background()
    await hide()
    const ticks = await freeze(tab)
    // A heartbeat that went by the clock alone would take this for silence.
    await pause(AWAY)
    expect([await tab.run('ticks'), await names()]).toEqual([ticks, ['open']])
    expect(server.live).toHaveLength(1)
    await expectBack({ tab, server, names })
  })

  test('whose server went away while it was frozen is connected again', async ({ background }) => {
    const { tab, server, names, hide } = await background()
    await hide()
    const ticks = await freeze(tab)
    await server.restart({ whileDown: () => pause(500) })
    await pause(AWAY)
    expect([await tab.run('ticks'), await names()]).toEqual([ticks, ['open']])
    await expectBack({ tab, server, names })
  })

  test('that is hidden keeps its connection on throttled timers', async ({ background }) => {
    const { tab, server, names, hide } = await background()
    await hide()
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
    await pulses(tab)
    expect(await names()).toEqual(['open'])
    expect([server.live.length, server.dials]).toEqual([1, 1])
  })

  test('that is offline and online again is connected, once', async ({ dial }) => {
    const { page, cdp, server, names } = await dial()
    const network = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
    await cdp.send('Network.enable')
    await cdp.send('Network.emulateNetworkConditions', { offline: true, ...network })
    // Chromium lets an open WebSocket live through the emulated offline; a server that went away meanwhile ends it.
    await server.restart({ whileDown: () => pause(500) })
    await pause(1_000)
    expect((await names()).at(-1)).toBe('waiting peer')
    const back = Date.now()
    await cdp.send('Network.emulateNetworkConditions', { offline: false, ...network })
    await expect.poll(async () => (await names()).at(-1)).toBe('open')
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
    expect(await names()).toEqual(['open'])
    expect([server.live.length, server.dials]).toEqual([1, 1])
  })
})
