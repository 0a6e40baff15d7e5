import { expectTypeOf, test } from 'vitest'
import { type SendResult, Socket, type SocketLike, type Status } from '../../src/index.ts'
import { useLatest, useListener, useSend, useSocket, useStatus } from '../../src/react/index.ts'
import { type Outcomes, Session, type TopicEvent } from '../../src/session/client/index.ts'
import { connectTab } from '../../src/tabs/index.ts'

type In = { type: 'price'; price: number } | { type: 'end' }
type Out = { subscribe: string }

declare const socket: Socket<In, Out>
declare const session: Session<In, Out>
declare const like: SocketLike<In, Out>
declare const start: () => SharedWorker

test('useSocket gives what was created', () => {
  const made = useSocket('key', () => new Socket<In, Out>('wss://example.com', { autoOpen: false }))
  expectTypeOf(made).toEqualTypeOf<Socket<In, Out>>()
  const lasting = useSocket('key', () => new Session<In, Out>('wss://example.com', { autoOpen: false }))
  expectTypeOf(lasting).toEqualTypeOf<Session<In, Out>>()
  const tab = useSocket('key', () => connectTab<In, Out>(start, { fallback: () => socket, autoOpen: false }))
  expectTypeOf(tab).toEqualTypeOf<SocketLike<In, Out>>()
  // @ts-expect-error the key is a string: an array is another one in each rendering
  useSocket(['key'], () => socket)
  // @ts-expect-error not a socket
  useSocket('key', () => new WebSocket('wss://example.com'))
})

test.for([socket, session, like])('messages carry their types', (from) => {
  expectTypeOf(useStatus(from)).toEqualTypeOf<Status>()
  expectTypeOf(useLatest(from, 'json')).toEqualTypeOf<In | undefined>()
  expectTypeOf(useLatest(from, 'json', { perFrame: true })).toEqualTypeOf<In | undefined>()
  expectTypeOf(useLatest(from, 'pulse')).toEqualTypeOf<{ rtt: number } | undefined>()
  // @ts-expect-error no such event
  useLatest(from, 'jsno')
  // @ts-expect-error no such option
  useLatest(from, 'json', { perFrames: true })

  useListener(from, 'json', (value) => expectTypeOf(value).toEqualTypeOf<In>())
  useListener(from, 'text', (value) => expectTypeOf(value).toEqualTypeOf<string>())
  useListener(from, '*', (name) => expectTypeOf(name).toExtend<string>())
  // @ts-expect-error no such event
  useListener(from, 'jsno', () => {})
  // @ts-expect-error not what the event carries
  useListener(from, 'text', (_value: number) => {})
})

test('the events that only a session has are known for a session, and for nothing else', () => {
  useListener(session, 'fresh', (value) =>
    expectTypeOf(value).toEqualTypeOf<Outcomes & { why: 'gone' | 'overflow' | 'discarded' }>(),
  )
  useListener(session, 'resumed', (value) => expectTypeOf(value).toEqualTypeOf<{ resent: number }>())
  useListener(session, 'ended', (value) => expectTypeOf(value).toEqualTypeOf<Outcomes>())
  useListener(session, '*', (name) => expectTypeOf<'fresh'>().toExtend<typeof name>())
  expectTypeOf(useLatest(session, 'topic')).toEqualTypeOf<TopicEvent | undefined>()
  // @ts-expect-error no such event
  useListener(session, 'fersh', () => {})
  // @ts-expect-error not what the event carries
  useListener(session, 'resumed', (_value: string) => {})
  // @ts-expect-error of a session only
  useListener(socket, 'fresh', () => {})
  // @ts-expect-error of a session only: it may be a tab's socket
  useListener(like, 'fresh', () => {})
  // @ts-expect-error of a session only
  useLatest(socket, 'topic')
})

test.for([socket, session, like])('useSend takes what the server understands', (to) => {
  const send = useSend(to)
  expectTypeOf(send({ subscribe: 'EURUSD' })).toEqualTypeOf<SendResult>()
  send({ subscribe: 'EURUSD' }, { onOutcome: ({ result }) => expectTypeOf(result).toExtend<string>() })
  // @ts-expect-error not an `Out`
  send({ subscribe: 1 })
})

test('binary messages have the shape of `binaryType`', () => {
  const binary = useSocket(
    'key',
    () => new Socket('wss://example.com', { autoOpen: false, binaryType: 'arraybuffer' }),
  )
  expectTypeOf(useLatest(binary, 'binary')).toEqualTypeOf<ArrayBuffer | undefined>()
  useListener(binary, 'binary', (value) => expectTypeOf(value).toEqualTypeOf<ArrayBuffer>())
})
