import { describe, expect } from 'vitest'
import type { Outcome } from '../../src/index.ts'
import { startCounting } from '../support/countingServer.ts'
import type { Client } from './client/page.ts'
import { allOpen, test } from './fixtures.ts'
import { asTab, openIn, said } from './site.ts'

declare const client: Client

/** So long that nothing but a sign of a page connects again within a test. */
const patient = { reconnect: { base: 10 ** 8, max: 10 ** 8 } }

describe("a tab's socket", () => {
  test('validates with a schema of its own', async ({ listen, open }) => {
    const server = await listen()
    const strict = await open(server, {
      before: () => {
        const validate = (value: unknown) =>
          typeof (value as { n: unknown }).n === 'number' ? { value } : { issues: [{ message: 'no number' }] }
        Object.assign(globalThis, {
          options: { schema: { '~standard': { version: 1, vendor: 'test', validate } } },
        })
      },
    })
    const plain = await open(server)
    await allOpen(strict, plain)
    const peer = await server.connection()
    peer.send('{"n":"one"}')
    peer.send('{"n":1}')
    await expect.poll(() => strict.values('json')).toEqual([{ n: 1 }])
    await expect.poll(() => strict.values('invalid')).toMatchObject([{ text: '{"n":"one"}' }])
    await expect.poll(() => plain.values('json')).toEqual([{ n: 'one' }, { n: 1 }])
    expect(server.dials).toBe(1)
  })

  test('counts for itself whether it was connected before', async ({ listen, open }) => {
    const server = await listen()
    const setup = { socket: { reconnect: { base: 50, max: 50 } } }
    const early = await open(server, setup)
    await allOpen(early)
    await server.restart({ code: 1012 })
    await expect
      .poll(() => early.values('open'))
      .toMatchObject([{ reconnected: false }, { reconnected: true }])
    const late = await open(server, setup)
    await allOpen(late)
    expect(await late.values('open')).toMatchObject([{ reconnected: false }])
  })

  test('keeps messages within its option queue while the shared socket is not open', async ({
    listen,
    open,
  }) => {
    const server = await listen()
    const setups = [{ queue: { messages: 1 } }, { queue: false }, { queue: { ttl: 1 } }]
    const tabs = []
    for (const tab of setups) tabs.push(await open(server, { socket: patient, tab }))
    await allOpen(...tabs)
    const [one, none, brief] = tabs
    await server.stop()
    for (const tab of tabs) await expect.poll(() => tab.status()).toBe('waiting')
    expect([await one?.send('first'), await one?.send('second'), await none?.send('never')]).toEqual([
      'queued',
      'dropped',
      'dropped',
    ])
    expect(await brief?.send('expired')).toBe('queued')
    await expect.poll(() => brief?.values('drop')).toMatchObject([{ data: 'expired', why: 'expired' }])
    expect(await one?.values('drop')).toMatchObject([{ data: 'second', why: 'overflow' }])
    await server.start()
    await one?.page.evaluate(() => client.tab.check())
    await allOpen(...tabs)
    await one?.send('last')
    const peer = server.live[0]
    expect([await said(peer), await said(peer)]).toEqual(['first', 'last'])
  })

  test('reports as unknown what it has sent when it leaves before the outcome', async ({ listen, open }) => {
    const server = await listen()
    const tab = await open(server)
    await allOpen(tab)
    const outcomes = await tab.page.evaluate(() => {
      client.send('on its way')
      client.tab.close()
      return client.outcomes
    })
    expect(outcomes).toMatchObject({ 'on its way': [{ result: 'unknown' }] })
    const peer = await server.connection()
    expect(await said(peer)).toBe('on its way')
  })

  test('has the snapshot before it is open', async ({ listen, open }) => {
    const server = await listen()
    const tab = await open(server, { snapshot: true })
    await allOpen(tab)
    const names = await tab.names('snapshot', 'open')
    // The first one joins while the shared socket connects.
    expect(names).toEqual(['snapshot', 'open'])
    const late = await open(server, { snapshot: true })
    await allOpen(late)
    expect(await late.names('snapshot', 'open')).toEqual(['snapshot', 'open'])
  })

  test('counts what the worker and the shared socket have not passed on', async ({ listen, open }) => {
    const server = await listen()
    const [tab, other] = [await open(server), await open(server)]
    await allOpen(tab, other)
    const peer = await server.connection()
    const buffered = (page = tab.page) => page.evaluate(() => client.tab.bufferedAmount)
    peer.socket.pause()
    const size = 30_000_000
    const atOnce = await tab.page.evaluate((bytes) => {
      client.tab.send(new Uint8Array(bytes))
      return client.tab.bufferedAmount
    }, size)
    expect(atOnce).toBe(size)
    // The shared socket's own, of all tabs.
    await expect.poll(() => buffered(other.page)).toBeGreaterThan(0)
    peer.socket.resume()
    await tab.page.evaluate(() => client.tab.drained())
    for (const { page } of [tab, other]) await expect.poll(() => buffered(page)).toBe(0)
  })

  test('receives a Blob where the shared socket does', async ({ listen, open }) => {
    const server = await listen()
    const setup = { socket: { binaryType: 'blob' } }
    const tabs = [await open(server, setup), await open(server, setup)]
    await allOpen(...tabs)
    const peer = await server.connection()
    peer.send(new TextEncoder().encode('bytes'))
    for (const { page } of tabs) {
      const text = () =>
        page.evaluate(() => {
          const [blob] = client.heard.filter(({ name }) => name === 'binary')
          return (blob?.value as Blob | undefined)?.text()
        })
      await expect.poll(text).toBe('bytes')
    }
  })

  test.for(['visibilitychange', 'resume'])(
    'makes the shared socket check when its page has the event %s',
    async (name, { listen, open }) => {
      const server = await listen()
      const [first, second] = [
        await open(server, { socket: patient }),
        await open(server, { socket: patient }),
      ]
      await allOpen(first, second)
      await server.stop()
      await expect.poll(() => first.status()).toBe('waiting')
      await server.start()
      await second.page.evaluate((event) => document.dispatchEvent(new Event(event)), name)
      await allOpen(first, second)
    },
  )

  test('waits, and says why, while the script of the worker cannot be loaded', async ({ context, site }) => {
    const page = await context.newPage()
    await page.goto(site)
    await page.evaluate(() => client.connect('/no-script', 'ws://127.0.0.1:1'))
    const reason = expect.stringContaining('script of the shared worker failed')
    await expect
      .poll(() => asTab(page).values('waiting'))
      .toMatchObject([
        { attempt: 1, delay: 500, close: { reason } },
        { attempt: 2, delay: 1_000, close: { reason } },
      ])
    expect(await asTab(page).send('kept')).toBe('queued')
  })

  test('of a Session learns that its messages were delivered, exactly once over a cut', async ({
    context,
    site,
  }) => {
    const { url, counts, stop } = await startCounting()
    const server = { url: `${url}/tabs`, answer: () => {} }
    const tabs = [
      await openIn(context, site, server, { session: true }),
      await openIn(context, site, server, { session: true }),
    ]
    await allOpen(...tabs)
    const [one, two] = tabs
    await one?.send('before')
    await fetch(`${counts}/tabs`, { method: 'POST' })
    await two?.send('after')
    const outcome = (tab = one) => tab?.page.evaluate(() => client.outcomes)
    const delivered: Outcome[] = [{ result: 'delivered' }]
    await expect.poll(() => outcome(one)).toEqual({ before: delivered })
    await expect.poll(() => outcome(two)).toEqual({ after: delivered })
    // The server echoes.
    for (const tab of tabs)
      await expect
        .poll(async () => (await tab.texts()).filter((text) => !text.startsWith('{')))
        .toEqual(['before', 'after'])
    for (const tab of tabs) await tab.close()
    await stop()
  })
})
