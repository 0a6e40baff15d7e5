import { describe, expect, vi } from 'vitest'
import { HOP, test, tick } from './stage.ts'

describe('close()', () => {
  test('tells the server the code and the reason', async ({ server, open }) => {
    const { socket, last } = await open()
    const { peer } = server
    socket.close(4001, 'bye')
    await tick(HOP)
    expect(peer.closed).toEqual({ code: 4001, reason: 'bye' })
    expect(last('closed')).toMatchObject({ code: 4001, reason: 'bye', cause: 'user' })
  })

  test('sends 1000 by default', async ({ server, open }) => {
    const { socket } = await open()
    const { peer } = server
    socket.close()
    await tick(HOP)
    expect(peer.closed).toEqual({ code: 1000, reason: '' })
  })

  test('emits closed at once, and once', async ({ open }) => {
    const { socket, names } = await open()
    socket.close()
    expect([socket.status, names()]).toEqual(['closed', ['connecting', 'open', 'closed']])
    socket.close()
    await tick(70_000)
    expect(names()).toEqual(['connecting', 'open', 'closed'])
  })

  test('ends a backoff for good', async ({ server, open }) => {
    const { socket, names } = await open()
    server.vanish()
    await tick(HOP)
    socket.close()
    await tick(600_000)
    expect([server.dials, names().at(-1), vi.getTimerCount()]).toEqual([1, 'closed', 0])
  })

  test('ends an attempt, whose success then reaches nobody', async ({ server, dial }) => {
    const { socket, names } = dial()
    await tick(HOP - 1)
    socket.close()
    await tick(10_000)
    expect(names()).toEqual(['connecting', 'closed'])
    expect([server.sockets.length, vi.getTimerCount()]).toEqual([0, 0])
  })

  test('before the attempt has begun dials nothing', async ({ server, dial }) => {
    const { socket, names } = dial()
    socket.close()
    await tick(10_000)
    expect([server.dials, names()]).toEqual([0, ['closed']])
  })

  test('of an idle socket closes it', async ({ dial }) => {
    const { socket, names } = dial({ autoOpen: false })
    socket.close()
    expect([socket.status, names()]).toEqual(['closed', ['closed']])
  })

  test('is silent afterwards, whatever the server still says', async ({ server, open }) => {
    const { socket, names } = await open()
    const texts = vi.fn()
    socket.on('text', texts)
    server.send('on its way')
    socket.close()
    server.send('late')
    server.hangUp(1011)
    await tick(70_000)
    expect(texts).not.toHaveBeenCalled()
    expect(names()).toEqual(['connecting', 'open', 'closed'])
  })

  test('stops the rest of a frame when a listener calls it', async ({ server, open }) => {
    const { socket } = await open()
    const later = vi.fn()
    socket.on('message', () => socket.close())
    socket.on('text', later)
    socket.on('json', later)
    server.send('{}')
    await tick(HOP)
    expect(later).not.toHaveBeenCalled()
  })

  test('lets open() start again, as new', async ({ server, open }) => {
    const { socket, names, last } = await open()
    socket.close()
    socket.open()
    await tick(2 * HOP)
    expect([server.live.length, socket.status]).toEqual([1, 'open'])
    expect(names()).toEqual(['connecting', 'open', 'closed', 'connecting', 'open'])
    expect(last('open')?.reconnected).toBe(false)
  })

  test('forgets the failures before it', async ({ server, dial }) => {
    server.refuse()
    const { socket, last } = dial()
    await tick(10_000)
    socket.close()
    socket.open()
    await tick(HOP)
    expect(last('waiting')).toMatchObject({ attempt: 0, delay: 1_000 })
  })

  test('may be called by a listener of any event', async ({ server, dial }) => {
    for (const name of ['connecting', 'open', 'text', 'waiting'] as const) {
      const { socket, names } = dial()
      socket.on(name, () => socket.close())
      await tick(HOP)
      if (socket.status === 'open') server.send('text')
      await tick(HOP)
      if (socket.status === 'open') server.vanish()
      await tick(5_000)
      expect([name, socket.status, names().at(-1)]).toEqual([name, 'closed', 'closed'])
      expect(server.sockets).toEqual([])
    }
  })
})

describe('a final close code', () => {
  test.for([1003, 1007, 1008, 1010, 4400, 4401, 4499])('ends it with %i', async (code, { server, open }) => {
    const { socket, last, names } = await open()
    server.hangUp(code, 'no')
    await tick(60_000)
    expect([socket.status, server.dials]).toEqual(['closed', 1])
    expect(last('closed')).toEqual({ code, reason: 'no', wasClean: true, cause: 'peer' })
    expect(names()).toEqual(['connecting', 'open', 'closed'])
  })

  test('may be of a list instead', async ({ server, open }) => {
    const { socket } = await open({ final: [1000, 4000] })
    server.hangUp(1008)
    await tick(1_000 + 2 * HOP)
    expect(socket.status).toBe('open')
    server.hangUp(1000)
    await tick(HOP)
    expect(socket.status).toBe('closed')
  })

  test('may be known by a function', async ({ server, open }) => {
    const { socket } = await open({ final: ({ code, reason }) => code === 1011 && reason === 'for good' })
    server.hangUp(1011, 'for now')
    await tick(1_000 + 2 * HOP)
    expect(socket.status).toBe('open')
    server.hangUp(1011, 'for good')
    await tick(HOP)
    expect(socket.status).toBe('closed')
  })
})

describe('the value of an ending', () => {
  test('is the truth about a failed connect: 1006, not clean', async ({ server, dial }) => {
    server.refuse()
    const { last } = dial()
    await tick(HOP)
    expect(last('waiting')?.close).toMatchObject({ code: 1006, reason: '', wasClean: false, cause: 'peer' })
  })

  test('is the truth about a lost connection', async ({ server, open }) => {
    const { last } = await open()
    server.vanish()
    await tick(HOP)
    expect(last('waiting')?.close).toEqual({ code: 1006, reason: '', wasClean: false, cause: 'peer' })
  })
})
