import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Browser, chromium, firefox, type Page } from 'playwright'
import { describe, expect } from 'vitest'
import { executable } from '../../scripts/executables.js'
import { test as base } from '../support/fixtures.ts'
import { flags } from '../support/flags.ts'
import { launchPrompting, type PromptingBrowser } from '../support/prompts.ts'
import { launchTabs } from '../support/tabs.ts'
import { launchWebkit } from '../support/webkit.ts'

/** What browsers themselves decide: each test in the engine that behaves so. */

const bundle = join(import.meta.dirname, '../../dist/holdfast.umd.min.js')
const patient = { timeout: 50_000 }

interface Site {
  url: string
  port: number
  /** Lets the pages at `/slow` be sent. */
  release: () => void
}

interface Fixtures {
  /** A page that has loaded the library, with this Content Security Policy. */
  site: (policy?: string) => Promise<Site>
  launch: (engine: 'chromium' | 'firefox', args?: string[], headless?: boolean) => Promise<Browser>
}

const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  site: async ({}, use) => {
    const servers: ReturnType<typeof createServer>[] = []
    await use(async (policy) => {
      const held: (() => void)[] = []
      const script = await readFile(bundle, 'utf8')
      const server = createServer((request, response) => {
        if (request.url === '/holdfast.js')
          return response.setHeader('content-type', 'text/javascript').end(script)
        if (policy) response.setHeader('content-security-policy', policy)
        const page = () =>
          response
            .setHeader('content-type', 'text/html')
            .end('<!doctype html><title>Here</title><script src="/holdfast.js"></script>')
        if (request.url === '/slow') held.push(page)
        else page()
      }).listen(0, '127.0.0.1')
      servers.push(server)
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      return {
        port,
        url: `http://127.0.0.1:${port}/`,
        release: () => {
          for (const send of held.splice(0)) send()
        },
      }
    })
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  launch: async ({}, use) => {
    const browsers: Browser[] = []
    await use(async (engine, args = [], headless = true) => {
      const browser =
        engine === 'firefox'
          ? await firefox.launch({ channel: 'moz-firefox', executablePath: await executable('firefox') })
          : await chromium.launch({
              executablePath: await executable('chromium'),
              headless,
              args: [...flags, ...args],
              // Users have a bfcache; playwright turns it off.
              ignoreDefaultArgs: ['--disable-back-forward-cache'],
            })
      browsers.push(browser)
      return browser
    })
    await Promise.all(browsers.map((browser) => browser.close()))
  },
})

/** Makes a socket in the page and records its events as `name cause`. */
const dial = (url: string, options = '{}') => `
  events = []
  socket = new Holdfast.Socket(${JSON.stringify(url)}, ${options})
  socket.on('*', (name, value) => {
    if (name === 'status') return
    const close = name === 'closed' ? value : value?.close
    events.push(close ? name + ' ' + close.cause + ': ' + close.reason : name)
  })
  undefined`

const events = (page: Page) => page.evaluate<string[]>('events')

describe('a page whose Content Security Policy forbids the connection', () => {
  const policy = "connect-src 'self'"
  const ended = ['connecting', expect.stringMatching(/^closed blocked: .*connect-src/)]

  test.for(['chromium', 'firefox'] as const)(
    'is told so at once, in %s',
    async (engine, { site, launch }) => {
      const { url } = await site(policy)
      const page = await (await launch(engine)).newPage()
      await page.goto(url)
      await page.evaluate(dial('ws://127.0.0.1:1/', '{ attemptTimeout: false }'))
      await expect.poll(() => events(page), patient).toEqual(ended)
    },
  )

  test('is told so at once, in WebKitGTK', async ({ site }) => {
    const { url } = await site(policy)
    const page = await launchWebkit()
    try {
      await page.goto(url)
      // WebDriver's own scripts are not under the page's policy, and the library is loaded by the page.
      await page.run(dial('ws://127.0.0.1:1/', '{ attemptTimeout: false }'))
      await expect.poll(() => page.run('return events'), patient).toEqual(ended)
    } finally {
      await page.close()
    }
  })

  test('is dialled again where a function gives the URL, which may be another one next time', async ({
    site,
    launch,
    listen,
  }) => {
    const server = await listen()
    const { url } = await site(`connect-src ${server.url}`)
    const page = await (await launch('chromium')).newPage()
    await page.goto(url)
    await page.evaluate(
      `asked = 0; ${dial('', '{ reconnect: { max: 10 } }').replace('""', `() => asked++ ? '${server.url}' : 'ws://127.0.0.1:1/'`)}`,
    )
    await expect
      .poll(() => events(page), patient)
      .toEqual(['connecting', expect.stringMatching(/^waiting blocked/), 'connecting', 'open'])
  })
})

describe('a page on a public address that dials a private one', () => {
  const asPublic = (port: number) => [`--ip-address-space-overrides=127.0.0.1:${port}=public`]

  test('dials once and never again when access to the local network is denied', async ({
    site,
    launch,
    listen,
    proxy,
  }) => {
    const line = await proxy(await listen())
    const { url, port } = await site()
    // Without a window Chromium denies at once.
    const page = await (await launch('chromium', asPublic(port))).newPage()
    await page.goto(url)
    await page.evaluate(dial(line.url, '{ reconnect: { max: 10 } }'))
    await expect
      .poll(() => events(page), patient)
      .toEqual(['connecting', expect.stringMatching(/^closed blocked: .*local network/)])
    expect(line.dials).toBeLessThanOrEqual(1)
  })

  describe('and asks the user first', () => {
    /** A page that dials `url` while the browser shows its prompt. */
    const prompting = test.extend<{
      ask: (url: string) => Promise<{ page: Page; answer: PromptingBrowser['answer'] }>
    }>({
      ask: async ({ site }, use) => {
        const browsers: PromptingBrowser[] = []
        await use(async (url) => {
          const { url: address, port } = await site()
          const prompting = await launchPrompting(asPublic(port))
          browsers.push(prompting)
          const page = await prompting.browser.newPage()
          await page.goto(address)
          await page.evaluate(dial(url, '{ attemptTimeout: 10_000, reconnect: { max: 500 } }'))
          return { page, answer: prompting.answer }
        })
        await Promise.all(browsers.map((browser) => browser.close()))
      },
    })

    prompting(
      'dials once while the user thinks, and is connected once allowed',
      async ({ ask, listen, proxy }) => {
        const line = await proxy(await listen())
        const { page, answer } = await ask(line.url)
        // Longer than an attempt may take.
        await page.evaluate('new Promise((resolve) => setTimeout(resolve, 15_000))')
        expect(await events(page)).toEqual(['connecting'])
        await answer('Allow')
        await expect.poll(() => page.evaluate('socket.status'), patient).toBe('open')
        expect(await events(page)).toEqual(['connecting', 'open'])
        expect(line.dials).toBe(1)
      },
    )

    prompting('ends at once when denied, and never dials again', async ({ ask, listen, proxy }) => {
      const line = await proxy(await listen())
      const { page, answer } = await ask(line.url)
      await answer('Block')
      await expect
        .poll(() => events(page), patient)
        .toEqual(['connecting', expect.stringMatching(/^closed blocked: .*local network/)])
      await page.evaluate('new Promise((resolve) => setTimeout(resolve, 2_000))')
      expect([await page.evaluate('socket.status'), line.live]).toEqual(['closed', 0])
      expect(line.dials).toBeLessThanOrEqual(1)
    })
  })
})

describe('in Firefox', () => {
  test('a page that is being left dials no second connection and tells nothing', async ({
    site,
    launch,
    listen,
  }) => {
    const server = await listen()
    const { url, release } = await site()
    const page = await (await launch('firefox')).newPage()
    await page.goto(url)
    await page.evaluate(dial(server.url, '{ reconnect: { base: 0 } }'))
    const first = await server.connection()
    await expect.poll(() => events(page), patient).toEqual(['connecting', 'open'])
    // The next page is not sent yet: this one goes on to run.
    await page.evaluate(`setTimeout(() => { location.href = '/slow' }); undefined`)
    await first.closed
    // A turn of the event loop and more: whatever the end of the connection brings about has happened.
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 1_000))')
    expect(await events(page)).toEqual(['connecting', 'open'])
    expect(server.dials).toBe(1)
    release()
  })

  test('a hung attempt after many refused ones ends after the configured time', async ({
    site,
    launch,
    listen,
    proxy,
  }) => {
    const line = await proxy(await listen())
    line.answer = 'refuse'
    const { url } = await site()
    const page = await (await launch('firefox')).newPage()
    await page.goto(url)
    const options = '{ attemptTimeout: 4_000, reconnect: { base: 50, max: 50 } }'
    await page.evaluate(
      `waits = []; ${dial(line.url, options)}; socket.on('waiting', ({ close }) => waits.push(close.cause)); undefined`,
    )
    await expect.poll(() => page.evaluate<string[]>('waits.length'), patient).toBeGreaterThanOrEqual(8)
    line.answer = 'hang'
    await expect.poll(() => page.evaluate<string[]>('waits.at(-1)'), patient).toBe('timeout')
    line.answer = 'pass'
    await expect.poll(() => page.evaluate('socket.status'), patient).toBe('open')
  })
})

describe('a page that comes back from the bfcache', () => {
  const observed = `persisted = []; addEventListener('pageshow', (event) => { persisted.push(event.persisted) })`
  const received = `texts = []; socket.on('text', (text) => { texts.push(text) })`
  /** Only the return of the page can be what dials again. */
  const options = '{ reconnect: () => 600_000 }'

  // Firefox does not put a page into the bfcache while it has an open WebSocket: it loads the page anew.
  test('dials at once, in Firefox, if its socket was waiting when the page was left', async ({
    site,
    launch,
    listen,
  }) => {
    const server = await listen()
    const { url } = await site()
    const page = await (await launch('firefox')).newPage()
    await page.goto(url)
    await page.evaluate(`${observed}; ${dial(server.url, options)}; ${received}; undefined`)
    await expect.poll(() => page.evaluate('socket.status'), patient).toBe('open')
    const first = await server.connection()
    first.close(1012)
    await expect.poll(() => page.evaluate('socket.status'), patient).toBe('waiting')
    await page.evaluate(`setTimeout(() => { location.href = '/next' }); undefined`)
    await page.waitForURL('**/next', patient)
    expect(server.dials).toBe(1)
    await page.evaluate('setTimeout(() => history.back()); undefined')
    const second = await server.connection()
    second.send('news')
    await expect
      .poll(() => page.evaluate('[socket.status, persisted, texts]'), patient)
      .toEqual(['open', [true], ['news']])
    expect([server.dials, server.live.length]).toEqual([2, 1])
  })

  test('dials at once, in WebKitGTK, which has closed its connection meanwhile', async ({ site, listen }) => {
    const server = await listen()
    const { url } = await site()
    const page = await launchWebkit()
    try {
      await page.goto(url)
      await page.run(
        `globalThis.eval(arguments[0])`,
        `${observed}; ${dial(server.url, options)}; ${received}`,
      )
      await expect.poll(() => page.run('return socket.status'), patient).toBe('open')
      const first = await server.connection()
      await page.run(`setTimeout(() => { location.href = '/next' })`)
      await expect.poll(() => page.run('return location.pathname'), patient).toBe('/next')
      await first.closed
      expect(server.dials).toBe(1)
      await page.run('setTimeout(() => history.back())')
      const second = await server.connection()
      second.send('news')
      await expect
        .poll(
          () => page.run('return [location.pathname, window.socket?.status, window.persisted, window.texts]'),
          patient,
        )
        .toEqual(['/', 'open', [true], ['news']])
      expect([server.dials, server.live.length]).toEqual([2, 1])
    } finally {
      await page.close()
    }
  })
})

describe('in a hidden tab of Chromium, whose timers fire once a minute', { timeout: 240_000 }, () => {
  /** The minute begins after five minutes for users, and after a second here. */
  const throttled = ['--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1']

  test('nginx does not cut an idle connection, which pings as often as before', async ({
    site,
    listen,
    nginx,
  }) => {
    const server = await listen()
    server.answer('ping', 'pong')
    // Six times the interval, because the machine may be slow: with one ping a minute it would be cut as well.
    const proxied = await nginx({ port: server.port, readTimeout: '40s' })
    const { url } = await site()
    const { open, close } = await launchTabs(throttled)
    try {
      const tab = await open(url)
      await expect.poll(() => tab.run('typeof globalThis.Holdfast'), patient).toBe('object')
      await tab.run(
        dial(proxied.url, "{ heartbeat: { ping: 'ping', pong: 'pong', interval: 6_000, timeout: 30_000 } }"),
      )
      const { socket } = await server.connection()
      const pingedAt: number[] = []
      socket.on('message', () => pingedAt.push(Math.round(performance.now())))
      // Visible for long enough that a timer of the heartbeat could be the fifth of a chain when the tab is hidden.
      await expect.poll(() => pingedAt.length, patient).toBeGreaterThanOrEqual(4)
      await (await open('about:blank')).show()
      await expect.poll(() => tab.run('document.visibilityState'), patient).toBe('hidden')
      // A chain of timers, as a heartbeat of its own timers would be.
      await tab.run(`ticks = 0; (function tick() { ticks++; setTimeout(tick, 500) })(); undefined`)
      const beforeHidden = pingedAt.length
      await expect
        .poll(() => pingedAt.length - beforeHidden, { timeout: 150_000, interval: 1_000 })
        .toBeGreaterThanOrEqual(10)
      const gaps = pingedAt.slice(1).map((at, index) => at - (pingedAt[index] ?? 0))
      expect(
        await tab.run('events.filter((name) => name !== "pulse")'),
        `gaps between pings: ${gaps}`,
      ).toEqual(['connecting', 'open'])
      expect([server.dials, Math.max(...gaps) < 40_000], `gaps between pings: ${gaps}`).toEqual([1, true])
      // It was throttled: a timer every 500 ms would have fired more than 100 times.
      expect(await tab.run('ticks')).toBeLessThan(40)
    } finally {
      await close()
    }
  })

  test('a peer that goes silent is noticed within seconds', async ({ site, listen }) => {
    const server = await listen()
    server.answer('ping', 'pong')
    const { url } = await site()
    const { open, close } = await launchTabs(throttled)
    try {
      const tab = await open(url)
      await expect.poll(() => tab.run('typeof globalThis.Holdfast'), patient).toBe('object')
      await tab.run(`${dial(server.url, "{ heartbeat: { ping: 'ping', pong: 'pong', interval: 1_000, timeout: 3_000 } }")}
        ticks = 0; ticksAt = []; socket.on('pulse', () => ticksAt.push(ticks)); undefined`)
      await (await open('about:blank')).show()
      await expect.poll(() => tab.run('document.visibilityState'), patient).toBe('hidden')
      // A chain of timers, as a heartbeat of its own timers would be. Once it is throttled to one a minute, the heartbeat is
      // answered several times while the chain stands still.
      await tab.run(`(function tick() { ticks++; setTimeout(tick, 500) })(); undefined`)
      await expect
        .poll(() => tab.run('ticksAt.length > 5 && ticksAt.at(-1) - ticksAt.at(-5) <= 1'), {
          timeout: 90_000,
        })
        .toBe(true)
      const silences = () =>
        tab.run<number>('events.filter((name) => name.startsWith("waiting silent")).length')
      const before = await silences()
      const silent = Date.now()
      server.answer('ping', '')
      for (const peer of server.live) peer.socket.pause()
      await expect.poll(silences, patient).toBeGreaterThan(before)
      expect(Date.now() - silent).toBeLessThan(20_000)
    } finally {
      await close()
    }
  })
})
