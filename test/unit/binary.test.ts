import { describe, expect, vi } from 'vitest'
import { type Socket, toArrayBuffer, toBlob, toText } from '../../src/index.ts'
import { bytesOf, HOP, test, tick } from './stage.ts'

describe('binary frames', () => {
  test('come as blobs by default', async ({ server, open }) => {
    const { socket, all } = await open()
    server.send(new Uint8Array([1, 2]))
    await tick(HOP)
    const [data] = all('binary')
    expect(socket.binaryType).toBe('blob')
    expect(data).toBeInstanceOf(Blob)
    vi.useRealTimers()
    expect(await bytesOf(data as Blob)).toEqual([1, 2])
  })

  test('come as buffers where that is wanted', async ({ server, open }) => {
    const { all } = await open({ binaryType: 'arraybuffer' })
    server.send(new Uint8Array([1, 2]))
    await tick(HOP)
    expect(all('binary')).toEqual([new Uint8Array([1, 2]).buffer])
  })

  test('keep their type over a reconnect', async ({ server, open }) => {
    const { socket, last } = await open()
    socket.binaryType = 'arraybuffer'
    server.vanish()
    await tick(1_000 + 3 * HOP)
    server.send(new Uint8Array([1]))
    await tick(HOP)
    expect(socket.binaryType).toBe('arraybuffer')
    expect(last('binary')).toBeInstanceOf(ArrayBuffer)
  })

  test('change their type at once', async ({ server, open }) => {
    const { socket, last } = await open()
    socket.binaryType = 'arraybuffer'
    server.send(new Uint8Array([1]))
    await tick(HOP)
    expect(last('binary')).toBeInstanceOf(ArrayBuffer)
  })

  test('take a type that was set before the first dial', async ({ server, dial }) => {
    const { socket, last } = dial({ autoOpen: false })
    socket.binaryType = 'arraybuffer'
    socket.open()
    await tick(HOP)
    server.send(new Uint8Array([1]))
    await tick(HOP)
    expect(last('binary')).toBeInstanceOf(ArrayBuffer)
  })

  test.for<[string, (socket: Socket) => unknown]>([
    ['right after the constructor', (socket) => Object.assign(socket, { binaryType: 'arraybuffer' })],
    [
      'in a listener of connecting',
      (socket) => socket.on('connecting', () => Object.assign(socket, { binaryType: 'arraybuffer' })),
    ],
  ])('take a type that is set %s', async ([, set], { server, dial }) => {
    const { socket, last } = dial()
    set(socket)
    await tick(HOP)
    server.send(new Uint8Array([1]))
    await tick(HOP)
    expect(last('binary')).toBeInstanceOf(ArrayBuffer)
  })

  test('are not text and not JSON', async ({ server, open }) => {
    const { socket } = await open({ binaryType: 'arraybuffer' })
    const other = vi.fn()
    socket.on('text', other)
    socket.on('json', other)
    server.send(new TextEncoder().encode('{}'))
    await tick(HOP)
    expect(other).not.toHaveBeenCalled()
  })
})

test('a view is sent as its own part of a larger buffer', async ({ server, open }) => {
  const { socket } = await open()
  const whole = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7])
  socket.send(whole.subarray(2, 4))
  socket.send(new DataView(whole.buffer, 4, 2))
  socket.send(new Uint16Array(whole.buffer, 6, 1))
  await tick(HOP)
  expect(server.received).toEqual(
    [
      [2, 3],
      [4, 5],
      [6, 7],
    ].map((bytes) => new Uint8Array(bytes)),
  )
})

describe('helpers', () => {
  const view = new Uint8Array([0, 0xe2, 0x82, 0xac, 0]).subarray(1, 4)
  const forms: [string, () => Parameters<typeof toText>[0]][] = [
    ['text', () => '€'],
    ['a buffer', () => view.slice().buffer],
    ['a view of a larger buffer', () => view],
    ['a blob', () => new Blob([view])],
  ]

  test.for(forms)('make the same of %s', async ([, data]) => {
    vi.useRealTimers()
    expect(await toText(data())).toBe('€')
    expect([...new Uint8Array(await toArrayBuffer(data()))]).toEqual([0xe2, 0x82, 0xac])
    const blob = toBlob(data(), 'text/plain')
    expect([blob.size, blob.type]).toEqual([3, 'text/plain'])
  })

  test('give back what needs no change', async () => {
    const buffer = new ArrayBuffer(1)
    const blob = new Blob(['x'], { type: 'text/plain' })
    expect(await toArrayBuffer(buffer)).toBe(buffer)
    expect(toBlob(blob)).toBe(blob)
    expect(await toText('x')).toBe('x')
  })

  test('read what is not UTF-8 as U+FFFD', async () => {
    vi.useRealTimers()
    expect(await toText(new Uint8Array([0xff]))).toBe('\uFFFD')
  })
})
