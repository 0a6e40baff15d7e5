import { getEventListeners } from 'node:events'
import { afterAll, describe, expect, test } from 'vitest'
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

describe('a signal that lives on', () => {
  const lives = {
    'any number of lives': {},
    'one life': { reopen: false },
    'no reconnecting': { reconnect: false },
  } as const

  for (const [name, options] of Object.entries(lives)) {
    const dial = () => {
      const gone = new AbortController()
      const socket = new ReconnectingWebSocket(url, [], { WebSocket, signal: gone.signal, ...options })
      return { gone, socket, heard: () => getEventListeners(gone.signal, 'abort').length }
    }

    test(`ends a socket of ${name}`, async () => {
      const { gone, socket } = dial()
      await next(socket, 'open')
      const closed = next(socket, 'close')
      gone.abort()
      await closed
      expect(socket.readyState).toBe(3)
    })

    test(`is left by a closed socket of ${name}`, async () => {
      const { socket, heard } = dial()
      await next(socket, 'open')
      expect(heard()).toBe(1)
      socket.close()
      await next(socket, 'close')
      expect(heard()).toBe(0)
    })

    test(`is left by a socket of ${name} that the server ended`, async () => {
      const { socket, heard } = dial()
      await next(socket, 'open')
      socket.send('close 4401 enough')
      await next(socket, 'close')
      expect(heard()).toBe(0)
    })
  }
})
