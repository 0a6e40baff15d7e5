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

test('has one connection with reconnect: false', async () => {
  const socket = new ReconnectingWebSocket(url, [], { WebSocket, reconnect: false })
  await next(socket, 'open')
  socket.send('vanish')
  expect(await next(socket, 'close')).toMatchObject({ code: 1006, wasClean: false })
  expect(socket.readyState).toBe(socket.CLOSED)
})

/** Its events in their order, each with the `readyState` that its listeners see. */
const trace = (socket: ReconnectingWebSocket) => {
  const said: string[] = []
  for (const type of ['open', 'error', 'close', 'drop'])
    socket.addEventListener(type, () => void said.push(`${type} in ${socket.readyState}`))
  return said
}
/** Two turns of the event loop's timers: what was to come after a `close` has come. */
const settled = async () => {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setTimeout(resolve, 5))
}
const nowhere = 'ws://127.0.0.1:1/'

test.each([
  ['a connection', url],
  ['an attempt', nowhere],
])('closed by a listener of error, %s tells one close, the last', async (_, address) => {
  // A silent peer is dropped, which is an error.
  const options = { WebSocket, reconnect: { base: 0 }, heartbeat: { silence: 20 } }
  const socket = new ReconnectingWebSocket(address, [], options)
  if (address === url) await next(socket, 'open')
  const said = trace(socket)
  socket.onerror = () => socket.close()
  await next(socket, 'close')
  await settled()
  expect(said).toEqual([expect.stringMatching(/^error/), 'close in 3'])
})

test('closed by a listener of drop within the last end, it tells one close', async () => {
  const gone = new AbortController()
  const options = { WebSocket, signal: gone.signal, reconnect: { base: 60_000, max: 60_000 } }
  const socket = new ReconnectingWebSocket(() => Promise.reject(new Error('none')), [], options)
  await next(socket, 'close')
  socket.send('x')
  socket.addEventListener('drop', () => socket.close())
  const said = trace(socket)
  gone.abort()
  await settled()
  expect(said.filter((line) => line.startsWith('close'))).toEqual(['close in 3'])
})

test('closed by the rule that is asked whether to dial again, it tells its end', async () => {
  const reconnect = () => {
    socket.close()
    return null
  }
  const socket = new ReconnectingWebSocket(url, [], { WebSocket, reconnect })
  await next(socket, 'open')
  const said = trace(socket)
  socket.send('close 1012 ')
  await next(socket, 'close')
  await settled()
  expect(said).toEqual(['close in 3'])
})

test('with a signal that was aborted before, the address is looked at and told all the same', async () => {
  const options = { WebSocket, signal: AbortSignal.abort() }
  expect(() => new ReconnectingWebSocket('::bad', [], options)).toThrow(
    expect.objectContaining({ name: 'SyntaxError' }),
  )
  const socket = new ReconnectingWebSocket(nowhere, [], options)
  expect([socket.url, socket.readyState]).toEqual([nowhere, socket.CLOSED])
})

test('an empty address is one like others where the subprotocols are a function', async () => {
  const asked: unknown[] = []
  class Native extends Ws {
    constructor(address: string, protocols: string[]) {
      asked.push(address)
      super(url, protocols)
    }
  }
  const socket = new ReconnectingWebSocket('', () => [], { WebSocket: Native as never })
  await next(socket, 'open')
  socket.close()
  expect(asked).toEqual([''])
})

describe('a signal that outlives the socket', () => {
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
