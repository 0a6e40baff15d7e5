import { describe, expect, vi } from 'vitest'
import { HOP, test, tick } from './stage.ts'

describe('a listener', () => {
  test('that throws is reported, and starves nobody', async ({ server, open, reports }) => {
    const { socket } = await open()
    const bug = new Error('bug')
    const heard: string[] = []
    socket.on('text', () => {
      throw bug
    })
    socket.on('text', (text) => heard.push(text))
    server.send('a')
    server.send('b')
    await tick(HOP)
    expect(heard).toEqual(['a', 'b'])
    expect(reports()).toEqual([bug, bug])
    expect(socket.status).toBe('open')
  })

  test('that throws where the report throws as well starves nobody either', async ({ server, open }) => {
    vi.stubGlobal('reportError', () => {
      throw new Error('the report')
    })
    const { socket } = await open()
    const heard: string[] = []
    socket.on('text', () => {
      throw new Error('bug')
    })
    socket.on('text', (text) => heard.push(text))
    server.send('a')
    server.send('b')
    await tick(HOP)
    expect(heard).toEqual(['a', 'b'])
    expect(socket.status).toBe('open')
  })

  test.for(['connecting', 'open', 'waiting', 'closed'] as const)(
    'of %s that throws does not stop the reconnecting',
    async (name, { server, dial, reports }) => {
      const { socket } = dial()
      socket.on(name, () => {
        throw new Error(name)
      })
      await tick(HOP)
      server.vanish()
      await tick(1_000 + 2 * HOP)
      expect([socket.status, server.dials]).toEqual(['open', 2])
      socket.close()
      expect(socket.status).toBe('closed')
      expect(reports()).not.toEqual([])
    },
  )

  test('that takes itself back does not make the next one miss the event', async ({ server, open }) => {
    const { socket } = await open()
    const heard: string[] = []
    const off = socket.on('text', (text) => {
      heard.push(`first ${text}`)
      off()
    })
    socket.on('text', (text) => heard.push(`second ${text}`))
    server.send('a')
    server.send('b')
    await tick(HOP)
    expect(heard).toEqual(['first a', 'second a', 'second b'])
  })

  test('that is taken back during the event, before its turn, hears nothing', async ({ server, open }) => {
    const { socket } = await open()
    const heard: string[] = []
    socket.on('text', () => off())
    const off = socket.on('text', (text) => heard.push(text))
    server.send('a')
    await tick(HOP)
    expect(heard).toEqual([])
  })

  test('that is added during the event hears the next one', async ({ server, open }) => {
    const { socket } = await open()
    const heard: string[] = []
    let added = false
    socket.on('text', () => {
      if (!added) socket.on('text', (text) => heard.push(text))
      added = true
    })
    server.send('a')
    server.send('b')
    await tick(HOP)
    expect(heard).toEqual(['b'])
  })

  test('registered twice is called twice, and each unsubscribe function removes one', async ({
    server,
    open,
  }) => {
    const { socket } = await open()
    const heard: string[] = []
    const listener = (text: string) => heard.push(text)
    const off = socket.on('text', listener)
    socket.on('text', listener)
    server.send('a')
    await tick(HOP)
    off()
    off()
    server.send('b')
    await tick(HOP)
    expect(heard).toEqual(['a', 'a', 'b'])
  })
})

test('all listeners hear the same order, also of what a listener causes', async ({ server, open }) => {
  const { socket } = await open()
  const orders: string[][] = [[], []]
  orders.forEach((order, index) => {
    for (const name of ['waiting', 'connecting', 'open', 'closed'] as const)
      socket.on(name, () => {
        order.push(name)
        if (index === 0 && name === 'waiting') socket.close()
      })
  })
  server.vanish()
  await tick(10_000)
  expect(orders[0]).toEqual(['waiting', 'closed'])
  expect(orders[1]).toEqual(orders[0])
})

test('every frame is emitted as it came, then by kind', async ({ server, open }) => {
  const { socket } = await open()
  const order: string[] = []
  socket.on('json', (value) => order.push(`json ${JSON.stringify(value)}`))
  socket.on('text', (text) => order.push(`text ${text}`))
  socket.on('message', ({ data }) => order.push(`message ${typeof data}`))
  socket.on('binary', () => order.push('binary'))
  server.send('{}')
  server.send(new Uint8Array(1))
  await tick(HOP)
  expect(order).toEqual(['message string', 'text {}', 'json {}', 'message object', 'binary'])
})

test('the value of message is the native event itself', async ({ server, open }) => {
  const { socket } = await open()
  const native: Event[] = []
  const told: Event[] = []
  server.sockets[0]?.addEventListener('message', (event) => native.push(event))
  socket.on('message', (event) => told.push(event))
  server.send('a')
  await tick(HOP)
  expect(told).toHaveLength(1)
  expect(told[0]).toBe(native[0])
})

describe('off', () => {
  test('called during an event keeps the listener from receiving it', async ({ server, open }) => {
    const { socket } = await open()
    const received: string[] = []
    const listener = (text: string) => received.push(text)
    socket.on('text', () => socket.off('text', listener))
    socket.on('text', listener)
    server.send('a')
    await tick(HOP)
    expect(received).toEqual([])
  })

  test('removes the listener from its signal too', async ({ open }) => {
    const { socket } = await open()
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, 'removeEventListener')
    const listener = () => {}
    socket.on('text', listener, { signal })
    socket.off('text', listener)
    expect(removed).toHaveBeenCalledOnce()
  })
})
