import { describe, expect } from 'vitest'
import type { Client } from './client/page.ts'
import { allOpen, test } from './fixtures.ts'
import { said } from './site.ts'

declare const client: Client

describe('tabs that share one connection', () => {
  test('are one connection at the server, and receive the same messages in the same order', async ({
    listen,
    open,
  }) => {
    const server = await listen()
    const tabs = [await open(server), await open(server), await open(server)]
    await allOpen(...tabs)
    const peer = await server.connection()
    const texts = Array.from({ length: 500 }, (_, i) => `message ${i}`)
    for (const text of texts) peer.send(text)
    for (const tab of tabs) await expect.poll(() => tab.texts()).toEqual(texts)
    expect([server.live.length, server.dials]).toEqual([1, 1])
  })

  test('send over it, and learn what became of each message', async ({ listen, open }) => {
    const server = await listen()
    const [one, two] = [await open(server), await open(server)]
    await allOpen(one, two)
    const peer = await server.connection()
    expect(await one.send('from one')).toBe('sent')
    expect(await said(peer)).toBe('from one')
    expect(await two.send('from two')).toBe('sent')
    expect(await said(peer)).toBe('from two')
    for (const [tab, text] of [
      [one, 'from one'],
      [two, 'from two'],
    ] as const)
      await expect
        .poll(() => tab.page.evaluate((key) => client.outcomes[key], text))
        .toEqual([{ result: 'sent' }])
  })

  test('keep the connection when one of them is closed, and end it when the last one is', async ({
    listen,
    open,
    context,
  }) => {
    const server = await listen()
    const setup = { serve: { linger: 100 } }
    const tabs = [await open(server, setup), await open(server, setup), await open(server, setup)]
    await allOpen(...tabs)
    const [first, second, third] = tabs
    const peer = await server.connection()
    // The first one has created the worker.
    await first?.close()
    await second?.close()
    peer.send('still there?')
    await expect.poll(() => third?.texts()).toEqual(['still there?'])
    expect(server.dials).toBe(1)
    await third?.page.evaluate(() => client.tab.close(4000, 'enough'))
    await expect.poll(() => server.live.length).toBe(0)
    expect(await third?.values('closed')).toMatchObject([{ code: 4000, reason: 'enough', cause: 'user' }])
    const later = await open(server, setup)
    await allOpen(later)
    expect(server.live).toHaveLength(1)
    expect(context.pages()).toHaveLength(2)
  })
})
