import { describe, expect } from 'vitest'
import type { Outcome } from '../../src/index.ts'
import type { Client } from './client/page.ts'
import { allOpen, test } from './fixtures.ts'
import { said, workerOf } from './site.ts'

declare const client: Client

const engine = process.env.ENGINE ?? 'chromium'
/** So long that nothing but a sign of a page connects again within a test. */
const patient = { reconnect: { base: 10 ** 8, max: 10 ** 8 } }

describe('a tab', () => {
  test('that comes later learns the status and gets a snapshot before newer messages', async ({
    listen,
    open,
  }) => {
    const server = await listen()
    const setup = { snapshot: true }
    const first = await open(server, setup)
    await allOpen(first)
    const peer = await server.connection()
    peer.send('one')
    peer.send('two')
    await expect.poll(() => first.texts()).toEqual(['one', 'two'])
    const second = await open(server, setup)
    await allOpen(second)
    peer.send('three')
    await expect.poll(() => second.texts()).toEqual(['three'])
    expect(await second.page.evaluate(() => client.snapshots)).toEqual([{ texts: ['one', 'two'] }])
    expect(await second.values('open')).toMatchObject([{ reconnected: false }])
    expect(await first.page.evaluate(() => client.snapshots)).toEqual([{ texts: [] }])
  })

  test('follows every change of the shared connection', async ({ listen, open }) => {
    const server = await listen()
    const setup = { socket: { reconnect: { base: 50, max: 50 } } }
    const tabs = [await open(server, setup), await open(server, setup)]
    await allOpen(...tabs)
    await server.restart({ code: 1012 })
    for (const tab of tabs) {
      await expect
        .poll(() => tab.values('open'))
        .toMatchObject([{ reconnected: false }, { reconnected: true }])
      const [first] = await tab.values('waiting')
      expect(first).toMatchObject({ attempt: 0, close: { code: 1012, cause: 'peer' } })
      expect(await tab.values('waiting')).toEqual(await tabs[0]?.values('waiting'))
    }
    expect(server.dials).toBe(2)
    server.live[0]?.close(4401, 'Who are you?')
    for (const tab of tabs) {
      await expect
        .poll(() => tab.values('closed'))
        .toMatchObject([{ code: 4401, reason: 'Who are you?', cause: 'peer' }])
      expect(await tab.send('too late')).toBe('dropped')
    }
    await tabs[1]?.page.evaluate(() => client.tab.open())
    await allOpen(...tabs)
    expect([server.live.length, server.dials]).toEqual([1, 3])
  })

  test('that comes while the connection waits shows it, and what it sends waits in the page', async ({
    listen,
    open,
  }) => {
    const server = await listen()
    const setup = { socket: { ...patient } }
    const first = await open(server, setup)
    await allOpen(first)
    await server.stop()
    await expect.poll(() => first.status()).toBe('waiting')
    const second = await open(server, setup)
    await expect.poll(() => second.status()).toBe('waiting')
    expect(await second.send('later')).toBe('queued')
    expect(await second.page.evaluate(() => client.tab.bufferedAmount)).toBe(5)
    const tooLarge = await second.page.evaluate(() => {
      const outcomes: Outcome[] = []
      const result = client.tab.send('x'.repeat(1_048_576), {
        onOutcome: (outcome) => outcomes.push(outcome),
      })
      return { result, outcomes }
    })
    const reason = '1,048,576 bytes do not fit the queue of 1,048,576 (option queue.bytes)'
    expect(tooLarge).toEqual({ result: 'dropped', outcomes: [{ result: 'dropped', reason }] })
    expect(await second.values('drop')).toMatchObject([{ why: 'overflow', reason }])
    await server.start()
    await second.page.evaluate(() => client.tab.check())
    await allOpen(first, second)
    const [peer] = server.live
    expect(await said(peer)).toBe('later')
    await expect
      .poll(() => second.page.evaluate(() => client.outcomes))
      .toEqual({ later: [{ result: 'sent' }] })
  })

  test('passes on what the page notices: online again', async ({ listen, open, context }) => {
    const server = await listen()
    const setup = { socket: { ...patient } }
    const [first, second] = [await open(server, setup), await open(server, setup)]
    await allOpen(first, second)
    await context.setOffline(true)
    await server.stop()
    await expect.poll(() => first.status()).toBe('waiting')
    await server.start()
    await context.setOffline(false)
    await allOpen(first, second)
    expect(server.live).toHaveLength(1)
  })

  test('leaves with close or suspend, and takes nothing from the others', async ({ listen, open }) => {
    const server = await listen()
    const [stays, leaves] = [await open(server), await open(server)]
    await allOpen(stays, leaves)
    const peer = await server.connection()
    await leaves.page.evaluate(() => client.tab.suspend())
    expect(await leaves.status()).toBe('suspended')
    expect(await leaves.send('kept')).toBe('queued')
    peer.send('one')
    await expect.poll(() => stays.texts()).toEqual(['one'])
    peer.send('how many tabs?')
    expect(await said(peer)).toBe('1 tabs')
    await leaves.page.evaluate(() => client.tab.open())
    await allOpen(leaves)
    expect(await said(peer)).toBe('kept')
    expect(await leaves.texts()).toEqual([])
    await leaves.page.evaluate(() => client.tab.close())
    expect(await leaves.send('no more')).toBe('dropped')
    expect(await leaves.page.evaluate(() => client.tab.closed)).toMatchObject({ code: 1000, cause: 'user' })
    peer.send('two')
    await expect.poll(() => stays.texts()).toEqual(['one', 'how many tabs?', 'two'])
    expect([server.live.length, server.dials]).toEqual([1, 1])
  })

  test('sends and receives buffers, which are still whole afterwards', async ({ listen, open }) => {
    const server = await listen()
    const setup = { socket: { binaryType: 'arraybuffer' } }
    const tabs = [await open(server, setup), await open(server, setup)]
    await allOpen(...tabs)
    const peer = await server.connection()
    const bytes = 3_000_000
    for (const { page } of tabs)
      await page.evaluate(() => {
        client.tab.on('binary', (data) => {
          const all = new Uint8Array(data as ArrayBuffer)
          client.outcomes.received = [{ result: 'sent', reason: `${all.length} ${all[0]} ${all.at(-1)}` }]
        })
      })
    peer.send(new Uint8Array(bytes).fill(7))
    for (const { page } of tabs)
      await expect.poll(() => page.evaluate(() => client.outcomes.received?.[0]?.reason)).toBe(`${bytes} 7 7`)
    const left = await tabs[0]?.page.evaluate((size) => {
      const data = new Uint8Array(size).fill(5)
      client.tab.send(data)
      data.fill(6)
      return data.byteLength
    }, bytes)
    expect(left).toBe(bytes)
    const sent = (await peer.message()) as Buffer
    expect([sent.length, sent[0], sent.at(-1)]).toEqual([bytes, 5, 5])
    await tabs[0]?.page.evaluate(() => client.tab.drained())
  })

  test('parses JSON only for itself, and tells what is invalid', async ({ listen, open }) => {
    const server = await listen()
    const [one, two] = [await open(server), await open(server)]
    await allOpen(one, two)
    const peer = await server.connection()
    peer.send('{"n":1}')
    peer.send('{')
    for (const tab of [one, two]) {
      await expect.poll(() => tab.values('json')).toEqual([{ n: 1 }])
      await expect.poll(() => tab.values('invalid')).toMatchObject([{ text: '{' }])
    }
    await one.page.evaluate(() => client.tab.sendJson({ n: 2 }))
    expect(await said(peer)).toBe('{"n":2}')
  })

  test('whose listener throws does not harm the others', async ({ listen, open }) => {
    const server = await listen()
    const [bad, good] = [await open(server), await open(server)]
    await allOpen(bad, good)
    const thrown: string[] = []
    bad.page.removeAllListeners('pageerror')
    bad.page.on('pageerror', ({ message }) => thrown.push(message))
    await bad.page.evaluate(() => {
      client.tab.on('text', () => {
        throw new Error('a bug of the application')
      })
    })
    const peer = await server.connection()
    peer.send('one')
    peer.send('two')
    for (const tab of [bad, good]) await expect.poll(() => tab.texts()).toEqual(['one', 'two'])
    await expect.poll(() => thrown).toEqual(['a bug of the application', 'a bug of the application'])
  })

  test('with anything but the protocol on its port harms nobody', async ({ listen, open }) => {
    const server = await listen()
    const tab = await open(server)
    await allOpen(tab)
    const peer = await server.connection()
    await tab.page.evaluate((script) => {
      const { port } = new SharedWorker(script)
      const data = [{ byteLength: 5 }, null, 7, undefined, [], { size: 1, arrayBuffer: 1 }]
      const hostile = [
        null,
        0,
        'text',
        {},
        [],
        [null],
        ['constructor'],
        ['__proto__'],
        ['send'],
        ...data.map((value) => ['send', 1, value]),
        ['send', Number.NaN, ''],
        ['send', 'one', 'text'],
        ['open'],
        ['check'],
        ['join'],
        ['join', null],
        ['join', { open: { toString: null } }],
        ['join', 3],
        ...Array.from({ length: 100 }, () => ['ack']),
        ['leave'],
        ['leave'],
        ['ack'],
        ['send', 2, {}],
      ]
      for (const message of hostile) port.postMessage(message)
    }, workerOf(server))
    // An empty text with NaN as its id is a message.
    expect(await said(peer)).toBe('')
    // Nothing orders the messages of the port against those of the server: the port may still have to leave.
    const countTabs = () => {
      peer.send('how many tabs?')
      return said(peer)
    }
    await expect.poll(countTabs).toBe('1 tabs')
    await expect.poll(async () => [...new Set(await tab.texts())]).toEqual(['how many tabs?'])
    expect(server.dials).toBe(1)
  })

  test('has a plain socket where there is no SharedWorker, or it may not be used', async ({
    listen,
    open,
  }) => {
    const server = await listen()
    const without = await open(server, {
      before: () => Reflect.deleteProperty(globalThis, 'SharedWorker'),
      // The fallback opens by itself.
      tab: { autoOpen: false },
    })
    await allOpen(without)
    expect(server.live).toHaveLength(1)
    const peer = await server.connection()
    peer.send('hello')
    await expect.poll(() => without.texts()).toEqual(['hello'])
    await without.send('hello back')
    expect(await said(peer)).toBe('hello back')
  })

  if (engine === 'chromium')
    test('in the bfcache costs nothing, and is connected when it is back', async ({ listen, open, site }) => {
      const server = await listen()
      const setup = { snapshot: true }
      const [stays, goes] = [await open(server, setup), await open(server, setup)]
      await allOpen(stays, goes)
      const peer = await server.connection()
      await goes.page.evaluate(() => {
        addEventListener('pageshow', ({ persisted }) => Object.assign(globalThis, { persisted }))
        // The last moment, in which a page may still say something.
        addEventListener('pagehide', () => client.tab.send('goodbye'))
      })
      await goes.page.goto(`${site}elsewhere`)
      expect(await said(peer)).toBe('goodbye')
      peer.send('how many tabs?')
      expect(await said(peer)).toBe('1 tabs')
      for (let i = 0; i < 100; i++) peer.send(`${i}`)
      await expect.poll(async () => (await stays.texts()).length).toBe(101)
      await goes.page.goBack({ waitUntil: 'commit' })
      await expect.poll(() => goes.page.evaluate('globalThis.persisted')).toBe(true)
      await expect.poll(() => goes.names('open', 'waiting')).toEqual(['open', 'waiting', 'open'])
      peer.send('welcome back')
      await expect.poll(() => goes.texts()).toEqual(['welcome back'])
      const snapshots = await goes.page.evaluate(() => client.snapshots as { texts: string[] }[])
      expect(snapshots.map(({ texts }) => texts.length)).toEqual([0, 101])
      expect(await stays.names('waiting')).toEqual([])
      expect([server.live.length, server.dials]).toEqual([1, 1])
    })
})
