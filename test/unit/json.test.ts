import { describe, expect, vi } from 'vitest'
import { z } from 'zod'
import { HOP, test, tick } from './stage.ts'

describe('sendJson', () => {
  test('sends the text of a value', async ({ server, open }) => {
    const { socket } = await open()
    expect(socket.sendJson({ name: 'Ann', tags: ['a', null, 1] })).toBe('sent')
    await tick(HOP)
    expect(server.received).toEqual(['{"name":"Ann","tags":["a",null,1]}'])
  })

  test('is queued as it was then', async ({ server, dial }) => {
    const { socket } = dial()
    const value = { n: 1 }
    expect(socket.sendJson(value)).toBe('queued')
    value.n = 2
    await tick(2 * HOP)
    expect(server.received).toEqual(['{"n":1}'])
  })

  test.for<[string, unknown]>([
    ['undefined', undefined],
    ['a function', () => {}],
    ['a bigint', 1n],
  ])('throws for %s, which has no JSON', async ([, value], { server, open }) => {
    const { socket } = await open()
    expect(() => socket.sendJson(value)).toThrow(TypeError)
    await tick(HOP)
    expect([server.received, socket.status]).toEqual([[], 'open'])
  })

  test('throws for a cycle', async ({ open }) => {
    const { socket } = await open()
    const cycle: unknown[] = []
    cycle.push(cycle)
    expect(() => socket.sendJson(cycle)).toThrow(TypeError)
  })

  test('writes with another codec', async ({ server, open }) => {
    const { socket } = await open({ stringify: (value) => `<${value}>` })
    socket.sendJson(1)
    await tick(HOP)
    expect(server.received).toEqual(['<1>'])
  })
})

describe('json', () => {
  test.for<[string, unknown]>([
    ['{"a":1}', { a: 1 }],
    ['[1,2]', [1, 2]],
    ['null', null],
    ['0', 0],
    ['""', ''],
    ['false', false],
  ])('is %s parsed', async ([text, value], { server, open }) => {
    const { socket } = await open()
    const heard: unknown[] = []
    socket.on('json', (message) => heard.push(message))
    server.send(text)
    await tick(HOP)
    expect(heard).toEqual([value])
  })

  test('is parsed once for all listeners, and not at all without one', async ({ server, open }) => {
    const parse = vi.fn(JSON.parse)
    const { socket } = await open({ parse })
    server.send('{}')
    await tick(HOP)
    expect(parse).not.toHaveBeenCalled()
    const heard: unknown[] = []
    socket.on('json', (message) => heard.push(message))
    const off = socket.on('json', (message) => heard.push(message))
    server.send('{}')
    await tick(HOP)
    expect(parse).toHaveBeenCalledOnce()
    expect(heard[0]).toBe(heard[1])
    off()
  })

  test('reads with another codec', async ({ server, open }) => {
    const { socket } = await open({ parse: (text) => text.toUpperCase() })
    const heard: unknown[] = []
    socket.on('json', (message) => heard.push(message))
    server.send('abc')
    await tick(HOP)
    expect(heard).toEqual(['ABC'])
  })

  test('that is malformed is emitted as invalid, and the next message comes', async ({ server, open }) => {
    const { socket, all, names } = await open()
    const heard: unknown[] = []
    socket.on('json', (message) => heard.push(message))
    server.send('{"a":')
    server.send('{"a":1}')
    await tick(HOP)
    expect(all('invalid')).toEqual([{ text: '{"a":', error: expect.any(SyntaxError) }])
    expect(heard).toEqual([{ a: 1 }])
    expect(names()).not.toContain('waiting')
  })

  test('that is malformed is no fault where nobody wants JSON', async ({ server, open }) => {
    const { all } = await open()
    server.send('plain words')
    await tick(HOP)
    expect(all('invalid')).toEqual([])
  })
})

describe('a schema', () => {
  const schema = z.object({ n: z.string().transform(Number) })

  test('validates, and gives what it makes of the message', async ({ server, open }) => {
    const { socket } = await open({ schema })
    const heard: { n: number }[] = []
    socket.on('json', (message) => heard.push(message))
    server.send('{"n":"42"}')
    await tick(HOP)
    expect(heard).toEqual([{ n: 42 }])
  })

  test('that does not match is emitted as invalid with its issues, and the next message comes', async ({
    server,
    open,
  }) => {
    const { socket, all } = await open({ schema })
    const heard: unknown[] = []
    socket.on('json', (message) => heard.push(message))
    server.send('{"n":1}')
    server.send('{"n":"1"}')
    await tick(HOP)
    expect(heard).toEqual([{ n: 1 }])
    expect(all('invalid')).toMatchObject([
      { text: '{"n":1}', error: { name: 'TypeError', cause: [{ path: ['n'] }] } },
    ])
  })

  test('that throws is emitted as invalid, and the next message comes', async ({ server, open }) => {
    let broken = true
    const { socket, all } = await open({
      schema: {
        '~standard': {
          validate: (value: unknown) => {
            if (broken) throw new Error('bug')
            return { value: value as object }
          },
        },
      },
    })
    const heard: unknown[] = []
    socket.on('json', (message) => heard.push(message))
    server.send('{}')
    await tick(HOP)
    broken = false
    server.send('[]')
    await tick(HOP)
    expect(all('invalid').map(({ error }) => error)).toEqual([new Error('bug')])
    expect(heard).toEqual([[]])
  })

  test('that is asynchronous is invalid: waiting for one message would let the next overtake it', async ({
    server,
    open,
  }) => {
    const { socket, all } = await open({
      schema: { '~standard': { validate: async (value: unknown) => ({ value }) } },
    })
    socket.on('json', () => {})
    server.send('{}')
    await tick(HOP)
    expect(all('invalid')).toMatchObject([{ error: expect.any(TypeError) }])
  })
})
