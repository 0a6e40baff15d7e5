import { describe, expect, vi } from 'vitest'
import { messages, type Options, request, Socket, typeOf, upload } from '../../src/index.ts'
import { Session } from '../../src/session/client/index.ts'
import { configured, ReconnectingWebSocket } from '../../src/websocket/index.ts'
import { constructorOf, test, tick } from './stage.ts'

/** What a programmer gets wrong, and a message that names the path, the value and what to write instead. */

type Mistake = [what: string, message: string | RegExp, make: (socket: Socket) => unknown]
const url = 'ws://127.0.0.1:1/'
const make = (options: object) => () => new Socket(url, { autoOpen: false, ...options } as Options)

const constructing: Mistake[] = [
  [
    'a subprotocol as the second argument',
    "holdfast: the second argument must be an object of options, not 'chat'. Use { protocols: 'chat' }.",
    () => new Socket(url, 'chat' as never),
  ],
  [
    'a list as the second argument',
    'holdfast: the second argument must be an object of options, not an array.',
    () => new Socket(url, ['chat'] as never),
  ],
  [
    'a misspelt option',
    'holdfast: reconect: there is no such option. Did you mean reconnect?',
    make({ reconect: {} }),
  ],
  [
    'a misspelt option of a group',
    'holdfast: reconnect.atempts: there is no such option. Did you mean reconnect.attempts?',
    make({ reconnect: { atempts: 3 } }),
  ],
  ['an option in the wrong place', /^holdfast: base: there is no such option\. /, make({ base: 1_000 })],
  [
    'an option of a group in another one',
    /^holdfast: queue\.interval: there is no such option\. /,
    make({ queue: { interval: 5 } }),
  ],
  ['a url among the options', /^holdfast: url: there is no such option\. /, make({ url: 'ws://other/' })],
  [
    'a heartbeat that is only switched on',
    "holdfast: heartbeat: true has no ping. Use { ping: 'ping', pong: 'pong' }.",
    make({ heartbeat: true }),
  ],
  [
    'a heartbeat without a ping',
    "holdfast: heartbeat.ping: must be a message or a function that returns one, not undefined. Use { ping: 'ping', pong: 'pong' }, or { silence: ms } for a server that sends on its own.",
    make({ heartbeat: { interval: 1_000 } }),
  ],
  [
    'a pong that is an object',
    'holdfast: heartbeat.pong: must be the exact text of the answer, or a function that recognizes it, not an object',
    make({ heartbeat: { ping: 'ping', pong: {} } }),
  ],
  [
    'a ping and a silence',
    /^holdfast: heartbeat\.silence: must be left out where there is a ping/,
    make({ heartbeat: { ping: 'ping', silence: 5 } }),
  ],
  [
    'a schema that is a function',
    'holdfast: schema: must be a Standard Schema, such as one made by zod, valibot or arktype, not a function',
    make({ schema: (value: unknown) => value }),
  ],
  [
    'a schema of another kind',
    'holdfast: schema: must be a Standard Schema, such as one made by zod, valibot or arktype, not an object',
    make({ schema: { parse() {} } }),
  ],
  [
    'a negative time',
    'holdfast: reconnect.base: must be a number of at least 0, not -1',
    make({ reconnect: { base: -1 } }),
  ],
  [
    'a time as text',
    "holdfast: attemptTimeout: must be a number of at least 1, or false, not '10s'",
    make({ attemptTimeout: '10s' }),
  ],
  [
    'a binaryType of Node',
    "holdfast: binaryType: must be 'blob' or 'arraybuffer', not 'nodebuffer'",
    make({ binaryType: 'nodebuffer' }),
  ],
  [
    'an empty URL',
    /^holdfast: url: '' is not a valid WebSocket URL: it is empty\. Use 'wss:/,
    () => new Socket(''),
  ],
  [
    'a URL of another scheme',
    "holdfast: url: 'ftp://x/' is not a valid WebSocket URL: 'ftp:' is not supported. Use 'ws:' or 'wss:'.",
    () => new Socket('ftp://x/'),
  ],
  [
    'a URL with a fragment',
    "holdfast: url: 'ws://x/#a' is not a valid WebSocket URL: a WebSocket URL has no fragment (#).",
    () => new Socket('ws://x/#a'),
  ],
  [
    'a relative URL without a page',
    /'\/chat' is not a valid WebSocket URL: a relative URL needs a page\. Use 'wss:/,
    () => new Socket('/chat'),
  ],
  [
    'a URL that cannot be parsed',
    /'ws:\/\/\[' is not a valid WebSocket URL: it cannot be parsed/,
    () => new Socket('ws://['),
  ],
  [
    'a number as the URL',
    'holdfast: url: must be a string, a URL or a function, not 80',
    () => new Socket(80 as never),
  ],
  [
    'no URL',
    'holdfast: url: must be a string, a URL or a function, not undefined',
    () => new Socket(undefined as never),
  ],
]

const calling: Mistake[] = [
  [
    'an event of WebSocket',
    "holdfast: on: there is no event 'close'. Did you mean waiting or closed?",
    (socket) => socket.on('close' as never, () => {}),
  ],
  [
    'a misspelt event',
    "holdfast: on: there is no event 'mesage'. Did you mean message?",
    (socket) => socket.on('mesage' as never, () => {}),
  ],
  [
    'an event of Object.prototype',
    /^holdfast: on: there is no event 'constructor'\. /,
    (socket) => socket.on('constructor' as never, () => {}),
  ],
  [
    'on without a listener',
    "holdfast: on: the listener of 'open' must be a function, not undefined",
    (socket) => (socket.on as unknown as (name: string) => void).call(socket, 'open'),
  ],
  [
    'off with an event that there is not',
    /^holdfast: on: there is no event 'error'\. Did you mean waiting or closed\?/,
    (socket) => socket.off('error' as never, () => {}),
  ],
  [
    'another binaryType',
    "holdfast: binaryType: must be 'blob' or 'arraybuffer', not 'x'",
    (socket) => {
      socket.binaryType = 'x' as never
    },
  ],
  [
    'messages() of a kind that there is not',
    "holdfast: messages.of: must be 'message' or 'text' or 'json' or 'binary', not 'jsn'",
    (socket) => messages(socket, { of: 'jsn' as never }),
  ],
  [
    'a misspelt option of messages()',
    'holdfast: messages.bufer: there is no such option. Did you mean messages.buffer?',
    (socket) => messages(socket, { bufer: 5 } as never),
  ],
  [
    'reconnect() with another queue',
    "holdfast: reconnect.queue: must be 'keep' or 'drop', not 'clear'",
    (socket) => socket.reconnect({ queue: 'clear' as never }),
  ],
  [
    'a misspelt option of reconnect()',
    'holdfast: reconnect.overlapp: there is no such option. Did you mean reconnect.overlap?',
    (socket) => socket.reconnect({ overlapp: true } as never),
  ],
  [
    'reconnect() with text for a boolean',
    "holdfast: reconnect.overlap: must be a boolean, not 'no'",
    (socket) => socket.reconnect({ overlap: 'no' as never }),
  ],
  [
    'null as the options of reconnect()',
    'holdfast: reconnect: the options must be an object, not null',
    (socket) => socket.reconnect(null as never),
  ],
  [
    'the third argument of addEventListener for on()',
    'holdfast: on: the options must be an object, not true',
    (socket) => socket.on('text', () => {}, true as never),
  ],
  [
    'a callback as the options of send()',
    'holdfast: send: the options must be an object, not a function',
    (socket) => socket.send('text', (() => {}) as never),
  ],
  [
    'a code that is text',
    "holdfast: close: the code must be 1000 or 3000 to 4999, not '3000'",
    (socket) => socket.close('3000' as never),
  ],
  [
    'an object for send()',
    'holdfast: send: takes a string, Blob, ArrayBuffer or view, not an object. Use sendJson for other values.',
    (socket) => socket.send({} as never),
  ],
  [
    'a value without JSON',
    'holdfast: sendJson: there is no JSON for undefined',
    (socket) => socket.sendJson(undefined),
  ],
  [
    'a code that only browsers may close with',
    'holdfast: close: the code must be 1000 or 3000 to 4999, not 1001',
    (socket) => socket.close(1001),
  ],
  [
    'a reason that is too long',
    'holdfast: close: the reason must be at most 123 bytes of UTF-8, not 126',
    (socket) => socket.close(1000, '€'.repeat(42)),
  ],
]

const rejecting: Mistake[] = [
  [
    'a signal as the options of opened()',
    'holdfast: opened: takes an object. Use opened({ signal }).',
    (socket) => socket.opened(new AbortController().signal as never),
  ],
  [
    'a signal as the options of drained()',
    'holdfast: drained: takes an object. Use drained({ signal }).',
    (socket) => socket.drained(0, new AbortController().signal as never),
  ],
  [
    'a negative number of bytes for drained()',
    'holdfast: drained: the limit must be a number of bytes, not -1',
    (socket) => socket.drained(-1),
  ],
  [
    'a misspelt option of opened()',
    'holdfast: opened.sinal: there is no such option. Did you mean opened.signal?',
    (socket) => socket.opened({ sinal: 1 } as never),
  ],
  [
    'request() of a text',
    "holdfast: request: the value must be an object, which carries the number of the request in 'id', not 'hi'. Or give the option match.",
    (socket) => request(socket, 'hi'),
  ],
  [
    'request() of a list',
    /^holdfast: request: the value must be an object.*not an array/,
    (socket) => request(socket, []),
  ],
  [
    'a misspelt option of request()',
    'holdfast: request.timout: there is no such option. Did you mean request.timeout?',
    (socket) => request(socket, {}, { timout: 5 } as never),
  ],
  [
    'an upload of an object',
    /^holdfast: send: takes a string, Blob, ArrayBuffer or view, not an object/,
    (socket) => upload(socket, {} as never),
  ],
  [
    'a misspelt option of upload()',
    'holdfast: upload.onprogress: there is no such option. Did you mean upload.onProgress?',
    (socket) => upload(socket, '', { onprogress() {} } as never),
  ],
]

const caught = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  return undefined
}

describe('a mistake of the programmer throws at once, and says what to write instead:', () => {
  test.for([...constructing, ...calling])('%s', ([, message, run], { dial }) => {
    const { socket, heard } = dial({ autoOpen: false })
    const error = caught(() => run(socket))
    expect(error).toBeInstanceOf(Error)
    if (typeof message === 'string') expect(error?.message).toBe(message)
    else expect(error?.message).toMatch(message)
    expect([socket.status, heard, vi.getTimerCount()]).toEqual(['idle', [], 0])
  })

  test.for(rejecting)('%s rejects', async ([, message, run], { dial, server }) => {
    const { socket } = dial({ autoOpen: false })
    await expect(run(socket)).rejects.toThrow(message)
    await expect(run(socket)).rejects.toThrow(TypeError)
    expect([socket.bufferedAmount, server.dials]).toEqual([0, 0])
  })

  test('a URL that a function returns is checked as well, and told as the end of the attempt', async ({
    dial,
    server,
  }) => {
    const { last } = dial({}, () => 'ws://x/#fragment')
    await tick(1)
    expect(last('waiting')?.close).toMatchObject({
      cause: 'url',
      reason: expect.stringContaining('no fragment'),
    })
    expect(server.dials).toBe(0)
  })
})

describe('the same mistakes in', () => {
  test.for<[string, RegExp, object]>([
    ['a misspelt option', /^holdfast: reconect: .* Did you mean reconnect\?/, { reconect: {} }],
    [
      'one of a group',
      /^holdfast: queue\.mesages: .* Did you mean queue\.messages\?/,
      { queue: { mesages: 5 } },
    ],
    [
      'one of the heartbeat',
      /^holdfast: heartbeat\.ping: there is no such option/,
      { heartbeat: { ping: 'x' } },
    ],
    ['a subprotocol', /^holdfast: protocols: not an option of Session: /, { protocols: 'chat' }],
    ['a greeting', /^holdfast: greet: not an option of Session: /, { greet: () => {} }],
    ['an event', /^holdfast: on: there is no event 'resume'\. Did you mean resumed\?/, { event: 'resume' }],
  ])('a session: %s', ([, message, { event, ...options }]: [string, RegExp, { event?: string }]) => {
    const run = () => {
      const session = new Session(url, { autoOpen: false, ...options } as never)
      if (event) session.on(event as never, () => {})
    }
    expect(run).toThrow(TypeError)
    expect(run).toThrow(message)
  })

  test.for<[string, RegExp, object]>([
    ['a misspelt option', /^holdfast: reconect: .* Did you mean reconnect\?/, { reconect: {} }],
    [
      'a value out of range',
      /^holdfast: queue\.bytes: must be a number of at least 0, not -1/,
      { queue: { bytes: -1 } },
    ],
  ])('the drop-in class: %s', ([, message, options], { server }) => {
    const WebSocket = constructorOf(server)
    expect(() => new ReconnectingWebSocket(server.url, [], { WebSocket, ...options } as never)).toThrow(
      message,
    )
    const Configured = configured({ WebSocket, ...options } as never)
    expect(() => new Configured(server.url)).toThrow(message)
    expect(server.dials).toBe(0)
  })
})

test('typeOf is an option that changes nothing', async ({ open }) => {
  const { socket } = await open({ sends: typeOf<never>() as never })
  expect(socket.status).toBe('open')
})
