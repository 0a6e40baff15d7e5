import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { type Closed, type Options, Socket } from '../../src/index.ts'
import { test as base } from '../support/fixtures.ts'

/*
 * The faults of other libraries, each on real sockets, or, where only a browser's own socket would show it, in
 * test/unit/faults.test.ts.
 */

interface Fixtures {
  /** A socket that is closed after the test; it retries soon, so that no test waits long. */
  dial: (url: ConstructorParameters<typeof Socket>[0], options?: Options) => Socket
}

const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  dial: async ({}, use) => {
    const sockets: Socket[] = []
    await use((url, options = {}) => {
      const socket = new Socket(url, { WebSocket, reconnect: { base: 20, max: 20 }, ...options })
      sockets.push(socket)
      return socket
    })
    for (const socket of sockets) socket.close()
  },
})

const next = <Name extends Parameters<Socket['on']>[0]>(socket: Socket, name: Name) =>
  new Promise<Parameters<Parameters<typeof socket.on<Name>>[1]>[0]>((resolve) => {
    const off = socket.on(name, (value) => {
      off()
      resolve(value)
    })
  })

const ms = (time: number) => new Promise((resolve) => setTimeout(resolve, time))

describe('a silent peer goes unnoticed, or is noticed and then waited for:', () => {
  test('not here, where the line turns into a black hole', async ({ listen, proxy, dial }) => {
    const line = await proxy(await listen())
    const socket = dial(line.url, { heartbeat: { ping: 'ping', interval: 300, timeout: 200 } })
    await socket.opened()
    line.hole = 'both'
    const since = performance.now()
    const { close } = await next(socket, 'waiting')
    const took = performance.now() - since
    expect(close).toMatchObject({ code: 1006, wasClean: false, cause: 'silent' })
    expect(took).toBeGreaterThan(200)
    expect(took).toBeLessThan(300 + 200 + 500)
    line.hole = 'none'
    await socket.opened()
  })
})

describe('accept-then-close hammers the server: counter reset on open', () => {
  test('at most 5 dials in 3 s, on real sockets', async ({ listen, dial }) => {
    const server = await listen()
    const hangUp = async () => {
      for (;;) (await server.connection()).close(1011)
    }
    void hangUp()
    dial(server.url, { reconnect: {} })
    await ms(3_000)
    expect(server.dials).toBeGreaterThan(0)
    expect(server.dials).toBeLessThanOrEqual(5)
  })
})

test('the URL (token) provider rejects or never settles: dead or hung for good? Neither', async ({
  listen,
  dial,
}) => {
  const server = await listen()
  const answers = [
    () => Promise.reject(new Error('no token')),
    () => new Promise<string>(() => {}),
    () => server.url,
  ]
  const socket = dial(() => answers.shift()?.() ?? server.url, { attemptTimeout: 50 })
  const causes: string[] = []
  socket.on('waiting', ({ close }) => causes.push(close.cause))
  await socket.opened()
  expect(causes).toEqual(['url', 'timeout'])
})

test('`reconnect()` during backoff does nothing; connect lock stuck for ever? It dials at once', async ({
  listen,
  dial,
}) => {
  const server = await listen()
  const socket = dial(server.url, { reconnect: () => 60_000 })
  ;(await server.connection()).vanish()
  await next(socket, 'waiting')
  socket.reconnect()
  await socket.opened()
  expect(server.dials).toBe(2)
})

test('`close()` during backoff still reconnects? Never', async ({ listen, dial }) => {
  const server = await listen()
  const socket = dial(server.url)
  ;(await server.connection()).vanish()
  await next(socket, 'waiting')
  socket.close()
  await ms(100)
  expect([server.dials, socket.status]).toEqual([1, 'closed'])
})

test('two live sockets after offline/online or a double reconnect; late events of the old socket hit the new one? Neither', async ({
  listen,
  dial,
}) => {
  const server = await listen()
  const socket = dial(server.url)
  const texts: string[] = []
  socket.on('text', (text) => texts.push(text))
  await socket.opened()
  const old = await server.connection()
  old.send('of the old')
  socket.reconnect()
  socket.reconnect()
  await socket.opened()
  await old.closed
  await expect.poll(() => server.live.length).toBe(1)
  server.live[0]?.send('of the new')
  await next(socket, 'text')
  expect(texts).toEqual(['of the new'])
})

test('close data invented (1000, wasClean) for a failed connect, so "do not retry on 1000" stops at once? The truth: 1006', async ({
  listen,
  proxy,
  dial,
}) => {
  const line = await proxy(await listen())
  line.answer = { status: 503 }
  const closes: Closed[] = []
  const socket = dial(line.url, { final: [1000] })
  socket.on('waiting', ({ close }) => closes.push(close))
  await next(socket, 'waiting')
  line.answer = 'refuse'
  await next(socket, 'waiting')
  line.answer = 'pass'
  await socket.opened()
  for (const close of closes) expect(close).toMatchObject({ code: 1006, wasClean: false, cause: 'peer' })
})

test('`close(1001)` swallowed, server connection left open? It throws, and what is allowed reaches the server', async ({
  listen,
  dial,
}) => {
  const server = await listen()
  const socket = dial(server.url)
  await socket.opened()
  const peer = await server.connection()
  expect(() => socket.close(1001)).toThrow(expect.objectContaining({ name: 'InvalidAccessError' }))
  expect(socket.status).toBe('open')
  socket.close(4001, 'bye')
  expect(await peer.closed).toEqual({ code: 4001, reason: 'bye' })
})

test('close reason cut by characters, not bytes: `close()` throws? 123 bytes arrive whole, 124 are refused before anything happens', async ({
  listen,
  dial,
}) => {
  const server = await listen()
  const socket = dial(server.url)
  await socket.opened()
  const peer = await server.connection()
  expect(() => socket.close(4000, '€'.repeat(42))).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
  expect(socket.status).toBe('open')
  socket.close(4000, '€'.repeat(41))
  expect((await peer.closed).reason).toBe('€'.repeat(41))
})

test('binary view over a larger buffer: wrong bytes? Its own bytes, sent or queued', async ({
  listen,
  dial,
}) => {
  const server = await listen()
  const whole = new Uint8Array([0, 1, 2, 3, 4, 5])
  const socket = dial(server.url)
  expect(socket.send(whole.subarray(1, 3))).toBe('queued')
  whole.fill(7, 1, 3)
  await socket.opened()
  expect(socket.send(new DataView(whole.buffer, 4, 2))).toBe('sent')
  const peer = await server.connection()
  expect([...((await peer.message()) as Buffer)]).toEqual([1, 2])
  expect([...((await peer.message()) as Buffer)]).toEqual([4, 5])
})

test('queued data sent before the auth message of the `open` listener? After it, and after a gate', async ({
  listen,
  dial,
}) => {
  const server = await listen()
  const socket = dial(server.url, {
    greet: async ({ send, next }) => {
      send('login')
      await next()
    },
  })
  socket.on('open', () => socket.send('auth'))
  socket.send('queued')
  const peer = await server.connection()
  expect(await peer.message()).toBe('login')
  peer.send('welcome')
  expect([await peer.message(), await peer.message()]).toEqual(['auth', 'queued'])
})

test('`binaryType` lost on reconnect? Kept', async ({ listen, dial }) => {
  const server = await listen()
  const socket = dial(server.url)
  socket.binaryType = 'arraybuffer'
  await socket.opened()
  ;(await server.connection()).vanish()
  const peer = await server.connection()
  peer.send(new Uint8Array([1]))
  expect(await next(socket, 'binary')).toBeInstanceOf(ArrayBuffer)
})

test('one malformed JSON message kills the stream? It is told, and the next one comes', async ({
  listen,
  dial,
}) => {
  const server = await listen()
  const socket = dial(server.url)
  await socket.opened()
  const peer = await server.connection()
  const json = next(socket, 'json')
  const invalid = next(socket, 'invalid')
  peer.send('{"half":')
  peer.send('{"whole":true}')
  expect((await invalid).error).toBeInstanceOf(SyntaxError)
  expect(await json).toEqual({ whole: true })
})

test('events fire after close(); timers survive close()? Nothing is heard, and the process may end', async ({
  listen,
}) => {
  const server = await listen()
  const path = new URL('../../src/index.ts', import.meta.url)
  const script = `
    import { WebSocket } from 'ws'
    import { Socket } from '${path}'
    const socket = new Socket('${server.url}', { WebSocket, heartbeat: { ping: 'ping' } })
    await socket.opened()
    for (const name of ['message', 'waiting', 'closed']) socket.on(name, () => console.log(name))
    socket.close()
  `
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script])
  let said = ''
  child.stdout.on('data', (data) => {
    said += data
  })
  const [code] = await once(child, 'exit')
  expect([code, said]).toEqual([0, 'closed\n'])
})

test('import crashes where there is no `window` / `WebSocket`? The built module does not, and says what is missing when it dials', async () => {
  const dist = new URL('../../dist/index.js', import.meta.url)
  expect(existsSync(dist), 'The build is missing: run "npm run build" first').toBe(true)
  const script = `
    delete globalThis.WebSocket
    const { Socket } = await import('${dist}')
    const socket = new Socket('ws://127.0.0.1/')
    console.log(socket.status)
    socket.on('closed', ({ cause, error }) => console.log(cause, error.name, error.message))
  `
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script])
  let said = ''
  child.stdout.on('data', (data) => {
    said += data
  })
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(said).toMatch(/^connecting\nrefused TypeError holdfast: there is no global WebSocket here\./)
})

describe('on a line that is', () => {
  test('cut in the middle of a frame, the half frame is nobody’s message, and the socket heals', async ({
    listen,
    proxy,
    dial,
  }) => {
    const server = await listen()
    const line = await proxy(server)
    const socket = dial(line.url)
    const texts: string[] = []
    socket.on('text', (text) => texts.push(text))
    await socket.opened()
    const peer = await server.connection()
    line.cutMidFrame(100)
    peer.send('x'.repeat(1_000))
    expect((await next(socket, 'waiting')).close).toMatchObject({ code: 1006, wasClean: false })
    await socket.opened()
    expect(texts).toEqual([])
  })

  test.for(['reset', 'fin'] as const)(
    'ended by %s, the socket heals',
    async (how, { listen, proxy, dial }) => {
      const line = await proxy(await listen())
      const socket = dial(line.url)
      await socket.opened()
      line[how]()
      expect((await next(socket, 'waiting')).close).toMatchObject({ code: 1006, wasClean: false })
      await socket.opened()
      await expect.poll(() => line.live).toBe(1)
    },
  )

  test('hung in the handshake, the attempt ends, and is closed before the next', async ({
    listen,
    proxy,
    dial,
  }) => {
    const server = await listen()
    const line = await proxy(server)
    line.answer = 'hang'
    const socket = dial(line.url, { attemptTimeout: 100 })
    expect((await next(socket, 'waiting')).close.cause).toBe('timeout')
    line.answer = 'pass'
    await socket.opened()
    expect([server.dials, server.live.length]).toEqual([1, 1])
  })
})
