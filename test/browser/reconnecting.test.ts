import { test as base, describe, expect, inject } from 'vitest'
import { configured, ReconnectingWebSocket, type WebSocketOptions } from '../../src/websocket/index.ts'
import { next, opened, pause, thrown, trace } from '../websocket/agree.ts'

const { url, refused } = inject('conversation')
const soon = { base: 0 }

/** Dials with reconnecting on, and closes after the test. */
const test = base.extend<{
  dial: (
    options?: WebSocketOptions,
    ...rest: [address?: string | (() => string), protocols?: string]
  ) => ReconnectingWebSocket
}>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  dial: async ({}, use) => {
    const sockets: ReconnectingWebSocket[] = []
    await use((options = {}, address = url, protocols) => {
      const socket = new ReconnectingWebSocket(address, protocols, { reconnect: soon, ...options })
      sockets.push(socket)
      return socket
    })
    for (const socket of sockets) socket.close()
  },
})

describe('a connection that is lost', () => {
  test('is told with close, and made again', async ({ dial }) => {
    const socket = dial()
    const said = trace(socket)
    await next(socket, 'open')
    socket.send('close 1011 why')
    await next(socket, 'open')
    socket.send('close 4000 again')
    await next(socket, 'open')
    expect(said).toEqual([
      'open in 1',
      'close 1011 "why" true in 0',
      'open in 1',
      'close 4000 "again" true in 0',
      'open in 1',
    ])
  })

  test('without a close frame is a 1006, as natively', async ({ dial }) => {
    const socket = dial()
    const [native] = await Promise.all([opened(WebSocket, url), next(socket, 'open')])
    const said = [trace(native), trace(socket)]
    for (const one of [native, socket]) one.send('vanish')
    await Promise.all([next(native, 'close'), next(socket, 'close')])
    expect(said[1]).toEqual(said[0]?.map((line) => line.replace('in 3', 'in 0')))
  })

  test('is CONNECTING until it is there again, and keeps what is sent meanwhile', async ({ dial }) => {
    const socket = dial()
    await next(socket, 'open')
    socket.send('close 1012 ')
    await next(socket, 'close')
    expect(socket.readyState).toBe(WebSocket.CONNECTING)
    socket.send('€')
    socket.send(new Uint8Array([1, 2, 3]))
    socket.send(42 as unknown as string)
    expect(socket.bufferedAmount).toBe(8)
    socket.binaryType = 'arraybuffer'
    const heard: unknown[] = []
    socket.onmessage = ({ data }) => heard.push(typeof data === 'string' ? data : data.byteLength)
    await expect.poll(() => heard).toEqual(['€', 3, '42'])
    expect(socket.bufferedAmount).toBe(0)
  })

  test('is the end where its code is final', async ({ dial }) => {
    const socket = dial()
    const said = trace(socket)
    await next(socket, 'open')
    socket.send('close 4401 who are you')
    await next(socket, 'close')
    await pause(50)
    expect(said).toEqual(['open in 1', 'close 4401 "who are you" true in 3'])
    socket.send('late')
    expect(socket.bufferedAmount).toBeGreaterThan(0)
  })

  test('goes to the address that a function gives anew', async ({ dial }) => {
    let asked = 0
    const socket = dial({}, () => `${url}?token=${++asked}`)
    expect([socket.url, socket.readyState, socket.protocol, socket.extensions]).toEqual(['', 0, '', ''])
    await next(socket, 'open')
    expect(socket.url).toBe(`${url}?token=1`)
    socket.send('close 1012 ')
    await next(socket, 'open')
    expect(socket.url).toBe(`${url}?token=2`)
  })

  test('goes to where its address led at first, wherever the page is by now', async ({ dial }) => {
    const urls: string[] = []
    class Seen extends WebSocket {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args)
        urls.push(this.url)
      }
    }
    const here = location.href
    // Nobody answers there: attempt follows attempt.
    dial({ WebSocket: Seen, attemptTimeout: 50 }, 'room?name=x')
    try {
      history.replaceState(null, '', '/far/away/')
      // Firefox goes by where the page was loaded from, anyway.
      await expect.poll(() => urls.length).toBeGreaterThan(2)
    } finally {
      history.replaceState(null, '', here)
    }
    expect(new Set(urls).size).toBe(1)
  })

  test('keeps listeners, handlers and subprotocols', async ({ dial }) => {
    const socket = dial({}, url, 'chat')
    const heard: string[] = []
    socket.onmessage = ({ data }) => heard.push(data)
    socket.addEventListener('message', ({ data }) => heard.push(data))
    for (const round of ['one', 'two']) {
      await next(socket, 'open')
      expect(socket.protocol).toBe('chat')
      socket.send(round)
      socket.send('close 1012 ')
    }
    await next(socket, 'open')
    expect(heard).toEqual(['one', 'one', 'two', 'two'])
  })
})

describe('an attempt', () => {
  test('that fails says error and close, and is made again', async ({ dial }) => {
    const socket = dial({ reconnect: { ...soon, attempts: 2 } }, refused)
    const said = trace(socket)
    await expect.poll(() => socket.readyState).toBe(3)
    await pause(20)
    const failed = (state: number) => [`error in ${state}`, `close 1006 "" false in ${state}`]
    expect(said.filter((line) => line.startsWith('close'))).toEqual(
      [0, 0, 3].map((state) => failed(state)[1]),
    )
    expect(said.filter((line) => line.startsWith('error'))).toHaveLength(3)
  })

  test('with what no WebSocket takes throws at once', () => {
    const errors = ['ftp://x', 'ws://[/', `${url}#part`].map((address) =>
      thrown(() => new ReconnectingWebSocket(address)),
    )
    errors.push(thrown(() => new ReconnectingWebSocket(url, ['chat', 'chat'])))
    expect(errors).toEqual(Array(4).fill('DOMException SyntaxError'))
    expect(thrown(() => new ReconnectingWebSocket(url, [], { reconnect: { base: -1 } }))).toBe(
      'RangeError RangeError',
    )
  })

  // The standard says so; Firefox and WebKitGTK open the connection.
  test('without a subprotocol that was offered fails in every engine', async ({ dial }) => {
    const socket = dial({ reconnect: { attempts: 0 } }, url, 'superchat')
    await next(socket, 'close')
    expect(socket.readyState).toBe(3)
  })

  test('is hidden where the object has one life', async ({ dial }) => {
    let address = refused
    const socket = dial({ reopen: false }, () => address)
    const said = trace(socket)
    await pause(300)
    expect([said, socket.readyState]).toEqual([[], 0])
    address = url
    await next(socket, 'open')
    socket.send('close 1012 ')
    await next(socket, 'close')
    await pause(50)
    expect(said).toHaveLength(said.length > 2 ? 3 : 2)
    expect(said.at(-1)).toMatch(/^close 10.* in 3$/)
  })

  test('of an object with one life ends it by a final code, as elsewhere', async ({ dial }) => {
    const socket = dial({
      reopen: false,
      greet: ({ send, signal }) => {
        send('close 4401 who are you')
        return new Promise((_, reject) => signal.addEventListener('abort', reject))
      },
    })
    const said = trace(socket)
    await next(socket, 'close')
    expect(said).toEqual(['close 4401 "who are you" true in 3'])
  })
})

describe('close()', () => {
  test('shakes hands as natively', async ({ dial }) => {
    const socket = dial()
    await next(socket, 'open')
    const said = trace(socket)
    socket.close(4001, 'bye')
    expect(socket.readyState).toBe(2)
    await next(socket, 'close')
    await pause(50)
    expect(said).toEqual(['close 4001 "bye" true in 3'])
  })

  test('while CONNECTING is told as natively', async ({ dial }) => {
    const native = new WebSocket(url)
    const socket = dial()
    const said = [trace(native), trace(socket)]
    for (const one of [native, socket]) one.close()
    expect(socket.readyState).toBe(2)
    await Promise.all([next(native, 'close'), next(socket, 'close')])
    await pause(50)
    expect(said[1]).toEqual(said[0])
  })

  test('between two attempts is told once more', async ({ dial }) => {
    const socket = dial({ reconnect: () => 60_000 })
    await next(socket, 'open')
    socket.send('close 1012 ')
    await next(socket, 'close')
    const said = trace(socket)
    expect(thrown(() => socket.close(1))).toBe('DOMException InvalidAccessError')
    expect(socket.readyState).toBe(0)
    socket.close()
    expect(socket.readyState).toBe(2)
    await next(socket, 'close')
    expect(said).toEqual(['close 1006 "" false in 3'])
  })

  test('before the address is known is told, too', async ({ dial }) => {
    const socket = dial({}, (() => new Promise(() => {})) as never)
    expect(thrown(() => socket.close(1001))).toBe('DOMException InvalidAccessError')
    socket.close()
    expect(socket.readyState).toBe(2)
    expect(await next(socket, 'close')).toMatchObject({ code: 1006, wasClean: false })
    expect(thrown(() => socket.send('late'))).toBe('nothing')
  })
})

test('what is no data is sent as text, as natively', async ({ dial }) => {
  const odd = [new Set([1]), new Map(), { size: 3 }, new String('text'), 10n, null] as unknown as string[]
  const native = await opened(WebSocket, url)
  const socket = dial()
  const heard: string[][] = [[], []]
  for (const [index, one] of [native, socket].entries()) {
    one.onmessage = ({ data }) => heard[index]?.push(data)
    for (const data of odd) one.send(data)
  }
  await expect.poll(() => heard.map(({ length }) => length)).toEqual([odd.length, odd.length])
  expect(heard[1]).toEqual(heard[0])
  native.close()
})

test('a signal ends it', async ({ dial }) => {
  const gone = new AbortController()
  const socket = dial({ signal: gone.signal })
  await next(socket, 'open')
  const closed = next(socket, 'close')
  gone.abort()
  await closed
  expect(socket.readyState).toBe(3)
  expect(dial({ signal: gone.signal }).readyState).toBe(3)
})

test('from a function, one attempt is still one connection', async ({ dial }) => {
  const socket = dial({ reconnect: false }, () => url)
  const said = trace(socket)
  socket.send('queued')
  expect((await next(socket, 'message')).data).toBe('queued')
  socket.send('close 1012 ')
  await next(socket, 'close')
  const failed = dial({ reconnect: false }, () => refused)
  await next(failed, 'close')
  expect([socket.readyState, failed.readyState]).toEqual([3, 3])
  // WebKitGTK tells a close frame that is followed by the end of the line as an error at times.
  expect(said.filter((line) => !line.startsWith('error'))).toEqual([
    'open in 1',
    'message in 1',
    expect.stringMatching(/^close .* in 3$/),
  ])
})

test('stands where the global WebSocket stood', async () => {
  const native = globalThis.WebSocket
  globalThis.WebSocket = ReconnectingWebSocket
  try {
    const socket = new WebSocket(url)
    expect(socket).toBeInstanceOf(ReconnectingWebSocket)
    await next(socket, 'open')
    socket.send('close 1012 ')
    await next(socket, 'open')
    socket.close()
  } finally {
    globalThis.WebSocket = native
  }
})

test('a class with options of its own gives them to every socket', async () => {
  const Class = configured({ reopen: false, reconnect: soon })
  const socket = new Class(url)
  expect(socket).toBeInstanceOf(Class)
  await next(socket, 'open')
  socket.send('close 1012 ')
  await next(socket, 'close')
  expect(socket.readyState).toBe(3)
})

test('what the queue gives up is told', async ({ dial }) => {
  const socket = dial({ queue: { messages: 1 } })
  const dropped: unknown[] = []
  socket.addEventListener('drop', (event) => dropped.push((event as CustomEvent).detail))
  socket.send('one')
  socket.send('two')
  expect(dropped).toEqual([
    { data: 'two', why: 'overflow', reason: 'the queue is full: it holds 1 (option queue.messages)' },
  ])
  await next(socket, 'open')
})

test('close() in a listener of what close() gives up is the same end', async ({ dial }) => {
  const socket = dial({ reconnect: () => 60_000 }, refused)
  await next(socket, 'close')
  socket.send('kept')
  const said = trace(socket)
  socket.addEventListener('drop', () => socket.close())
  socket.close()
  await next(socket, 'close')
  await pause(50)
  expect(said).toEqual(['close 1006 "" false in 3'])
})

test('no event is made for a message that nobody wants', async ({ dial }) => {
  const { MessageEvent } = globalThis
  let made = 0
  globalThis.MessageEvent = new Proxy(MessageEvent, {
    construct: (target, args) => {
      made++
      return Reflect.construct(target, args)
    },
  })
  try {
    const socket = dial()
    await next(socket, 'open')
    for (let index = 0; index < 10; index++) socket.send(`${index}`)
    // By then all of them have come back.
    socket.send('close 1012 ')
    await next(socket, 'open')
    expect(made).toBe(0)
    let heard = 0
    for (let index = 0; index < 3; index++) socket.addEventListener('message', () => heard++)
    for (let index = 0; index < 10; index++) socket.send(`${index}`)
    await expect.poll(() => heard).toBe(30)
    expect(made).toBe(10)
  } finally {
    globalThis.MessageEvent = MessageEvent
  }
})

test('works in a worker', async () => {
  const worker = new Worker(new URL('../websocket/worker.ts', import.meta.url), { type: 'module' })
  worker.postMessage(url)
  const said = await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data)
    worker.onerror = reject
  })
  worker.terminate()
  expect(said).toEqual(['hello', 'close', 'hello', 'close'])
})
