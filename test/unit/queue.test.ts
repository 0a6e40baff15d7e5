import { describe, expect } from 'vitest'
import { bytesOf, HOP, test, tick } from './stage.ts'

describe('what is sent while not open', () => {
  test('goes out in order, after open', async ({ server, dial }) => {
    const { socket } = dial()
    expect([socket.send('one'), socket.send('two')]).toEqual(['queued', 'queued'])
    await tick(HOP)
    expect(socket.send('three')).toBe('sent')
    await tick(HOP)
    expect(server.received).toEqual(['one', 'two', 'three'])
  })

  test('goes out after what the listeners of open send', async ({ server, dial }) => {
    const { socket } = dial()
    socket.send('queued')
    socket.on('open', () => socket.send('login'))
    await tick(2 * HOP)
    expect(server.received).toEqual(['login', 'queued'])
  })

  test('waits through a backoff', async ({ server, open }) => {
    const { socket } = await open()
    server.vanish()
    await tick(HOP)
    socket.send('later')
    await tick(1_000 + 2 * HOP)
    expect(server.received).toEqual(['later'])
  })

  test('waits before the first open()', async ({ server, dial }) => {
    const { socket } = dial({ autoOpen: false })
    expect(socket.send('early')).toBe('queued')
    socket.open()
    await tick(2 * HOP)
    expect(server.received).toEqual(['early'])
  })

  test('is what it was then, whatever is done to its buffer', async ({ server, dial }) => {
    const { socket } = dial()
    const bytes = new Uint8Array([0, 1, 2, 3])
    socket.send(bytes.subarray(1, 3))
    socket.send(bytes.buffer)
    bytes.fill(9)
    await tick(2 * HOP)
    expect(server.received).toEqual([new Uint8Array([1, 2]), new Uint8Array([0, 1, 2, 3])])
  })

  test('waits as well while the native socket is closing, which would swallow it', async ({
    server,
    open,
  }) => {
    const { socket } = await open()
    server.sockets[0]?.close()
    expect(socket.send('kept')).toBe('queued')
    await tick(1_000 + 10 * HOP)
    expect(server.received).toEqual(['kept'])
  })
})

describe('bufferedAmount', () => {
  test('counts the bytes of the queue, not its characters', ({ dial }) => {
    const { socket } = dial()
    socket.send('€🙂')
    socket.send(new Uint8Array(10).subarray(2, 5))
    socket.send(new Blob(['12']))
    socket.send(new ArrayBuffer(4))
    expect(socket.bufferedAmount).toBe(7 + 3 + 2 + 4)
  })

  test('counts what the browser still holds', async ({ server, open }) => {
    const { socket } = await open()
    server.stall()
    socket.send('12345')
    expect(socket.bufferedAmount).toBe(5)
    server.flow()
    expect(socket.bufferedAmount).toBe(0)
  })

  test('is 0 after the queue has gone out, and after close', async ({ dial }) => {
    const first = dial()
    first.socket.send('one')
    await tick(2 * HOP)
    const second = dial()
    second.socket.send('two')
    second.socket.close()
    expect([first.socket.bufferedAmount, second.socket.bufferedAmount]).toEqual([0, 0])
  })
})

describe('the limits', () => {
  test('of messages drop the newest, and say so', async ({ server, dial }) => {
    const { socket, all } = dial({ queue: { messages: 2 } })
    expect(['a', 'b', 'c'].map((data) => socket.send(data))).toEqual(['queued', 'queued', 'dropped'])
    expect(all('drop')).toEqual([
      { data: 'c', why: 'overflow', reason: 'the queue is full: it holds 2 (option queue.messages)' },
    ])
    await tick(2 * HOP)
    expect(server.received).toEqual(['a', 'b'])
  })

  test('of bytes count UTF-8', ({ dial }) => {
    const { socket } = dial({ queue: { bytes: 6 } })
    expect(['€', '€', 'x'].map((data) => socket.send(data))).toEqual(['queued', 'queued', 'dropped'])
  })

  test('drop the oldest where that is wanted', async ({ server, dial }) => {
    const { socket, all } = dial({ queue: { messages: 2, overflow: 'oldest' } })
    expect(['a', 'b', 'c'].map((data) => socket.send(data))).toEqual(['queued', 'queued', 'queued'])
    expect(all('drop')).toEqual([
      { data: 'a', why: 'overflow', reason: 'newer messages took its place (option queue.overflow)' },
    ])
    await tick(2 * HOP)
    expect(server.received).toEqual(['b', 'c'])
  })

  test('drop as many of the oldest as the new one needs', ({ dial }) => {
    const { socket, all } = dial({ queue: { bytes: 6, overflow: 'oldest' } })
    for (const data of ['aa', 'bb', 'cc', 'dddd']) socket.send(data)
    expect(all('drop').map(({ data }) => data)).toEqual(['aa', 'bb'])
    expect(socket.bufferedAmount).toBe(6)
  })

  test('never drop the others for one that can never fit', ({ dial }) => {
    const { socket, all } = dial({ queue: { bytes: 6, overflow: 'oldest' } })
    socket.send('aa')
    expect(socket.send('too long')).toBe('dropped')
    expect(all('drop')).toEqual([
      { data: 'too long', why: 'overflow', reason: '8 bytes do not fit the queue of 6 (option queue.bytes)' },
    ])
  })

  test('are 1,000 messages and 1 MiB by default', ({ dial }) => {
    const many = dial()
    for (let i = 0; i < 1_001; i++) many.socket.send('x')
    const large = dial()
    large.socket.send(new Uint8Array(1_048_576))
    large.socket.send('x')
    expect([many.all('drop').length, large.all('drop').length]).toEqual([1, 1])
  })

  test('with false keep nothing', ({ dial }) => {
    const { socket, all } = dial({ queue: false })
    expect(socket.send('a')).toBe('dropped')
    expect(all('drop')).toEqual([
      {
        data: 'a',
        why: 'overflow',
        reason: 'the connection is not open, and there is no queue (option queue)',
      },
    ])
  })

  test('of age drop what has waited too long, and say so', async ({ server, open }) => {
    const { socket, all } = await open({ queue: { ttl: 500 }, reconnect: () => 1_000 })
    server.vanish()
    await tick(HOP)
    socket.send('stale')
    await tick(800)
    socket.send('fresh')
    await tick(200 + 2 * HOP)
    expect(server.received).toEqual(['fresh'])
    expect(all('drop')).toEqual([
      { data: 'stale', why: 'expired', reason: 'it waited longer than 500 ms (option queue.ttl)' },
    ])
  })
})

test('closing drops what is queued, with an event for each message', async ({ server, dial }) => {
  const { socket, names, all } = dial()
  socket.send('a')
  socket.send('b')
  socket.close()
  expect(all('drop')).toEqual([
    { data: 'a', why: 'closed', reason: 'the socket was closed' },
    { data: 'b', why: 'closed', reason: 'the socket was closed' },
  ])
  expect(names().at(-1)).toBe('closed')
  expect(socket.send('c')).toBe('dropped')
  socket.open()
  await tick(3 * HOP)
  expect(server.received).toEqual([])
})

test('all drop events come before what a listener of the first one causes', async ({ dial }) => {
  const { socket, names } = dial({ autoOpen: false, queue: { bytes: 3, overflow: 'oldest' } })
  const off = socket.on('drop', () => {
    off()
    socket.close()
  })
  for (const data of ['a', 'b', 'c', 'ddd']) socket.send(data)
  expect(names()).toEqual(['drop', 'drop', 'drop', 'drop', 'closed'])
})

test('a flush that is interrupted keeps the rest for the next connection', async ({ server, dial }) => {
  const { socket } = dial()
  for (const data of ['a', 'b', 'c']) socket.send(data)
  const undo = socket.on('open', () => {
    undo()
    socket.reconnect()
  })
  await tick(10 * HOP)
  expect(server.received).toEqual(['a', 'b', 'c'])
})

test('a drop event has the object that was given to send', async ({ dial }) => {
  const { socket, all } = dial({ queue: { messages: 1, overflow: 'oldest' } })
  const view = new Uint8Array([1, 2, 3])
  socket.send(view)
  socket.send('next')
  const [dropped] = all('drop')
  expect(await bytesOf(dropped?.data ?? '')).toEqual([1, 2, 3])
})

describe('more messages than a call takes arguments', () => {
  const limits = { messages: Infinity, bytes: 200_000 }
  const count = 200_000

  test.for([
    ['close()', (socket: Socket) => socket.close()],
    ["reconnect({ queue: 'drop' })", (socket: Socket) => socket.reconnect({ queue: 'drop' })],
    ['a large one that takes their place', (socket: Socket) => socket.send('x'.repeat(count))],
    ['their age', () => tick(1_000)],
  ] as const)('are dropped by %s', async ([what, drop], { dial }) => {
    const ttl = what === 'their age' ? 1_000 : Infinity
    const { socket } = dial({ queue: { ...limits, ttl, overflow: 'oldest' }, autoOpen: false })
    let drops = 0
    socket.on('drop', () => drops++)
    for (let i = 0; i < count; i++) socket.send('x')
    await drop(socket as Socket)
    expect(drops).toBe(count)
  })
})

test('a buffer that was transferred is sent as an empty message, as it would be if open', async ({
  server,
  dial,
}) => {
  const { socket } = dial()
  const view = new Uint8Array(8)
  structuredClone(view.buffer, { transfer: [view.buffer] })
  expect([socket.send(view), socket.send(view.buffer)]).toEqual(['queued', 'queued'])
  await tick(3 * HOP)
  expect(server.received.map((data) => (data as Uint8Array).byteLength)).toEqual([0, 0])
})
