import { expect, vi } from 'vitest'
import { WebSocket } from 'ws'
import { Socket } from '../../src/index.ts'
import { type HoldfastInspector, record, timeline } from '../../src/inspect/index.ts'
import { test } from '../support/fixtures.ts'

/* The recorder on a real socket, over a real server. */

const options = { WebSocket, reconnect: { base: 20, max: 20 }, autoOpen: false }

test('records a conversation over a restart of the server', async ({ listen }) => {
  const server = await listen()
  const socket = new Socket(server.url, options)
  const recorder = record(socket)
  socket.open()
  await socket.opened()
  const peer = await server.connection()
  socket.sendJson({ hello: 'server' })
  expect(await peer.message()).toBe('{"hello":"server"}')
  peer.send('hello client')
  await vi.waitFor(() => expect(recorder.totals.in.frames).toBe(1), 10_000)

  await server.restart({
    code: 1012,
    whileDown: () => new Promise((resolve) => socket.on('waiting', resolve)),
  })
  await socket.opened()
  socket.close()
  recorder.stop()

  expect(recorder.frames).toMatchObject([
    { direction: 'out', payload: '{"hello":"server"}', size: 18, result: 'sent' },
    { direction: 'in', payload: 'hello client', size: 12 },
  ])
  const periods = timeline(recorder.transitions)
  expect(periods.map(({ kind }) => kind)).toEqual([
    'idle',
    'outage',
    'connected',
    'outage',
    'connected',
    'closed',
  ])
  expect(periods[3]?.close).toMatchObject({ code: 1012, cause: 'peer' })
  expect(periods[3]?.steps.map(({ kind }) => kind).slice(0, 2)).toEqual(['waiting', 'connecting'])
  expect(periods[5]?.close).toMatchObject({ cause: 'user' })
})

test('round trips of the heartbeat are pulses, not frames', async ({ listen }) => {
  const server = await listen()
  server.answer('ping', 'pong')
  const heartbeat = { ping: 'ping', pong: 'pong', interval: 50, timeout: 10_000 }
  const socket = new Socket(server.url, { ...options, heartbeat })
  const recorder = record(socket)
  socket.open()
  await vi.waitFor(() => expect(recorder.pulses.length).toBeGreaterThan(1), 20_000)
  socket.close()
  expect(recorder.frames).toEqual([])
})

test('a queued message is queued, and sent when the connection opens', async ({ listen }) => {
  const server = await listen()
  const socket = new Socket(server.url, options)
  const recorder = record(socket)
  expect(socket.send('early')).toBe('queued')
  expect(recorder.frames).toMatchObject([{ result: 'queued', payload: 'early' }])
  socket.open()
  expect(await (await server.connection()).message()).toBe('early')
  expect(recorder.frames).toMatchObject([{ result: 'queued', outcome: { result: 'sent' } }])
  socket.close()
})

test('a socket that is no longer recorded has no property of its own and no listener left', async ({
  listen,
}) => {
  const server = await listen()
  const socket = new Socket(server.url, options)
  const keys = Object.keys(socket)
  const recorder = record(socket)
  expect(Object.keys(socket)).toEqual([...keys, 'send', 'sendJson'])
  recorder.stop()
  expect(Object.keys(socket)).toEqual(keys)
  expect(socket.send).toBe(Socket.prototype.send)
})

test('sockets of any message types can be recorded and shown', () => {
  const socket = new Socket<{ a: 1 }, { b: 2 }>('ws://127.0.0.1/', options)
  const panel: Pick<HoldfastInspector, 'socket' | 'recorder'> = { socket, recorder: record(socket) }
  expect(panel.recorder?.socket).toBe(socket)
})
