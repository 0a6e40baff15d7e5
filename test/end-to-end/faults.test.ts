import { join } from 'node:path'
import type { Page } from 'playwright'
import { describe, expect } from 'vitest'
import type { Closed, PingOptions, Socket } from '../../src/index.ts'
import { test } from '../support/chromium.ts'

interface Heard {
  name: string
  close?: Closed
  at: number
}
/** What can be handed to a page. */
interface Settings {
  heartbeat?: PingOptions & { ping: string; pong: string }
  attemptTimeout?: number
}
declare const Holdfast: { Socket: typeof Socket }
declare let heard: Heard[]
declare let socket: Socket

const bundle = join(import.meta.dirname, '../../dist/holdfast.umd.min.js')

/** A page of the server's own origin. `ws` answers 426, which is page enough; `about:blank` may not dial 127.0.0.1. */
const origin = ({ port }: { port: number }) => `http://127.0.0.1:${port}/`

/** Dials from a plain page with a script tag. Returns a function that reads what was received there so far. */
async function dial(page: Page, url: string, options: Settings = {}): Promise<() => Promise<Heard[]>> {
  await page.addScriptTag({ path: bundle })
  const dialHere = ({ url, options }: { url: string; options: Settings }) => {
    const socket = new Holdfast.Socket(url, { reconnect: { base: 50, max: 50 }, ...options })
    Object.assign(globalThis, { heard: [], socket })
    for (const name of ['open', 'waiting', 'closed'] as const) {
      socket.on(name, (value) => {
        const { close } = value as { close?: Closed }
        heard.push({ name, at: performance.now(), ...(close && { close }) })
      })
    }
  }
  await page.evaluate(dialHere, { url, options })
  return () => page.evaluate(() => heard)
}

const names = async (look: () => Promise<Heard[]>) => (await look()).map(({ name }) => name)

describe('in a real Chromium, a connection', () => {
  test.for(['reset', 'fin', 'cutMidFrame'] as const)(
    'that ends by %s is healed',
    async (how, { listen, proxy, visit }) => {
      const server = await listen()
      const line = await proxy(server)
      const look = await dial(await visit(origin(server)), line.url)
      const peer = await server.connection()
      await expect.poll(() => names(look)).toEqual(['open'])
      line[how](50)
      peer.send('x'.repeat(1_000))
      await expect.poll(() => names(look)).toEqual(['open', 'waiting', 'open'])
      expect((await look())[1]?.close).toMatchObject({ code: 1006, cause: 'peer', wasClean: false })
      expect(line.live).toBe(1)
    },
  )

  test('that is dead is dropped within interval + timeout + 0.5 s', async ({ listen, proxy, visit }) => {
    const server = await listen()
    const line = await proxy(server)
    const heartbeat = { ping: 'ping', pong: 'pong', interval: 600, timeout: 300 }
    const look = await dial(await visit(origin(server)), line.url, { heartbeat, attemptTimeout: 500 })
    await expect.poll(() => names(look)).toEqual(['open'])
    line.hole = 'both'
    await expect.poll(() => names(look)).toContain('waiting')
    const [open, waiting] = await look()
    expect(waiting?.close).toMatchObject({ cause: 'silent', code: 1006 })
    expect((waiting?.at ?? 0) - (open?.at ?? 0)).toBeLessThan(600 + 300 + 500)
    // The next attempt may have fallen into the hole as well.
    line.hole = 'none'
    await expect.poll(async () => (await names(look)).at(-1)).toBe('open')
  })

  test('that is busy with a long upload is not silent', async ({ listen, proxy, visit }) => {
    const server = await listen()
    server.answer('ping', 'pong')
    const line = await proxy(server)
    // What the kernel holds of it still has to leave after the browser has nothing left: about 4 s of it.
    const heartbeat = { ping: 'ping', pong: 'pong', interval: 500, timeout: 4_000 }
    const page = await visit(origin(server))
    const look = await dial(page, line.url, { heartbeat })
    const peer = await server.connection()
    await expect.poll(() => names(look)).toEqual(['open'])
    line.rate = 2_000_000
    const since = Date.now()
    await page.evaluate(() => void socket.send(new Uint8Array(20_000_000)))
    await peer.message()
    expect(Date.now() - since).toBeGreaterThan(500 + 4_000 + 500)
    expect(await names(look)).toEqual(['open'])
  })

  // Takes 14 s at 300 kB/s, and 40 s at 100 kB/s: longer than the default heartbeat waits for an answer.
  test('delivers 4 MB over a slow link, in either direction, with the default heartbeat', {
    timeout: 600_000,
  }, async ({ listen, proxy, visit }) => {
    const SIZE = 4_000_000
    const server = await listen()
    server.answer('ping', 'pong')
    const page = await visit(origin(server))
    await page.addScriptTag({ path: bundle })
    const transfer = async (direction: 'up' | 'down', rate: number) => {
      const server = await listen()
      server.answer('ping', 'pong')
      const line = await proxy(server)
      line[direction === 'up' ? 'rate' : 'downRate'] = rate
      const serveNext = async (): Promise<void> => {
        const peer = await server.connection()
        if (direction === 'down') peer.send(new Uint8Array(SIZE))
        peer.socket.on(
          'message',
          (data: Buffer, isBinary: boolean) => isBinary && peer.send(`${data.length}`),
        )
        return serveNext()
      }
      void serveNext()
      const size = await page.evaluate(
        ({ url, direction, size }) =>
          new Promise<number>((resolve) => {
            const socket = new Holdfast.Socket(url, {
              binaryType: 'arraybuffer',
              queue: { bytes: size },
              heartbeat: { ping: 'ping', pong: 'pong' },
            })
            // Again on every connection: if the heartbeat ended one during the upload, its message was lost.
            if (direction === 'up') socket.on('open', () => socket.send(new Uint8Array(size)))
            socket.on('text', (length) => resolve(Number(length)))
            socket.on('binary', (data) => resolve((data as ArrayBuffer).byteLength))
          }),
        { url: line.url, direction, size: SIZE },
      )
      return { size, dials: line.dials }
    }
    const transfers = (['up', 'down'] as const).flatMap((direction) => [
      transfer(direction, 300_000),
      transfer(direction, 100_000),
    ])
    for (const { size, dials } of await Promise.all(transfers)) {
      expect(size).toBe(SIZE)
      expect(dials).toBeLessThan(5)
    }
  })
})

describe('in a real Chromium, an attempt', () => {
  // A hung handshake blocks the next one to the same host and port until it is closed.
  test('that hangs is dropped, and does not block the next', async ({ listen, proxy, visit }) => {
    const server = await listen()
    const line = await proxy(server)
    line.answer = 'hang'
    const look = await dial(await visit(origin(server)), line.url, { attemptTimeout: 400 })
    await expect.poll(() => names(look)).toContain('waiting')
    expect((await look())[0]?.close).toMatchObject({ cause: 'timeout' })
    line.answer = 'pass'
    await expect.poll(() => names(look)).toContain('open')
  })

  test.for(['refuse', { status: 401 }, { status: 503 }] as const)(
    'answered with %j is a 1006 like any other, and is made again',
    async (answer, { listen, proxy, visit }) => {
      const server = await listen()
      const line = await proxy(server)
      line.answer = answer
      const look = await dial(await visit(origin(server)), line.url)
      await expect.poll(() => names(look)).toContain('waiting')
      expect((await look())[0]?.close).toMatchObject({ code: 1006, reason: '', cause: 'peer' })
      line.answer = 'pass'
      await expect.poll(() => names(look)).toContain('open')
    },
  )
})
