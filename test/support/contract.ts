import { beforeAll, describe, expect, test } from 'vitest'

type Native = Pick<
  WebSocket,
  | 'addEventListener'
  | 'binaryType'
  | 'bufferedAmount'
  | 'close'
  | 'extensions'
  | 'protocol'
  | 'removeEventListener'
  | 'send'
  | 'url'
> & {
  readyState: number
  onopen: unknown
  onmessage: unknown
  onerror: unknown
  onclose: unknown
}

export interface Engine {
  /** Real engines differ in places; the tests say where. */
  kind: 'fake' | 'ws' | 'chromium' | 'firefox' | 'webkit'
  WebSocket: (new (url: string | URL, protocols?: string | string[]) => Native) & { prototype: object }
  /** Where `converse` answers. */
  url: string
  /** Where nobody listens. */
  refused: string
}

const deferred = <Value>() => {
  let resolve: (value: Value) => void = () => {}
  const promise = new Promise<Value>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** What the core relies on of any native WebSocket. Only the fake is ours: the others prove that it does not lie. */
export function contract(name: string, make: () => Engine | Promise<Engine>) {
  describe(`the WebSocket of ${name}`, () => {
    let engine: Engine
    beforeAll(async () => {
      engine = await make()
    })

    /** A socket and the names of its events; `until` waits for one of them. */
    const dial = (protocols?: string | string[], url = engine.url) => {
      const socket = new engine.WebSocket(url, protocols)
      const events: string[] = []
      const waiting: Record<string, (event: never) => void> = {}
      const heard = (event: { type: string }) => {
        events.push(event.type)
        waiting[event.type]?.(event as never)
      }
      socket.onopen = socket.onmessage = socket.onerror = socket.onclose = heard
      const until = <Type extends keyof WebSocketEventMap>(type: Type) =>
        new Promise<WebSocketEventMap[Type]>((resolve) => {
          waiting[type] = resolve
        })
      return { socket, events, until }
    }

    const open = async (protocols?: string) => {
      const dialled = dial(protocols)
      await dialled.until('open')
      return dialled
    }

    const thrown = (act: () => unknown) => {
      try {
        act()
      } catch (error) {
        return (error as Error).name
      }
      return 'nothing'
    }

    test('is CONNECTING, then OPEN', async () => {
      const { socket, events, until } = dial()
      expect([socket.readyState, socket.protocol, socket.bufferedAmount]).toEqual([0, '', 0])
      await until('open')
      expect([socket.readyState, socket.protocol, socket.url]).toEqual([1, '', engine.url])
      expect(events).toEqual(['open'])
    })

    test('sends and hears text', async () => {
      const { socket, until } = await open()
      socket.send('grüße 🙂')
      expect((await until('message')).data).toBe('grüße 🙂')
    })

    test('sends the bytes of a view and nothing around them', async () => {
      const { socket, until } = await open()
      socket.binaryType = 'arraybuffer'
      const whole = new Uint8Array([0, 1, 2, 3, 4])
      socket.send(whole.subarray(1, 4))
      // What is sent is what it was at that moment.
      whole.fill(9)
      const { data } = await until('message')
      expect(data).toBeInstanceOf(ArrayBuffer)
      expect([...new Uint8Array(data)]).toEqual([1, 2, 3])
    })

    test('hears binary frames as blobs', async () => {
      const { socket, until } = await open()
      expect(socket.binaryType).toBe(engine.kind === 'ws' ? 'nodebuffer' : 'blob')
      socket.binaryType = 'blob'
      socket.send(new Uint8Array([5, 6]).buffer)
      const { data } = await until('message')
      expect(data).toBeInstanceOf(Blob)
      expect([...new Uint8Array(await data.arrayBuffer())]).toEqual([5, 6])
    })

    test('keeps the order of text and binary', async () => {
      const { socket } = await open()
      socket.binaryType = 'arraybuffer'
      const heard: unknown[] = []
      const all = new Promise<void>((resolve) => {
        socket.onmessage = ({ data }: MessageEvent) => {
          heard.push(typeof data === 'string' ? data : new Uint8Array(data)[0])
          if (heard.length === 40) resolve()
        }
      })
      for (let index = 0; index < 20; index++) {
        socket.send(`${index}`)
        socket.send(new Uint8Array([index]))
      }
      await all
      expect(heard).toEqual(Array.from({ length: 20 }, (_, index) => [`${index}`, index]).flat())
    })

    test('closes with a code and a reason', async () => {
      const { socket, events, until } = await open()
      socket.close(4001, 'bye')
      expect(socket.readyState).toBe(2)
      expect(await until('close')).toMatchObject({ code: 4001, reason: 'bye', wasClean: true })
      expect(socket.readyState).toBe(3)
      expect(events).toEqual(['open', 'close'])
    })

    test('closes without a code as 1005', async () => {
      const { socket, until } = await open()
      socket.close()
      expect(await until('close')).toMatchObject({ code: 1005, reason: '', wasClean: true })
    })

    test('closes once, however often it is asked', async () => {
      const { socket, events, until } = await open()
      socket.close(4001)
      socket.close(4002)
      expect((await until('close')).code).toBe(4001)
      socket.close(4003)
      expect(events).toEqual(['open', 'close'])
    })

    test.for([1000, 1001, 1011, 1012, 4400])('hears the server close with %i', async (code) => {
      const { socket, events, until } = await open()
      socket.send(`close ${code} that is why`)
      const close = await until('close')
      // It knows the codes of RFC 6455 alone: 1012 came later, and fails the connection there.
      if (engine.kind === 'webkit' && code === 1012) return expect(close).toMatchObject({ code: 1006 })
      expect(close).toMatchObject({ code, reason: 'that is why', wasClean: true })
      expect(events).toEqual(['open', 'close'])
    })

    test('ends with 1006 when the line is gone', async () => {
      const { socket, until } = await open()
      socket.send('vanish')
      expect(await until('close')).toMatchObject({ code: 1006, reason: '', wasClean: false })
      expect(socket.readyState).toBe(3)
    })

    test('throws on send while CONNECTING', async () => {
      const { socket, until } = dial()
      expect(thrown(() => socket.send('early'))).toBe(engine.kind === 'ws' ? 'Error' : 'InvalidStateError')
      await until('open')
    })

    test('discards what is sent after close, and counts it for ever', async () => {
      const { socket, events, until } = await open()
      socket.close()
      // WebKitGTK counts the header of the frame, too.
      const bytes = engine.kind === 'webkit' ? 5 + 6 : 5
      socket.send('12345')
      expect(socket.bufferedAmount).toBe(bytes)
      await until('close')
      socket.send('12345')
      expect(socket.bufferedAmount).toBe(2 * bytes)
      expect(events).toEqual(['open', 'close'])
    })

    test('counts bytes, not characters, until they have left', async () => {
      const { socket, until } = await open()
      socket.send('€'.repeat(50_000))
      // `ws` hands over at once what fits into the buffers of the system.
      expect(socket.bufferedAmount).toBe(engine.kind === 'ws' ? 0 : 150_000)
      await until('message')
      expect(socket.bufferedAmount).toBe(0)
    })

    test('knows the subprotocol that the server selected', async () => {
      const { socket, until } = dial(['superchat', 'chat'])
      expect(socket.protocol).toBe('')
      await until('open')
      expect(socket.protocol).toBe('chat')
    })

    test('fails where none of the subprotocols is selected', async () => {
      const { socket, events, until } = dial('superchat')
      // Against the standard; connection.ts looks at the protocol for that.
      if (engine.kind === 'firefox' || engine.kind === 'webkit') {
        await until('open')
        return expect(socket.protocol).toBe('')
      }
      expect(await until('close')).toMatchObject({ code: 1006, wasClean: false })
      expect(events).toEqual(['error', 'close'])
    })

    test('refuses to be constructed with what is not a WebSocket URL or a subprotocol', () => {
      const { WebSocket, url } = engine
      const names = [
        thrown(() => new WebSocket('ftp://127.0.0.1/')),
        thrown(() => new WebSocket('ws://[/')),
        thrown(() => new WebSocket(`${url}#part`)),
        thrown(() => new WebSocket(url, ['chat', 'chat'])),
        thrown(() => new WebSocket(url, 'not a token')),
      ]
      expect(names).toEqual(Array(5).fill('SyntaxError'))
    })

    test('takes an http URL', async () => {
      const { socket, until } = dial(undefined, engine.url.replace(/^ws/, 'http'))
      await until('open')
      expect(socket.url).toBe(engine.url)
    })

    test('refuses to close with a code that is not for applications', async () => {
      const { socket } = await open()
      const codes =
        engine.kind === 'ws' ? [0, 999, 1005, 1006, 2999, 5000] : [0, 999, 1001, 1006, 1011, 2999, 5000]
      const names = codes.map((code) => thrown(() => socket.close(code)))
      // `ws` also takes 1001 and its like, as a server must.
      expect(new Set(names)).toEqual(new Set([engine.kind === 'ws' ? 'TypeError' : 'InvalidAccessError']))
      expect(socket.readyState).toBe(1)
    })

    test('takes a reason of 123 bytes', async () => {
      const { socket, until } = await open()
      socket.close(4000, '€'.repeat(41))
      expect((await until('close')).reason).toBe('€'.repeat(41))
    })

    test('refuses a longer reason', async () => {
      const { socket } = await open()
      const name = thrown(() => socket.close(4000, '€'.repeat(42)))
      expect(name).toBe(engine.kind === 'ws' ? 'RangeError' : 'SyntaxError')
    })

    test('says error and 1006 where nobody listens', async () => {
      const { socket, events, until } = dial(undefined, engine.refused)
      expect(await until('close')).toMatchObject({ code: 1006, reason: '', wasClean: false })
      expect(events).toEqual(['error', 'close'])
      expect(socket.readyState).toBe(3)
    })

    test('says error and 1006 when closed while CONNECTING', async () => {
      const { socket, events, until } = dial()
      socket.close()
      expect(socket.readyState).toBe(2)
      expect(await until('close')).toMatchObject({ code: 1006, wasClean: false })
      expect(events).toEqual(['error', 'close'])
    })

    test('has the constants of the standard, as a class and as an object', async () => {
      const { socket } = await open()
      const names = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const
      for (const [index, name] of names.entries()) {
        const found = [engine.WebSocket, engine.WebSocket.prototype, socket].map((object) =>
          Reflect.get(object, name),
        )
        expect([name, ...found]).toEqual([name, index, index, index])
      }
    })

    test('is an EventTarget whose listeners and handlers get real events, in the order of registration', async () => {
      const socket = new engine.WebSocket(engine.url)
      const order: string[] = []
      const { resolve, promise } = deferred<unknown>()
      socket.addEventListener('message', () => order.push('first'))
      socket.onmessage = () => order.push('replaced')
      socket.addEventListener('message', (event) => {
        order.push('last')
        resolve(event)
      })
      // It keeps the place of the one before it.
      socket.onmessage = () => order.push('handler')
      const once = { handleEvent: () => order.push('once') }
      socket.addEventListener('message', once, { once: true })
      const removed = () => order.push('removed')
      socket.addEventListener('message', removed)
      socket.removeEventListener('message', removed)
      await new Promise((opened) => {
        socket.onopen = opened
      })
      socket.send('x')
      const event = (await promise) as MessageEvent
      await new Promise((closed) => {
        socket.onclose = closed
        socket.close()
      })
      // `ws` appends a handler that replaces another one.
      expect(order).toEqual(
        engine.kind === 'ws' ? ['first', 'last', 'handler', 'once'] : ['first', 'handler', 'last', 'once'],
      )
      expect([event.type, event.target, event.data]).toEqual(['message', socket, 'x'])
      if (engine.kind === 'ws') return
      expect([event instanceof MessageEvent, event instanceof Event]).toEqual([true, true])
      expect(event.origin).toBe(new URL(engine.url).origin)
      expect(socket).toBeInstanceOf(EventTarget)
    })

    test('takes only functions for handlers', () => {
      const socket = new engine.WebSocket(engine.refused)
      for (const name of ['onopen', 'onmessage', 'onerror', 'onclose'] as const) {
        expect(socket[name]).toBe(null)
        socket[name] = 'no function'
        expect(socket[name]).toBe(null)
        const handler = () => {}
        socket[name] = handler
        expect(socket[name]).toBe(handler)
      }
      expect(thrown(() => socket.close())).toBe('nothing')
    })

    test('ignores an unknown binaryType', async () => {
      const { socket } = await open()
      socket.binaryType = 'arraybuffer'
      expect(thrown(() => Object.assign(socket, { binaryType: 'text' }))).toBe('nothing')
      expect(socket.binaryType).toBe('arraybuffer')
    })

    test('sends blobs, in their order among the rest', async () => {
      const { socket, until } = await open()
      socket.binaryType = 'arraybuffer'
      const sizes: number[] = []
      const all = new Promise<void>((resolve) => {
        socket.onmessage = ({ data }: MessageEvent) => {
          sizes.push(data.byteLength ?? -data.length)
          if (sizes.length === 4) resolve()
        }
      })
      socket.send('1')
      socket.send(new Blob(['12345']))
      socket.send('12')
      socket.send(new Uint8Array(3))
      await all
      expect(sizes).toEqual([-1, 5, -2, 3])
      expect(socket.bufferedAmount).toBe(0)
      socket.close()
      await until('close')
    })

    test('sends everything else as text', async () => {
      const { socket } = await open()
      const texts: unknown[] = []
      // `ws` converts numbers only.
      const odd = engine.kind === 'ws' ? [] : [true, null, undefined, ['a', 'b'], { toString: () => 'own' }]
      const values = [1.5, '', 'lone \ud800 surrogate', ...odd] as string[]
      const all = new Promise<void>((resolve) => {
        socket.onmessage = ({ data }: MessageEvent) => {
          texts.push(data)
          if (texts.length === values.length) resolve()
        }
      })
      for (const value of values) socket.send(value)
      await all
      const expected = ['1.5', '', 'lone \ufffd surrogate', 'true', 'null', 'undefined', 'a,b', 'own']
      expect(texts).toEqual(expected.slice(0, values.length))
    })

    test('sends no reason without a code', async () => {
      const { socket, until } = await open()
      const name = thrown(() => socket.close(undefined, 'why'))
      if (engine.kind === 'chromium' || engine.kind === 'fake') return expect(name).toBe('InvalidAccessError')
      expect(name).toBe('nothing')
      expect(await until('close')).toMatchObject({ code: 1005, reason: '', wasClean: true })
    })

    test('takes names that differ in case for different subprotocols', () => {
      const { socket } = dial(['chat', 'CHAT'])
      expect(socket.readyState).toBe(0)
    })

    test.for<[string, unknown]>([
      ['an empty list', []],
      ['nothing', undefined],
    ])('offers no subprotocol with %s', async ([, protocols]) => {
      const { socket, until } = dial(protocols as string[])
      await until('open')
      expect([socket.protocol, socket.extensions.includes('chat')]).toEqual(['', false])
    })

    test('takes an empty name for no subprotocol of the standard', () => {
      expect(thrown(() => new engine.WebSocket(engine.url, ''))).toBe('SyntaxError')
      expect(thrown(() => new engine.WebSocket(engine.url, ['']))).toBe('SyntaxError')
    })

    test('takes a URL object, and completes what is short', async () => {
      const { socket, until } = dial(undefined, new URL(engine.url) as never)
      await until('open')
      const bare = new engine.WebSocket(engine.url.replace(/\/$/, '?a b#'.slice(0, 4)))
      expect([socket.url, bare.url]).toEqual([engine.url, `${engine.url}?a%20b`])
      bare.onerror = () => {}
      bare.close()
    })

    test('is constructed with new, and with a URL', () => {
      const call = engine.WebSocket as unknown as (url: string) => void
      expect(thrown(() => call(engine.url))).toBe('TypeError')
      expect(thrown(() => Reflect.construct(engine.WebSocket, []))).toBe(
        engine.kind === 'ws' ? 'SyntaxError' : 'TypeError',
      )
    })

    test('does not open in the task in which it was constructed', async () => {
      const { socket, until } = dial()
      for (let turn = 0; turn < 100; turn++) await null
      expect(socket.readyState).toBe(0)
      await until('open')
    })

    test('delivers nothing after close(), though it was on its way', async () => {
      const { socket, events, until } = await open()
      for (let i = 0; i < 10; i++) socket.send(`${i}`)
      await until('message')
      socket.close()
      const heard = events.length
      await until('close')
      expect(events.slice(heard)).toEqual(['close'])
    })

    test('delivers what the server said before it closed', async () => {
      const { socket, events, until } = await open()
      for (let i = 0; i < 10; i++) socket.send(`${i}`)
      socket.send('close 4000 then')
      expect((await until('close')).code).toBe(4000)
      expect(events).toEqual(['open', ...Array(10).fill('message'), 'close'])
    })

    test('tells nothing to a handler that was taken off', async () => {
      const { socket, events, until } = await open()
      socket.onmessage = null
      socket.send('unheard')
      socket.send('close 1000 ')
      await until('close')
      expect(events).toEqual(['open', 'close'])
    })
  })
}
