import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { test } from '../support/fixtures.ts'

const closed = (socket: WebSocket) => {
  socket.on('error', () => {})
  return new Promise<number>((resolve) => socket.on('close', resolve))
}

const failure = (socket: WebSocket) => new Promise<Error>((resolve) => socket.on('error', resolve))

describe('a dial', () => {
  test('passes, both ways and in order', async ({ listen, proxy }) => {
    const server = await listen()
    const line = await proxy(server)
    const socket = new WebSocket(line.url)
    const peer = await server.connection()
    const heard: string[] = []
    socket.on('message', (data) => heard.push(String(data)))
    peer.send('one')
    peer.send('two')
    await once(socket, 'message')
    socket.send('three')
    expect(await peer.message()).toBe('three')
    expect(heard).toEqual(['one', 'two'])
    expect([line.dials, line.live]).toEqual([1, 1])
    const end = closed(socket)
    peer.close(1000)
    expect(await end).toBe(1000)
  })

  test('is refused with a reset, or by a shut port', async ({ listen, proxy }) => {
    const line = await proxy(await listen())
    line.answer = 'refuse'
    expect(await failure(new WebSocket(line.url))).toMatchObject({ code: 'ECONNRESET' })
    line.shut()
    expect(await failure(new WebSocket(line.url))).toMatchObject({ code: 'ECONNREFUSED' })
    await line.open()
    line.answer = 'pass'
    await once(new WebSocket(line.url), 'open')
  })

  test('hangs in the handshake', async ({ listen, proxy }) => {
    const server = await listen()
    const line = await proxy(server)
    line.answer = 'hang'
    const error = await failure(new WebSocket(line.url, { handshakeTimeout: 50 }))
    expect(error.message).toContain('timed out')
    expect([line.dials, server.dials]).toEqual([1, 0])
  })

  test.for([401, 404, 503])('is answered with HTTP %i', async (status, { listen, proxy }) => {
    const line = await proxy(await listen())
    line.answer = { status }
    expect((await failure(new WebSocket(line.url))).message).toContain(String(status))
  })
})

describe('a connection', () => {
  test.for(['reset', 'fin'] as const)('ends by %s and no close frame', async (how, { listen, proxy }) => {
    const server = await listen()
    const line = await proxy(server)
    const socket = new WebSocket(line.url)
    const peer = await server.connection()
    await once(socket, 'open')
    const end = closed(socket)
    line[how]()
    expect(await end).toBe(1006)
    expect((await peer.closed).code).toBe(1006)
    expect(line.live).toBe(0)
  })

  test('tells a reset from a FIN', async ({ listen, proxy }) => {
    const line = await proxy(await listen())
    const ends = async (how: 'reset' | 'fin') => {
      const dials = line.dials
      const raw = connect(line.port, '127.0.0.1').resume()
      await expect.poll(() => line.dials).toBe(dials + 1)
      line[how]()
      await new Promise((resolve) => raw.on('error', () => {}).on('close', resolve))
      return raw.errored
    }
    expect(await ends('fin')).toBe(null)
    expect(await ends('reset')).toMatchObject({ code: 'ECONNRESET' })
  })

  test('falls into a hole, one way or both, and stays', async ({ listen, proxy }) => {
    const server = await listen()
    const line = await proxy(server)
    const socket = new WebSocket(line.url)
    const peer = await server.connection()
    const heard: string[] = []
    socket.on('message', (data) => heard.push(String(data)))
    await once(socket, 'open')

    line.hole = 'down'
    peer.send('lost')
    socket.send('one')
    expect(await peer.message()).toBe('one')

    line.hole = 'up'
    socket.send('lost')
    peer.send('two')
    await once(socket, 'message')
    expect(heard).toEqual(['two'])

    line.hole = 'both'
    const end = closed(socket)
    peer.vanish()
    await peer.closed
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.terminate()
    expect(await end).toBe(1006)
  })

  test('is cut in the middle of a frame', async ({ listen, proxy }) => {
    const server = await listen()
    const line = await proxy(server)
    const socket = new WebSocket(line.url)
    const peer = await server.connection()
    await once(socket, 'open')
    const heard: unknown[] = []
    socket.on('message', (data) => heard.push(data))
    line.cutMidFrame(100)
    const end = closed(socket)
    peer.send('x'.repeat(1000))
    expect(await end).toBe(1006)
    expect(heard).toEqual([])
  })

  test('is late, in both directions', async ({ listen, proxy }) => {
    const server = await listen()
    const line = await proxy(server)
    const socket = new WebSocket(line.url)
    const peer = await server.connection()
    await once(socket, 'open')
    line.delay = 40
    const asked = performance.now()
    socket.send('ping')
    peer.send((await peer.message()) as string)
    await once(socket, 'message')
    expect(performance.now() - asked).toBeGreaterThan(75)
  })

  test('is slow, so that the bytes of the client wait in its own buffer', async ({ listen, proxy }) => {
    const server = await listen()
    const line = await proxy(server)
    const socket = new WebSocket(line.url)
    await once(socket, 'open')
    line.rate = 1_000_000
    socket.send(Buffer.alloc(16_000_000))
    // Time itself is tested: without the limit all of it would be gone by then.
    await new Promise((resolve) => setTimeout(resolve, 100))
    const before = socket.bufferedAmount
    expect(before).toBeGreaterThan(8_000_000)
    line.rate = 100_000_000
    await expect.poll(() => socket.bufferedAmount).toBeLessThan(before)
  })
})
