import { expectTypeOf, test } from 'vitest'
import {
  type BinaryData,
  messages,
  type Outcome,
  request,
  type Schema,
  type SendResult,
  Socket,
  type SocketLike,
  type Status,
  typeOf,
} from '../../src/index.ts'
import { Session } from '../../src/session/client/index.ts'
import {
  type BacklogOptions,
  connectTab,
  type ServeOptions,
  serveTabs,
  type TabOptions,
  type TabServer,
} from '../../src/tabs/index.ts'

type In = { type: 'price'; price: number } | { type: 'end' }
type Out = { subscribe: string }

declare const start: () => SharedWorker
declare const plain: () => Socket<In, Out>
declare const schema: Schema<In>
declare const port: MessagePort

test("a tab's socket is a SocketLike, typed by the type arguments, the fallback, the schema, or `sends`", () => {
  const tab = connectTab<In, Out>(start, { fallback: plain })
  expectTypeOf(tab).toEqualTypeOf<SocketLike<In, Out>>()
  expectTypeOf(connectTab(start, { fallback: plain })).toEqualTypeOf<SocketLike<In, Out>>()
  const session = () => new Session<In, Out>('wss://example.com')
  expectTypeOf(connectTab(start, { fallback: session })).toEqualTypeOf<SocketLike<In, Out>>()
  const untyped = () => connectTab(start, { fallback: () => new Socket('wss://example.com') })
  expectTypeOf(untyped()).toEqualTypeOf<SocketLike<unknown, unknown>>()
  const made = connectTab(start, {
    fallback: () => new Socket('wss://example.com', { schema, sends: typeOf<Out>() }),
    schema,
    sends: typeOf<Out>(),
  })
  expectTypeOf(made).toEqualTypeOf<SocketLike<In, Out>>()
  // @ts-expect-error the fallback has other messages
  connectTab<In, Out>(start, { fallback: () => new Socket<string, Out>('wss://example.com') })
})

test("what a tab's socket does is typed as on a Socket", () => {
  const tab = connectTab<In, Out>(start, { fallback: plain })
  expectTypeOf(tab.status).toEqualTypeOf<Status>()
  expectTypeOf(tab.sendJson({ subscribe: 'EURUSD' })).toEqualTypeOf<SendResult>()
  tab.send('text', { onOutcome: (outcome) => expectTypeOf(outcome).toEqualTypeOf<Outcome>() })
  tab.on('json', (value) => expectTypeOf(value).toEqualTypeOf<In>())
  // The worker's socket decides on the shape.
  tab.on('binary', (value) => expectTypeOf(value).toEqualTypeOf<BinaryData>())
  expectTypeOf(messages(tab)).toExtend<AsyncIterable<In>>()
  expectTypeOf(request(tab, { subscribe: 'x' }, { match: () => true })).toEqualTypeOf<Promise<In>>()
  // @ts-expect-error not an `Out`
  tab.sendJson({ subscribe: 1 })
  // @ts-expect-error no such event
  tab.on('jsno', () => {})
  // @ts-expect-error the events of a session do not reach the tabs
  tab.on('fresh', () => {})
  // @ts-expect-error read only
  tab.status = 'open'
  // @ts-expect-error of a session only
  tab.delivered('text')
})

test('the options of connectTab', () => {
  const fallback = plain
  const options: TabOptions<In, Out> = {
    fallback,
    onSnapshot: (value) => expectTypeOf(value).toEqualTypeOf<unknown>(),
    queue: { messages: 1, bytes: 1, overflow: 'oldest', ttl: 1 },
    schema,
    parse: JSON.parse,
    stringify: JSON.stringify,
    autoOpen: undefined,
  }
  connectTab(start, options)
  connectTab(start, { fallback, queue: false })
  // @ts-expect-error the fallback is required
  connectTab(start, {})
  // @ts-expect-error the options are required, for the fallback
  connectTab(start)
  // @ts-expect-error a function, which is called again after the worker has ended
  connectTab(new SharedWorker('worker.js'), { fallback })
  // @ts-expect-error a worker of one page
  connectTab(() => new Worker('worker.js'), { fallback })
  // @ts-expect-error the worker's socket limits the rate
  connectTab(start, { fallback, queue: { perSecond: 1 } })
  // @ts-expect-error an option of the worker's socket
  connectTab(start, { fallback, heartbeat: { ping: 'ping', pong: 'pong' } })
  // @ts-expect-error no such option
  connectTab(start, { fallback, onSnapshots: () => {} })
})

test('serveTabs takes a socket of any kind and returns its tabs', () => {
  const socket = plain()
  const server = serveTabs(socket)
  expectTypeOf(server).toEqualTypeOf<TabServer>()
  expectTypeOf(server.tabs).toEqualTypeOf<number>()
  expectTypeOf(server.connect(port)).toEqualTypeOf<void>()
  serveTabs(new Session<In, Out>('wss://example.com'))
  serveTabs(new Socket('wss://example.com', { binaryType: 'arraybuffer' }))
  const backlog: BacklogOptions = { messages: 1, bytes: undefined }
  const options: ServeOptions = { snapshot: () => [], linger: 0, silence: undefined, backlog }
  serveTabs(socket, options)
  // @ts-expect-error read only
  server.tabs = 2
  // @ts-expect-error not a SocketLike
  serveTabs(new WebSocket('wss://example.com'))
  // @ts-expect-error no such option
  serveTabs(socket, { lingers: 1 })
  // @ts-expect-error a number of ms
  serveTabs(socket, { linger: '1 s' })
  // @ts-expect-error a function
  serveTabs(socket, { snapshot: [] })
  // @ts-expect-error no such limit
  serveTabs(socket, { backlog: { frames: 1 } })
})
