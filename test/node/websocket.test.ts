import { afterAll, expect, test } from 'vitest'
import { WebSocket as Ws } from 'ws'
import type { WebSocketConstructor } from '../../src/index.ts'
import { ReconnectingWebSocket } from '../../src/websocket/index.ts'
import { startConversation } from '../support/conversation.ts'
import { next } from '../websocket/agree.ts'

const { url, stop } = await startConversation()
afterAll(stop)
const WebSocket = Ws as unknown as WebSocketConstructor

test('stands over the socket of "ws", and comes back', async () => {
  const socket = new ReconnectingWebSocket(url, 'chat', { WebSocket, reconnect: { base: 0 } })
  await next(socket, 'open')
  expect(socket.protocol).toBe('chat')
  socket.send('grüße')
  expect((await next(socket, 'message')).data).toBe('grüße')
  socket.send('close 1012 why')
  expect(await next(socket, 'close')).toMatchObject({
    code: 1012,
    reason: 'why',
    wasClean: true,
    target: socket,
  })
  expect(socket.readyState).toBe(socket.CONNECTING)
  await next(socket, 'open')
  socket.close(4000, 'bye')
  expect(await next(socket, 'close')).toMatchObject({ code: 4000, reason: 'bye' })
  expect(socket.readyState).toBe(socket.CLOSED)
})

test('lives once with reconnect: false', async () => {
  const socket = new ReconnectingWebSocket(url, [], { WebSocket, reconnect: false })
  await next(socket, 'open')
  socket.send('vanish')
  expect(await next(socket, 'close')).toMatchObject({ code: 1006, wasClean: false })
  expect(socket.readyState).toBe(socket.CLOSED)
})
