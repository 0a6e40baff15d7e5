import { describe, expect } from 'vitest'
import type { Peer, Server } from '../support/server.ts'
import { launchTabs } from '../support/tabs.ts'
import type { Client } from './client/page.ts'
import { allOpen, test } from './fixtures.ts'
import { type Setup, said, type Tab, workerOf } from './site.ts'

declare const client: Client

const engine = process.env.ENGINE ?? 'chromium'
/** The other tab keeps a processor busy. */
const patient = { timeout: 50_000 }
const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i}`)

/** Sends in groups, each after the tab has received the one before: what comes at once is one message to each page. */
async function relayTo({ texts }: Tab, peer: Peer, sent: string[]) {
  for (let end = 0; end < sent.length; ) {
    for (const text of sent.slice(end, end + 100)) peer.send(text)
    end = Math.min(end + 100, sent.length)
    await expect.poll(async () => (await texts()).length, patient).toBe(end)
  }
}

/** Every text takes the page some ms, until it is told to hurry. */
const slowDown = ({ page }: Tab) =>
  page.evaluate(() => {
    const state = { hurry: false }
    Object.assign(globalThis, { state })
    client.tab.on('text', () => {
      const end = performance.now() + 20
      while (!state.hurry && performance.now() < end);
    })
  })
const hurry = ({ page }: Tab) =>
  page.evaluate(() => {
    const { state } = globalThis as unknown as { state: { hurry: boolean } }
    state.hurry = true
    return client.heard.filter(({ name }) => name === 'text').length
  })

/**
 * Firefox runs the worker in the process of the page that started it, and its frames come through the main thread there. A slow
 * page that has started the worker delays them for all tabs.
 */
async function openBoth(
  open: (server: Server, setup?: Setup) => Promise<Tab>,
  server: Server,
  setup?: Setup,
): Promise<{ slow: Tab; fast: Tab }> {
  const [first, second] = [await open(server, setup), await open(server, setup)]
  await allOpen(first, second)
  return engine === 'firefox' ? { fast: first, slow: second } : { slow: first, fast: second }
}

describe('a tab that is slower than the server', () => {
  test('does not hold back the others, and receives everything that fits into its backlog', async ({
    listen,
    open,
  }) => {
    const server = await listen()
    const { slow, fast } = await openBoth(open, server)
    const peer = await server.connection()
    const sent = numbers(2_000)
    await slowDown(slow)
    await relayTo(fast, peer, sent)
    expect(await hurry(slow)).toBeLessThan(sent.length)
    await expect.poll(() => slow.texts()).toEqual(sent)
    expect(await fast.texts()).toEqual(sent)
    expect(await slow.names('waiting')).toEqual([])
  })

  test('is told how much it missed when its backlog overflows, and gets a snapshot', async ({
    listen,
    open,
  }) => {
    const server = await listen()
    const setup = { serve: { backlog: { messages: 100 } }, snapshot: true }
    const { slow, fast } = await openBoth(open, server, setup)
    const peer = await server.connection()
    const sent = numbers(2_000)
    await slowDown(slow)
    await relayTo(fast, peer, sent)
    await hurry(slow)
    await expect.poll(() => slow.names('open', 'waiting')).toEqual(['open', 'waiting', 'open'])
    peer.send('after')
    await expect.poll(async () => (await slow.texts()).at(-1)).toBe('after')
    const received = (await slow.texts()).slice(0, -1)
    expect(received).toEqual(sent.slice(0, received.length))
    const [{ close } = { close: undefined }] = await slow.values<{ close: { reason: string } }>('waiting')
    expect(close?.reason).toContain(`missed ${sent.length - received.length} messages`)
    const snapshots = await slow.page.evaluate(() => client.snapshots as { texts: string[] }[])
    expect(snapshots.map(({ texts }) => texts.length)).toEqual([0, sent.length])
    expect(await fast.texts()).toEqual([...sent, 'after'])
    expect([server.live.length, server.dials]).toEqual([1, 1])
  })
})

if (engine === 'chromium')
  describe('a tab that the browser freezes', () => {
    test('takes nothing from the others, and joins again when it is shown', async ({ listen, site }) => {
      const server = await listen()
      server.answer('ping', 'pong')
      const tabs = await launchTabs()
      try {
        const worker = workerOf(server, {
          serve: { silence: 3_000, backlog: { messages: 100 } },
          snapshot: true,
        })
        const open = async () => {
          const tab = await tabs.open(site)
          await expect.poll(() => tab.run('typeof client')).toBe('object')
          await tab.run(`client.connect(${JSON.stringify(worker)}, ${JSON.stringify(server.url)})`)
          await expect.poll(() => tab.run('client.tab.status')).toBe('open')
          return tab
        }
        const frozen = await open()
        const other = await open()
        await other.show()
        await expect.poll(() => frozen.run('document.visibilityState')).toBe('hidden')
        const peer = await server.connection()
        await frozen.run(`document.addEventListener('freeze', () => (globalThis.frozen = true)); undefined`)
        await frozen.become('frozen')
        await expect.poll(() => frozen.run('globalThis.frozen')).toBe(true)
        const sent = numbers(2_000)
        for (const text of sent) peer.send(text)
        const texts = `client.heard.filter(({ name }) => name === 'text').map(({ value }) => value)`
        await expect.poll(() => other.run(texts)).toEqual(sent)
        // It is taken for dead, and does not count as a tab.
        await expect
          .poll(
            async () => {
              peer.send('how many tabs?')
              return said(peer)
            },
            { timeout: 20_000, interval: 500 },
          )
          .toBe('1 tabs')
        expect(await frozen.run(texts)).toEqual([])
        await frozen.show()
        await expect.poll(() => frozen.run('client.snapshots.length')).toBe(2)
        peer.send('after')
        await expect.poll(() => frozen.run(`${texts}.at(-1)`)).toBe('after')
        expect(
          await frozen.run(
            `client.heard.filter(({ name }) => name === 'waiting').map(({ value }) => value.close.reason)`,
          ),
        ).toEqual([expect.stringMatching(/missed \d+ messages/)])
        await expect.poll(() => frozen.run('client.tab.status')).toBe('open')
        expect([server.live.length, server.dials]).toEqual([1, 1])
      } finally {
        await tabs.close()
      }
    })
  })
