import { expectTypeOf, test } from 'vitest'
import { WebSocket as NodeWebSocket } from 'ws'
import { z } from 'zod'
import {
  type Closed,
  type Data,
  type DropReason,
  type Events,
  isFinal,
  messages,
  type Options,
  type Outcome,
  Refused,
  request,
  type SendResult,
  Socket,
  type SocketLike,
  type Status,
  typeOf,
  upload,
} from '../../src/index.ts'
import { Session } from '../../src/session/client/index.ts'

type FromServer = { type: 'usermsg'; name: string; message: string } | { type: 'system'; message: string }
type ToServer = { name: string; message: string }

declare const socket: Socket<FromServer, ToServer>
declare const unknown: Socket

test('events carry their values', () => {
  socket.on('connecting', (value) => expectTypeOf(value).toEqualTypeOf<{ attempt: number; url: string }>())
  socket.on('open', (value) =>
    expectTypeOf(value).toEqualTypeOf<{ protocol: string; reconnected: boolean }>(),
  )
  socket.on('message', (value) => expectTypeOf(value).toEqualTypeOf<MessageEvent>())
  socket.on('text', (value) => expectTypeOf(value).toEqualTypeOf<string>())
  socket.on('json', (value) => expectTypeOf(value).toEqualTypeOf<FromServer>())
  socket.on('binary', (value) => expectTypeOf(value).toEqualTypeOf<ArrayBuffer | Blob>())
  socket.on('invalid', ({ text, error }) => {
    expectTypeOf(text).toEqualTypeOf<string>()
    expectTypeOf(error).toEqualTypeOf<unknown>()
  })
  socket.on('waiting', ({ attempt, delay, close }) => {
    expectTypeOf(attempt).toEqualTypeOf<number>()
    expectTypeOf(delay).toEqualTypeOf<number>()
    expectTypeOf(close).toEqualTypeOf<Closed>()
  })
  socket.on('closed', (value) => expectTypeOf(value).toEqualTypeOf<Closed>())
  socket.on('pulse', (value) => expectTypeOf(value).toEqualTypeOf<{ rtt: number }>())
  socket.on('drop', ({ data, why, reason }) => {
    expectTypeOf(data).toEqualTypeOf<Data>()
    expectTypeOf(why).toEqualTypeOf<DropReason>()
    expectTypeOf(reason).toEqualTypeOf<string>()
  })
  socket.on('status', (value) => expectTypeOf(value).toEqualTypeOf<{ status: Status; previous: Status }>())
})

test('on returns an unsubscribe function', () => {
  expectTypeOf(socket.on('open', () => {})).toEqualTypeOf<() => void>()
})

test('a union of messages narrows', () => {
  socket.on('json', (message) => {
    if (message.type === 'usermsg') expectTypeOf(message.name).toEqualTypeOf<string>()
    // @ts-expect-error a system message has no name
    else message.name
  })
})

test('messages are unknown until something says what they are', () => {
  unknown.on('json', (message) => expectTypeOf(message).toEqualTypeOf<unknown>())
  unknown.sendJson({ anything: true })
})

test('status and results are unions of literals', () => {
  expectTypeOf(socket.status).toEqualTypeOf<Status>()
  expectTypeOf(socket.send('')).toEqualTypeOf<SendResult>()
  expectTypeOf(socket.sendJson({ name: '', message: '' })).toEqualTypeOf<SendResult>()
  // @ts-expect-error there is no such status
  socket.status === 'opened'
})

test('send takes what WebSocket.send takes', () => {
  socket.send('text')
  socket.send(new ArrayBuffer(1))
  socket.send(new Uint8Array(1))
  socket.send(new DataView(new ArrayBuffer(1)))
  socket.send(new Blob([]))
  // @ts-expect-error a number is not a message
  socket.send(1)
  // @ts-expect-error an object is for sendJson
  socket.send({ name: '' })
})

test('sendJson takes what the server takes', () => {
  socket.sendJson({ name: 'Ann', message: 'hi' })
  // @ts-expect-error the message is missing
  socket.sendJson({ name: 'Ann' })
  // @ts-expect-error text is for send
  socket.sendJson('hi')
})

test('a wrong event does not compile', () => {
  // @ts-expect-error there is no such event
  socket.on('opened', () => {})
  // @ts-expect-error text comes as a string
  socket.on('text', (value: number) => value)
  // @ts-expect-error FromServer has no such shape
  socket.on('json', (value: { other: true }) => value)
  // @ts-expect-error a listener is a function
  socket.on('open')
})

test('a Standard Schema tells the type of the messages', () => {
  const schema = z.discriminatedUnion('type', [
    z.object({ type: z.literal('a'), n: z.string().transform(Number) }),
    z.object({ type: z.literal('b') }),
  ])
  const inferred = new Socket('ws://127.0.0.1/', { schema })
  inferred.on('json', (message) => {
    expectTypeOf(message).toEqualTypeOf<{ type: 'a'; n: number } | { type: 'b' }>()
  })
})

test('a schema made by hand does as well', () => {
  const schema = {
    '~standard': {
      version: 1 as const,
      vendor: 'me',
      validate: (value: unknown) =>
        typeof value === 'number' ? { value } : { issues: [{ message: 'not a number' }] },
    },
  }
  const inferred = new Socket('ws://127.0.0.1/', { schema })
  inferred.on('json', (message) => expectTypeOf(message).toEqualTypeOf<number>())
  // @ts-expect-error the schema makes numbers of the messages, not strings
  new Socket<string>('ws://127.0.0.1/', { schema })
})

test('the URL is a string, a URL, or a function, sync or async', () => {
  new Socket('ws://127.0.0.1/')
  new Socket(new URL('ws://127.0.0.1/'))
  new Socket(() => 'ws://127.0.0.1/')
  new Socket(async ({ signal }) => {
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    return new URL('ws://127.0.0.1/')
  })
  // @ts-expect-error a number is no URL
  new Socket(80)
  // @ts-expect-error a URL is needed
  new Socket()
})

test('wrong options do not compile', () => {
  const take = (_: Options) => {}
  // @ts-expect-error a heartbeat needs a ping, or a silence
  take({ heartbeat: { interval: 1_000 } })
  // @ts-expect-error false turns it off, true says nothing
  take({ heartbeat: true })
  // @ts-expect-error the newest or the oldest
  take({ queue: { overflow: 'middle' } })
  // @ts-expect-error the platform has two
  take({ binaryType: 'nodebuffer' })
  // @ts-expect-error a number of ms
  take({ attemptTimeout: '10s' })
  // @ts-expect-error ms or null
  take({ reconnect: () => 'soon' })
  // @ts-expect-error codes are numbers
  take({ final: ['1000'] })
  // @ts-expect-error there is no such option
  take({ maxRetries: 3 })
  // @ts-expect-error bytes or text
  take({ heartbeat: { ping: { type: 'ping' } } })
})

test('right options compile', () => {
  const take = (_: Options) => {}
  take({ heartbeat: { ping: 'ping', pong: ({ data }) => data === 'pong' } })
  take({ heartbeat: { ping: new Uint8Array(1) } })
  take({ heartbeat: { silence: 30_000 } })
  take({ heartbeat: false, queue: false, reconnect: false, attemptTimeout: false, greet: false, wake: false })
  take({ final: [1000, 4000] })
  take({ final: ({ code, cause }) => cause === 'peer' && code === 1000 })
  take({ reconnect: ({ attempt, close }) => (close.code === 1000 ? null : attempt * 100) })
  take({ protocols: 'chat' })
  take({ protocols: async () => ['chat', 'superchat'] })
  take({
    greet: async ({ send, next, signal }) => {
      send('login')
      expectTypeOf(await next()).toEqualTypeOf<unknown>()
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    },
  })
})

test('an explicit undefined is the default, also under exactOptionalPropertyTypes', () => {
  const options: Options = {
    protocols: undefined,
    reconnect: {
      base: undefined,
      factor: undefined,
      max: undefined,
      attempts: undefined,
      stableAfter: undefined,
    },
    final: undefined,
    attemptTimeout: undefined,
    heartbeat: { ping: 'ping', pong: undefined, interval: undefined, timeout: undefined },
    greet: undefined,
    queue: { messages: undefined, bytes: undefined, overflow: undefined, ttl: undefined },
    wake: undefined,
    binaryType: undefined,
    schema: undefined,
    parse: undefined,
    stringify: undefined,
    signal: undefined,
    autoOpen: undefined,
    WebSocket: undefined,
  }
  new Socket('ws://127.0.0.1/', options)
  void socket.opened({ signal: undefined })
  void socket.drained(undefined, { signal: undefined })
  void upload(socket, '', { onProgress: undefined, signal: undefined })
})

test('the classes of the platform and of ws are constructors to dial with', () => {
  new Socket('ws://127.0.0.1/', { WebSocket })
  new Socket('ws://127.0.0.1/', { WebSocket: NodeWebSocket })
  // @ts-expect-error a Map is not a WebSocket
  new Socket('ws://127.0.0.1/', { WebSocket: Map })
})

test('a Socket is a SocketLike of its messages, and of no others', () => {
  const like: SocketLike<FromServer, ToServer> = socket
  like.on('json', (message) => expectTypeOf(message).toEqualTypeOf<FromServer>())
  // @ts-expect-error it does not take strings as JSON
  const other: SocketLike<FromServer, string> = socket
  void other
})

test('close and the promises', () => {
  expectTypeOf(socket.opened()).toEqualTypeOf<Promise<void>>()
  expectTypeOf(socket.drained(1)).toEqualTypeOf<Promise<void>>()
  // @ts-expect-error the code is a number
  socket.close('bye')
})

test('upload tells its progress', () => {
  const done = upload(socket, new Blob([]), {
    onProgress: ({ loaded, total }) => {
      expectTypeOf(loaded).toEqualTypeOf<number>()
      expectTypeOf(total).toEqualTypeOf<number>()
    },
  })
  expectTypeOf(done).toEqualTypeOf<Promise<void>>()
})

test('messages() gives the values of the event', async () => {
  for await (const text of messages(socket, { of: 'text' })) expectTypeOf(text).toEqualTypeOf<string>()
  for await (const data of messages(socket, { of: 'binary' }))
    expectTypeOf(data).toEqualTypeOf<ArrayBuffer | Blob>()
  // @ts-expect-error only what carries messages
  messages(socket, { of: 'closed' })
})

test('messages() gives the messages of the socket', async () => {
  for await (const message of messages(socket)) expectTypeOf(message).toEqualTypeOf<FromServer>()
})

test('request() takes what the server takes, and answers what it says', async () => {
  const value: ToServer = { name: '', message: '' }
  expectTypeOf(await request(socket, value)).toEqualTypeOf<FromServer>()
  const system = await request(socket, value, { match: (message) => message.type === 'system' })
  expectTypeOf(system).toExtend<FromServer>()
  const narrowed = await request(socket, value, {
    match: (message): message is FromServer & { type: 'system' } => message.type === 'system',
  })
  expectTypeOf(narrowed.type).toEqualTypeOf<'system'>()
  // @ts-expect-error the message is missing
  await request(socket, { name: '' })
})

test('the event map is complete', () => {
  expectTypeOf<keyof Events>().toEqualTypeOf<
    | 'status'
    | 'connecting'
    | 'open'
    | 'message'
    | 'text'
    | 'json'
    | 'binary'
    | 'invalid'
    | 'waiting'
    | 'closed'
    | 'pulse'
    | 'drop'
  >()
})

test("'*' gives the name and the value of every event", () => {
  const off = socket.on('*', (name, value) => {
    expectTypeOf(name).toEqualTypeOf<keyof Events>()
    expectTypeOf(value).toEqualTypeOf<Events<FromServer>[keyof Events<FromServer>]>()
  })
  expectTypeOf(off).toEqualTypeOf<() => void>()
  socket.off('*', () => {})
  socket.on('text', () => {}, { once: true, signal: new AbortController().signal })
  // @ts-expect-error there is no such option
  socket.on('text', () => {}, { passive: true })
  // @ts-expect-error text comes as a string
  socket.off('text', (value: number) => value)
})

test('binary follows binaryType', () => {
  new Socket('ws://127.0.0.1/', { binaryType: 'arraybuffer' }).on('binary', (data) =>
    expectTypeOf(data).toEqualTypeOf<ArrayBuffer>(),
  )
  new Socket('ws://127.0.0.1/', { binaryType: 'blob' }).on('binary', (data) =>
    expectTypeOf(data).toEqualTypeOf<Blob>(),
  )
  new Socket('ws://127.0.0.1/').on('binary', (data) => expectTypeOf(data).toEqualTypeOf<ArrayBuffer | Blob>())
  // @ts-expect-error a Blob is no ArrayBuffer
  new Socket('ws://127.0.0.1/', { binaryType: 'blob' }).on('binary', (data: ArrayBuffer) => data)
})

test('what is sent can be given while what is received is inferred from the schema', () => {
  const schema = z.object({ n: z.number() })
  const both = new Socket('ws://127.0.0.1/', { schema, sends: typeOf<ToServer>() })
  both.on('json', (message) => expectTypeOf(message).toEqualTypeOf<{ n: number }>())
  both.sendJson({ name: '', message: '' })
  // @ts-expect-error the message is missing
  both.sendJson({ name: '' })
  const sends = new Socket('ws://127.0.0.1/', { sends: typeOf<ToServer>() })
  sends.on('json', (message) => expectTypeOf(message).toEqualTypeOf<unknown>())
  // @ts-expect-error the message is missing
  sends.sendJson({ name: '' })
})

test('sending takes a callback for the outcome', () => {
  socket.send('', { onOutcome: (outcome) => expectTypeOf(outcome).toEqualTypeOf<Outcome>() })
  socket.sendJson({ name: '', message: '' }, { onOutcome: undefined })
  expectTypeOf<Outcome['result']>().toEqualTypeOf<'sent' | 'dropped' | 'delivered' | 'lost' | 'unknown'>()
  // @ts-expect-error there is no such option
  socket.send('', { onSent: () => {} })
})

test('the members that a page reads and calls', () => {
  expectTypeOf(socket.url).toEqualTypeOf<string>()
  expectTypeOf(socket.attempt).toEqualTypeOf<number>()
  expectTypeOf(socket.closed).toEqualTypeOf<Closed | undefined>()
  socket.reconnect()
  socket.reconnect({ queue: 'drop', overlap: true })
  socket.suspend()
  socket.check()
  // @ts-expect-error keep or drop
  socket.reconnect({ queue: 'clear' })
  // @ts-expect-error it is read only
  socket.url = 'ws://127.0.0.1/'
  // @ts-expect-error an object with the signal
  socket.opened(new AbortController().signal)
})

test('a session is a SocketLike, with the events of a session', () => {
  const session = new Session<FromServer, ToServer>('ws://127.0.0.1/', { auth: async () => 'token' })
  const like: SocketLike<FromServer, ToServer> = session
  void like
  session.on('message', ({ data, topic, lastEventId }) => {
    expectTypeOf(topic).toEqualTypeOf<string | undefined>()
    expectTypeOf(lastEventId).toEqualTypeOf<string>()
    expectTypeOf(data).toBeAny()
  })
  session.on('text', (text) => expectTypeOf(text).toEqualTypeOf<string>())
  session.on('resumed', ({ resent }) => expectTypeOf(resent).toEqualTypeOf<number>())
  expectTypeOf(session.delivered('')).toEqualTypeOf<Promise<void>>()
  expectTypeOf(session.deliveredJson({ name: '', message: '' })).toEqualTypeOf<Promise<void>>()
  // @ts-expect-error a session offers its own subprotocol
  new Session('ws://127.0.0.1/', { protocols: 'chat' })
})

test('a socket is given where a SocketLike of fewer promises is wanted', () => {
  const read = (like: SocketLike<FromServer, never>) => like.on('json', ({ type }) => type)
  read(socket)
  const any = (like: Pick<SocketLike, 'status' | 'on'>) => like.status
  any(unknown)
})

test('Refused is an Error, and isFinal takes a Closed', () => {
  expectTypeOf(new Refused('denied')).toExtend<Error>()
  const close: Closed = { code: 1000, reason: '', wasClean: true, cause: 'peer' }
  expectTypeOf(isFinal(close)).toEqualTypeOf<boolean>()
  const options: Options = {
    final: (end) => isFinal(end),
    suspendHidden: 60_000,
    queue: { perSecond: 10 },
    heartbeat: { ping: () => 'ping' },
  }
  void options
})
