import { beforeAll, describe, expect, test } from 'vitest'

type Native = Pick<WebSocket, 'binaryType' | 'bufferedAmount' | 'close' | 'protocol' | 'send' | 'url'> & {
  readyState: number
  onopen: unknown
  onmessage: unknown
  onerror: unknown
  onclose: unknown
}

export interface Engine {
  /** Real engines differ in places; the tests say where. */
  kind: 'fake' | 'ws' | 'chromium' | 'firefox' | 'webkit'
  WebSocket: new (url: string, protocols?: string | string[]) => Native
  /** Where `converse` answers. */
  url: string
  /** Where nobody listens. */
  refused: string
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
