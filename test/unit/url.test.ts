import { describe, expect, vi } from 'vitest'
import { HOP, test, tick } from './stage.ts'

describe('the url', () => {
  test('may be a URL', async ({ server, open }) => {
    const { socket, last } = await open({}, new URL(server.url))
    expect([socket.status, last('connecting')?.url]).toEqual(['open', server.url])
  })

  test('may be an http address', async ({ server, open }) => {
    const { socket } = await open({}, server.url.replace('ws:', 'http:'))
    expect(socket.status).toBe('open')
  })

  test('may be a function that is called again for every attempt', async ({ server, open }) => {
    let token = 0
    const { socket, all } = await open({}, () => `${server.url}?token=${++token}`)
    socket.reconnect()
    await tick(2 * HOP)
    expect(all('connecting').map(({ url }) => url)).toEqual([
      `${server.url}?token=1`,
      `${server.url}?token=2`,
    ])
  })

  test('may be promised', async ({ server, dial }) => {
    const { socket } = dial({}, async () => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      return server.url
    })
    await tick(99)
    expect([socket.status, server.dials]).toEqual(['connecting', 0])
    await tick(1 + HOP)
    expect(socket.status).toBe('open')
  })

  test.for<[string, () => never | Promise<never> | string]>([
    [
      'throws',
      () => {
        throw new Error('no token')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no token'))],
  ])('whose function %s is a failed attempt, and is asked again', async ([, provide], { server, dial }) => {
    let provider: () => string | Promise<string> = provide
    const { last, socket } = dial({}, () => provider())
    await tick(HOP)
    expect(last('waiting')?.close).toMatchObject({
      code: 1006,
      wasClean: false,
      cause: 'url',
      error: new Error('no token'),
    })
    provider = () => server.url
    await tick(1_000 + HOP)
    expect(socket.status).toBe('open')
  })

  test('that rejects where the subprotocols throw is one failed attempt, and no unhandled rejection', async ({
    dial,
  }) => {
    const protocols = () => {
      throw new Error('no subprotocols')
    }
    const { all } = dial({ protocols }, () => Promise.reject(new Error('no token')))
    await tick(HOP)
    expect(all('waiting').map(({ close }) => close.cause)).toEqual(['url'])
  })

  test('whose function gives nothing usable is a failed attempt', async ({ server, dial }) => {
    const { last } = dial({}, () => 'ftp://nowhere')
    await tick(HOP)
    expect(last('waiting')?.close).toMatchObject({ error: { name: 'SyntaxError' } })
    expect(server.dials).toBe(0)
  })

  test('whose function never settles is ended by the timeout, and told through its signal', async ({
    server,
    dial,
  }) => {
    const signals: AbortSignal[] = []
    const { last } = dial({}, ({ signal }) => {
      signals.push(signal)
      return new Promise<string>(() => {})
    })
    await tick(10_000)
    expect(last('waiting')?.close.cause).toBe('timeout')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(server.dials).toBe(0)
  })

  test.for(['close', 'reconnect'] as const)(
    'whose function is still at work hears of %s through its signal',
    async (method, { dial }) => {
      const signals: AbortSignal[] = []
      const { socket } = dial({}, ({ signal }) => {
        signals.push(signal)
        return new Promise<string>(() => {})
      })
      await tick(1)
      socket[method]()
      expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    },
  )

  test('whose function closes the socket dials nothing more', async ({ server, open }) => {
    let again = false
    const { socket, names } = await open({}, () => {
      if (again) socket.close()
      return server.url
    })
    again = true
    socket.reconnect()
    await tick(60_000)
    expect([server.dials, socket.status, names().at(-1)]).toEqual([1, 'closed', 'closed'])
    expect(server.sockets).toEqual([])
  })

  test('is not asked for an attempt that was over at once', async ({ server, dial }) => {
    const provide = vi.fn(() => server.url)
    const { socket } = dial({}, provide)
    socket.close()
    await tick(HOP)
    expect(provide).not.toHaveBeenCalled()
  })

  test('that comes after its attempt was over dials nothing', async ({ server, dial }) => {
    let give = (_: string) => {}
    const provide = vi.fn(
      () =>
        new Promise<string>((resolve) => {
          give = resolve
        }),
    )
    const { socket } = dial({}, provide)
    socket.close()
    give(server.url)
    await tick(10_000)
    expect([server.dials, socket.status]).toEqual([0, 'closed'])
  })
})

describe('the token of the first attempt', () => {
  test('is not used for the second', async ({ server, dial }) => {
    const answers: ((url: string) => void)[] = []
    const { socket, all } = dial(
      {},
      () =>
        new Promise<string>((resolve) => {
          answers.push(resolve)
        }),
    )
    await tick(1)
    socket.reconnect()
    await tick(1)
    expect(answers).toHaveLength(2)
    answers[0]?.(`${server.url}?old`)
    await tick(1)
    answers[1]?.(`${server.url}?new`)
    await tick(HOP)
    expect(all('connecting').map(({ url }) => url)).toEqual([`${server.url}?new`])
    expect([socket.status, server.dials]).toEqual(['open', 1])
  })
})
