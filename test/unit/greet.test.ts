import { describe, expect, vi } from 'vitest'
import type { Greeting } from '../../src/index.ts'
import { HOP, test, tick } from './stage.ts'

const login = async ({ send, next }: Greeting) => {
  send('login')
  if ((await next()) !== 'welcome') throw new Error('not welcome')
}

describe('greet', () => {
  test('lets nobody through before the server has answered', async ({ server, dial }) => {
    const { socket, names } = dial({ greet: login })
    socket.on('open', () => socket.send('from open'))
    socket.send('queued')
    await tick(2 * HOP)
    expect(server.received).toEqual(['login'])
    expect([socket.status, names()]).toEqual(['connecting', ['connecting']])
    server.send('welcome')
    await tick(2 * HOP)
    expect(socket.status).toBe('open')
    expect(server.received).toEqual(['login', 'from open', 'queued'])
  })

  test('keeps what is sent meanwhile in the queue', async ({ dial, server }) => {
    const { socket } = dial({ greet: login })
    await tick(2 * HOP)
    expect(socket.send('not yet')).toBe('queued')
    expect(server.received).toEqual(['login'])
  })

  test('is asked on every connection', async ({ server, dial }) => {
    server.onMessage = (peer, data) => data === 'login' && peer.send('welcome')
    const { socket } = dial({ greet: login })
    await tick(10 * HOP)
    socket.reconnect()
    await tick(10 * HOP)
    expect(server.received).toEqual(['login', 'login'])
    expect(socket.status).toBe('open')
  })

  test('does not let its answers be messages', async ({ server, dial }) => {
    const { socket } = dial({ greet: login })
    const texts: string[] = []
    socket.on('text', (text) => texts.push(text))
    await tick(2 * HOP)
    server.send('welcome')
    server.send('first')
    await tick(2 * HOP)
    expect(texts).toEqual(['first'])
  })

  test('gives each question its frame, in order', async ({ server, dial }) => {
    const said: unknown[] = []
    dial({
      greet: async ({ next }) => {
        said.push(...(await Promise.all([next(), next(), next()])))
      },
    })
    await tick(HOP)
    for (const text of ['a', 'b', 'c']) server.send(text)
    await tick(HOP)
    expect(said).toEqual(['a', 'b', 'c'])
  })

  test('hands over, in order, the frames that it did not ask for', async ({ server, dial }) => {
    let pass = () => {}
    const { socket } = dial({
      greet: () =>
        new Promise<void>((resolve) => {
          pass = resolve
        }),
    })
    const said: string[] = []
    socket.on('open', () => said.push('open'))
    socket.on('text', (text) => said.push(text))
    await tick(HOP)
    for (const text of ['a', 'b', 'c']) server.send(text)
    await tick(HOP)
    pass()
    await tick(0)
    server.send('d')
    await tick(HOP)
    expect(said).toEqual(['open', 'a', 'b', 'c', 'd'])
  })

  test('may be synchronous', async ({ server, dial }) => {
    const { socket } = dial({ greet: ({ send }) => send('hello') })
    await tick(2 * HOP)
    expect([socket.status, server.received]).toEqual(['open', ['hello']])
  })
})

describe('a greeting that fails', () => {
  test('is a refused attempt, with its error', async ({ server, dial }) => {
    const { last, names } = dial({ greet: login })
    await tick(2 * HOP)
    server.send('go away')
    await tick(HOP)
    expect(names()).toEqual(['connecting', 'waiting'])
    expect(last('waiting')?.close).toMatchObject({
      code: 1006,
      wasClean: false,
      cause: 'refused',
      error: new Error('not welcome'),
    })
    await tick(2 * HOP)
    expect(server.sockets).toEqual([])
  })

  test('may throw at once', async ({ dial }) => {
    const { last } = dial({
      greet: () => {
        throw new Error('no')
      },
    })
    await tick(HOP)
    expect(last('waiting')?.close).toMatchObject({ cause: 'refused', error: new Error('no') })
  })

  test('keeps the queue for the next attempt', async ({ server, dial }) => {
    let attempt = 0
    const { socket } = dial({
      greet: () => {
        if (attempt++ === 0) throw new Error('no')
      },
    })
    socket.send('kept')
    await tick(1_000 + 3 * HOP)
    expect(server.received).toEqual(['kept'])
  })

  test('is ended by the timeout of the attempt, and told through its signal', async ({ server, dial }) => {
    let signal: AbortSignal | undefined
    const rejected = vi.fn()
    const { last } = dial({
      greet: async (greeting) => {
        signal = greeting.signal
        await greeting.next().catch((error) => {
          rejected(error)
          throw error
        })
      },
    })
    await tick(10_000)
    expect(last('waiting')?.close.cause).toBe('timeout')
    expect(signal?.aborted).toBe(true)
    expect(rejected).toHaveBeenCalledOnce()
    await tick(2 * HOP)
    expect(server.live.length).toBe(0)
  })
})

describe('while greet runs', () => {
  test('the server may close the connection', async ({ server, dial }) => {
    const { last, names } = dial({ greet: login })
    await tick(2 * HOP)
    server.hangUp(1011, 'full')
    await tick(HOP)
    expect(last('waiting')?.close).toMatchObject({ code: 1011, reason: 'full', cause: 'peer' })
    expect(names()).toEqual(['connecting', 'waiting'])
  })

  test('a final code of the server ends it', async ({ server, dial }) => {
    const { socket } = dial({ greet: login })
    await tick(2 * HOP)
    server.hangUp(4403, 'bad token')
    await tick(HOP)
    expect(socket.status).toBe('closed')
  })

  test('close() ends it, and a greeting that is done later opens nothing', async ({ dial }) => {
    let pass = () => {}
    const { socket, names } = dial({
      greet: () =>
        new Promise<void>((resolve) => {
          pass = resolve
        }),
    })
    await tick(2 * HOP)
    socket.close()
    pass()
    await tick(10 * HOP)
    expect(names()).toEqual(['connecting', 'closed'])
  })
})
