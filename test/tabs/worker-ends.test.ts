import { describe, expect } from 'vitest'
import type { Closed } from '../../src/index.ts'
import { launch } from '../support/chromium.ts'
import type { Client } from './client/page.ts'
import { allOpen, test } from './fixtures.ts'
import { openIn, said, type Tab } from './site.ts'

declare const client: Client

/** How soon every tab must be connected again, in ms, on a machine where a worker starts at once. */
const SOON = 1_000

/** The events of a tab from the end of one connection to the next: names, and when they came. */
const story = (tab: Tab) =>
  tab.page.evaluate(() => {
    const all = client.heard.filter(({ name }) => /^(waiting|connecting|open)$/.test(name))
    const from = all.findIndex(({ name }) => name === 'waiting')
    const rest = from < 0 ? [] : all.slice(from)
    const opened = rest.find(({ name }) => name === 'open')
    const [asked, first] = ['connect', 'open'].map((name) =>
      client.heard.find((event) => event.name === name),
    )
    return {
      /** How long the first connection took, with the start of the worker. */
      first: (first?.at ?? 0) - (asked?.at ?? 0),
      names: [...new Set(rest.map(({ name }) => name))],
      took: opened ? opened.at - (rest[0]?.at ?? 0) : undefined,
      reconnected: (opened?.value as { reconnected: boolean } | undefined)?.reconnected,
    }
  })

const expectBack = async (...tabs: Tab[]) => {
  for (const tab of tabs) {
    await expect
      .poll(() => story(tab))
      .toMatchObject({ names: ['waiting', 'connecting', 'open'], reconnected: true })
    const { took, first } = await story(tab)
    expect(took).toBeLessThan(SOON + first)
    expect(await tab.status()).toBe('open')
  }
}

/**
 * Not in Firefox: version 153 goes on handing out a worker that has called `self.close()`, in some runs for as long as one of
 * its pages is open, and only the end of a whole process ends a worker otherwise.
 */
describe('when the shared worker ends', () => {
  test('by itself, every tab is told and connected again within a second, over one connection', async ({
    listen,
    open,
  }) => {
    const server = await listen()
    const tabs = [await open(server), await open(server), await open(server)]
    await allOpen(...tabs)
    const peer = await server.connection()
    peer.send('die')
    await expectBack(...tabs)
    await expect.poll(() => server.live.length).toBe(1)
    expect(server.dials).toBe(2)
    const next = await server.connection()
    next.send('after')
    for (const tab of tabs) await expect.poll(() => tab.texts()).toEqual(['die', 'after'])
    const statuses = await tabs[0]?.values<{ status: string; previous: string }>('status')
    expect(statuses?.map(({ status }) => status).join()).toMatch(/open,waiting,connecting,open$/)
  })

  test('messages in flight are reported as unknown, and not sent again; those that waited are sent once', async ({
    listen,
    open,
  }) => {
    const server = await listen()
    const [tab, other] = [await open(server), await open(server)]
    await allOpen(tab, other)
    const peer = await server.connection()
    await tab.page.evaluate(() => {
      // The worker relays this as the last thing in its life.
      client.tab.on('text', () => client.send('in flight'), { once: true })
      client.tab.on('waiting', () => client.send('waited'), { once: true })
    })
    peer.send('die')
    await expectBack(tab, other)
    const next = await server.connection()
    expect(await said(next)).toBe('waited')
    await tab.send('last')
    expect(await said(next)).toBe('last')
    await expect
      .poll(() => tab.page.evaluate(() => client.outcomes))
      .toMatchObject({
        'in flight': [{ result: 'unknown' }],
        waited: [{ result: 'sent' }],
        last: [{ result: 'sent' }],
      })
    expect(await tab.page.evaluate(() => client.tab.bufferedAmount)).toBe(0)
  })

  test('terminated by the browser, every tab is connected again', async ({ listen, open, browser }) => {
    const server = await listen()
    const tabs = [await open(server), await open(server)]
    await allOpen(...tabs)
    const cdp = await browser.newBrowserCDPSession()
    const { targetInfos } = await cdp.send('Target.getTargets')
    const workers = targetInfos.filter(
      ({ type, url }) => type === 'shared_worker' && url.includes(`${server.port}`),
    )
    expect(workers).toHaveLength(1)
    for (const { targetId } of workers) await cdp.send('Target.closeTarget', { targetId })
    await expectBack(...tabs)
    await expect.poll(() => server.live.length).toBe(1)
  })

  test('with the process of a tab that crashed, the others are connected', async ({ listen, open }) => {
    const server = await listen()
    const tabs = [await open(server), await open(server), await open(server)]
    await allOpen(...tabs)
    const [creator, ...others] = tabs
    const cdp = await creator?.page.context().newCDPSession(creator.page)
    const crashed = new Promise((resolve) => creator?.page.once('crash', resolve))
    // It never answers.
    cdp?.send('Page.crash').catch(() => {})
    await crashed
    for (const tab of others) await expect.poll(() => tab.status()).toBe('open')
    await expect.poll(() => server.live.length).toBe(1)
    const [peer] = server.live
    peer?.send('after')
    for (const tab of others) await expect.poll(() => tab.texts()).toEqual(['after'])
  })

  test('without Web Locks, the tabs notice it by missing pings', async ({ listen, site }) => {
    const server = await listen()
    // Not a secure context: neither the pages nor the worker have locks.
    const browser = await launch(['--host-resolver-rules=MAP tabs.test 127.0.0.1'])
    const context = await browser.newContext()
    const tabs: Tab[] = []
    for (let i = 0; i < 2; i++)
      tabs.push(await openIn(context, site.replace('127.0.0.1', 'tabs.test'), server))
    await allOpen(...tabs)
    expect(await tabs[0]?.page.evaluate(() => 'locks' in navigator)).toBe(false)
    const peer = await server.connection()
    peer.send('die')
    for (const tab of tabs) {
      await expect.poll(() => tab.names('open', 'waiting')).toEqual(['open', 'waiting', 'open'])
      const [{ close } = { close: undefined }] = await tab.values<{ close: Closed }>('waiting')
      expect(close?.reason).toContain('does not answer')
    }
    await expect.poll(() => server.live.length).toBe(1)
    await browser.close()
  })
})
