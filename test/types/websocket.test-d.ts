import { expectTypeOf, test } from 'vitest'
import { configured, ReconnectingWebSocket } from '../../src/websocket/index.ts'

test('stands wherever a WebSocket or its class is expected', () => {
  const Class: typeof WebSocket = ReconnectingWebSocket
  const Configured: typeof WebSocket = configured({ reconnect: false })
  const socket: WebSocket = new ReconnectingWebSocket('wss://example.com/')
  globalThis.WebSocket = ReconnectingWebSocket
  expectTypeOf([Class, Configured, socket])
  expectTypeOf<ReconnectingWebSocket>().toExtend<WebSocket>()
  expectTypeOf<typeof ReconnectingWebSocket>().toExtend<typeof WebSocket>()
  expectTypeOf<typeof ReconnectingWebSocket>().toExtend<{
    new (url: string, protocols?: string | string[]): WebSocket
    readonly OPEN: 1
  }>()
})

test('types its events as WebSocket does', () => {
  const socket = new ReconnectingWebSocket(new URL('wss://example.com/'), ['chat'], { reopen: false })
  socket.addEventListener('message', (event) => expectTypeOf(event).toEqualTypeOf<MessageEvent>())
  socket.addEventListener('close', ({ code }) => expectTypeOf(code).toBeNumber(), { once: true })
  socket.addEventListener('drop', (event) => expectTypeOf(event).toEqualTypeOf<Event>())
  socket.addEventListener('open', { handleEvent: (event) => expectTypeOf(event).toEqualTypeOf<Event>() })
  socket.removeEventListener('open', () => {})
  socket.onclose = (event) => expectTypeOf(event).toEqualTypeOf<CloseEvent>()
  socket.onmessage = null
  expectTypeOf(socket.OPEN).toEqualTypeOf<1>()
  expectTypeOf(socket.readyState).toEqualTypeOf<0 | 1 | 2 | 3>()
  // @ts-expect-error an event has no such member
  socket.addEventListener('open', (event) => event.data)
  // @ts-expect-error only its own words
  socket.binaryType = 'text'
  // @ts-expect-error cannot be written
  socket.readyState = 1
})

test('takes a url function and options', () => {
  new ReconnectingWebSocket(
    async ({ signal }) => `wss://example.com/?${signal.aborted}`,
    () => 'chat',
    {
      heartbeat: { ping: 'ping' },
      final: [4000],
    },
  )
  // @ts-expect-error JSON is the business of Socket
  new ReconnectingWebSocket('wss://example.com/', [], { schema: undefined })
  // @ts-expect-error not an option
  new ReconnectingWebSocket('wss://example.com/', [], { maxRetries: 3 })
})
