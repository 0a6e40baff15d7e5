import { Server, WebSocket } from 'mock-socket'
import { expect, test } from 'vitest'
import { Socket } from '../../src/index.ts'

test('a Socket works with mock-socket, for those who use it already', async () => {
  const server = new Server('ws://mock.test/', { mock: false })
  server.on('connection', (client) => {
    client.on('message', (data) => client.send(`echo of ${data}`))
  })
  const socket = new Socket('ws://mock.test/', { WebSocket })
  const text = new Promise((resolve) => socket.on('text', resolve))
  socket.send('hello')
  expect(await text).toBe('echo of hello')
  const again = new Promise((resolve) => socket.on('waiting', resolve))
  server.close({ code: 1012, reason: 'restarting', wasClean: true })
  expect(await again).toMatchObject({ close: { code: 1012 } })
  socket.close()
  server.stop()
})
