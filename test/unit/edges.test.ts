import { getEventListeners } from 'node:events'
import { describe, expect, vi } from 'vitest'
import { messages, request, upload } from '../../src/index.ts'
import { HOP, setClock, sleep, test, tick } from './stage.ts'

const heartbeat = { ping: 'ping', pong: 'pong', interval: 1_000, timeout: 400 }

describe('a text listener that', () => {
  test('closes: the rest of that frame is silence', async ({ server, open }) => {
    const { socket, names } = await open()
    const json = vi.fn()
    socket.on('json', json)
    socket.on('text', () => socket.close())
    server.send('1')
    await tick(HOP)
    expect(json).not.toHaveBeenCalled()
    expect(names().at(-1)).toBe('closed')
  })

  test('reconnects: the rest of that frame belongs to the old connection', async ({ server, open }) => {
    const { socket } = await open()
    const json = vi.fn()
    const invalid = vi.fn()
    socket.on('json', json)
    socket.on('invalid', invalid)
    socket.on('text', () => socket.reconnect())
    server.send('1')
    server.send('not JSON')
    await tick(10 * HOP)
    expect([json.mock.calls, invalid.mock.calls]).toEqual([[], []])
  })
})

describe('a function of the application that closes from inside a frame receives nothing more, where it', () => {
  test.for([true, false])('is the pong, and answers %s', async (answer, { server, open }) => {
    const { socket, names } = await open({
      heartbeat: {
        ...heartbeat,
        pong: () => {
          socket.close()
          return answer
        },
      },
    })
    const message = vi.fn()
    socket.on('message', message)
    await tick(1_000 + HOP)
    server.send('1')
    await tick(HOP)
    expect(message).not.toHaveBeenCalled()
    expect(names()).toEqual(['connecting', 'open', 'closed'])
  })

  test.for(['1', 'not JSON'])('parses %s', async (text, { server, open }) => {
    const { socket, names } = await open({
      parse: (frame) => {
        socket.close()
        return JSON.parse(frame)
      },
    })
    const json = vi.fn()
    socket.on('json', json)
    server.send(text)
    await tick(HOP)
    expect(json).not.toHaveBeenCalled()
    expect(names()).toEqual(['connecting', 'open', 'closed'])
  })
})

describe('a pong', () => {
  test('that nobody asked for is no pulse, and no message', async ({ server, open }) => {
    const { socket, all } = await open({ heartbeat })
    const texts = vi.fn()
    socket.on('text', texts)
    await tick(1_000 + HOP)
    server.send('pong')
    server.send('pong')
    await tick(HOP)
    expect(all('pulse')).toEqual([{ rtt: 2 * HOP }])
    expect(texts).not.toHaveBeenCalled()
  })

  test.for([-60_000, 60_000])(
    'has its true round-trip time, though the clock was set by %i ms',
    async (ms, { server, open }) => {
      const { all } = await open({ heartbeat })
      await tick(1_000)
      setClock(ms)
      server.send('pong')
      await tick(HOP)
      expect(all('pulse')).toEqual([{ rtt: HOP }])
    },
  )
})

describe('a message that has waited longer than queue.ttl', () => {
  const expired = { data: 'stale', why: 'expired', reason: 'it waited longer than 500 ms (option queue.ttl)' }

  test('is dropped when its time is over, though nothing else is sent', async ({ server, dial }) => {
    server.hang()
    const { socket, all } = dial({ queue: { ttl: 500, messages: 1 } })
    socket.send('stale')
    await tick(499)
    expect(all('drop')).toEqual([])
    await tick(1)
    expect(all('drop')).toEqual([expired])
    expect(socket.send('fresh')).toBe('queued')
  })

  test('is dropped when something else is sent, though timers were held back', async ({ server, dial }) => {
    server.hang()
    const { socket, all } = dial({ queue: { ttl: 500, messages: 1 } })
    socket.send('stale')
    sleep(501)
    expect(socket.send('fresh')).toBe('queued')
    expect(all('drop')).toEqual([expired])
  })

  test('is not sent when the connection is back, though nothing else was sent', async ({ server, open }) => {
    const { socket, all } = await open({ queue: { ttl: 500 }, reconnect: () => 1_000 })
    server.vanish()
    await tick(HOP)
    socket.send('stale')
    await tick(1_000 + 3 * HOP)
    expect([socket.status, server.received]).toEqual(['open', []])
    expect(all('drop')).toEqual([expired])
  })

  test('goes by the time that passed, whatever the clock is set to', async ({ server, dial }) => {
    server.hang()
    const { socket, all } = dial({ queue: { ttl: 500 } })
    socket.send('stale')
    setClock(7_200_000)
    await tick(499)
    socket.send('second')
    expect(all('drop')).toEqual([])
    setClock(-9_200_000)
    await tick(1)
    expect(all('drop')).toEqual([expired])
  })

  test('may make its listener close the socket: what was being sent is dropped as well', async ({
    server,
    dial,
  }) => {
    server.hang()
    const { socket, all } = dial({ queue: { ttl: 500 } })
    socket.on('drop', () => socket.close())
    socket.send('stale')
    sleep(501)
    socket.send('fresh')
    expect(all('drop').map(({ data, why }) => [data, why])).toEqual([
      ['stale', 'expired'],
      ['fresh', 'closed'],
    ])
    expect(socket.bufferedAmount).toBe(0)
  })

  test('has a timer of its own only while it waits', async ({ server, dial }) => {
    server.hang()
    const { socket } = dial({ queue: { ttl: 500 }, wake: false, attemptTimeout: false })
    const idle = vi.getTimerCount()
    socket.send('a')
    socket.send('b')
    expect(vi.getTimerCount()).toBe(idle + 1)
    await tick(500)
    expect(vi.getTimerCount()).toBe(idle)
    socket.send('c')
    socket.close()
    await tick(3 * HOP)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a helper', () => {
  const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

  test('takes its listener back from the signal when its work is done', async ({ server, open }) => {
    const { socket } = await open<unknown, object>()
    const { signal } = new AbortController()
    const loop = messages(socket, { signal })
    const asked = request(socket, {}, { signal })
    await upload(socket, '', { signal })
    await tick(HOP)
    server.send(String(server.received[0]))
    await tick(HOP)
    await asked
    await loop.next()
    expect(listeners(signal)).toBe(1)
    await loop.return()
    expect(listeners(signal)).toBe(0)
  })

  test('given a signal that was aborted before does nothing at all', async ({ server, open }) => {
    const { socket } = await open<unknown, object>()
    const signal = AbortSignal.abort(new Error('before'))
    const asked = [
      request(socket, {}, { signal }),
      upload(socket, 'file', { signal }),
      socket.drained(0, { signal }),
      socket.opened({ signal }),
      messages(socket, { signal }).next(),
    ]
    const settled = await Promise.allSettled(asked)
    expect(settled).toEqual(asked.map(() => ({ status: 'rejected', reason: new Error('before') })))
    await tick(HOP)
    expect([server.received, listeners(signal)]).toEqual([[], 0])
  })

  test('of a socket that closes takes it back as well', async ({ open }) => {
    const { socket } = await open<unknown, object>()
    const { signal } = new AbortController()
    const iterable = messages(socket, { signal })
    const over = [request(socket, {}, { signal }), upload(socket, 'x', { signal })]
    socket.close()
    await Promise.allSettled(over)
    expect((await iterable.next()).done).toBe(true)
    expect(listeners(signal)).toBe(0)
  })
})

test('a request that still waits for a connection is not rejected because a dial fails', async ({
  server,
  dial,
}) => {
  server.refuse()
  const { socket, names } = dial<unknown, object>()
  const answer = request(socket, {}, { timeout: 60_000 })
  const failed = vi.fn()
  answer.catch(failed)
  await tick(HOP)
  expect(names()).toContain('waiting')
  expect(failed).not.toHaveBeenCalled()
  server.accept()
  await tick(1_000 + 3 * HOP)
  expect(server.received).toHaveLength(1)
  server.send(String(server.received[0]))
  await tick(HOP)
  expect(await answer).toEqual(JSON.parse(String(server.received[0])))
})

test('an upload that waits is not rejected because another message is dropped', async ({ server, dial }) => {
  server.hang()
  const { socket, all } = dial({ queue: { messages: 2, overflow: 'oldest' } })
  socket.send('first')
  const done = upload(socket, 'upload')
  const failed = vi.fn()
  done.catch(failed)
  socket.send('last')
  await tick(1)
  expect(all('drop').map(({ data }) => data)).toEqual(['first'])
  expect(failed).not.toHaveBeenCalled()
  server.accept()
  socket.reconnect()
  await tick(100)
  await done
  expect(server.received).toEqual(['upload', 'last'])
})
