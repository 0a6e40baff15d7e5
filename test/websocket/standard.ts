import { describe } from 'vitest'
import { agreeing, next, opened, pause, thrown, trace } from './agree.ts'

export interface Place {
  /** Where `converse` answers. */
  url: string
  /** Where nobody listens. */
  refused: string
}

/** The behaviour of https://websockets.spec.whatwg.org: of the native class, and of `Ours` in the same engine. */
export function standard(Ours: typeof WebSocket, { url, refused }: Place) {
  const agree = agreeing(WebSocket, Ours)
  const open = (Class: typeof WebSocket, protocols?: string | string[]) => opened(Class, url, protocols)

  describe('the constructor', () => {
    agree(
      'needs a url',
      (Class) => thrown(() => new (Class as unknown as new () => WebSocket)()),
      'TypeError TypeError',
    )

    agree(
      'is called with new',
      (Class) => thrown(() => (Class as unknown as () => void)()),
      'TypeError TypeError',
    )

    for (const address of [
      'ftp://127.0.0.1/',
      'ws://[/',
      'ws:',
      'mailto:a@example.com',
      'about:blank',
      'ws://127.0.0.1:99999/',
      `${url}#part`,
      `${url}#`,
      url.replace(/\/$/, ''),
      url.replace('ws:', 'http:'),
      url.replace('ws:', 'WS:'),
      `${url}a b?ü=\ud800`,
      `${url}../up/./here`,
      url.replace('//', '//user:secret@'),
      ` ${url} `,
      'relative',
      '/absolute',
      '?query',
      '#part',
      '',
      new URL(url),
      null,
      undefined,
      42,
      { toString: () => url },
      {
        toString() {
          throw new RangeError('thrown by toString')
        },
      },
      Symbol('url'),
    ])
      agree(
        `reads the url ${String(typeof address === 'object' ? JSON.stringify(address) : String(address))}`,
        (Class) => {
          let read = ''
          const error = thrown(() => {
            const socket = new Class(address as string)
            read = socket.url
            socket.close()
          })
          return [error, read]
        },
      )

    for (const [name, make] of Object.entries<() => unknown>({
      undefined: () => undefined,
      null: () => null,
      empty: () => '',
      'an empty list': () => [],
      'a list with an empty one': () => [''],
      'a space': () => 'a b',
      'a comma': () => 'a,b',
      'a letter beyond ASCII': () => 'é',
      'a control character': () => 'a\u0001',
      'every separator': () => '()<>@,;:\\"/[]?={}',
      'a token with punctuation': () => "!#$%&'*+-.^_`|~09azAZ",
      'one twice': () => ['chat', 'chat'],
      'one twice in other letters': () => ['chat', 'CHAT'],
      numbers: () => [1, 2],
      'a number': () => 42,
      'a set': () => new Set(['chat']),
      'a generator': () =>
        (function* () {
          yield 'chat'
        })(),
      'an object': () => ({}),
      'a String object': () => new String('chat'),
      'a list without iterator': () => ({ length: 1, 0: 'chat' }),
      'a symbol': () => Symbol('chat'),
      'a symbol in a list': () => [Symbol('chat')],
    }))
      agree(`reads as subprotocols ${name}`, (Class) =>
        thrown(() => new Class(url, make() as string).close()),
      )

    agree(
      'takes no notice of a stray argument',
      (Class) => {
        const Any = Class as unknown as new (...args: unknown[]) => WebSocket
        return [null, 7, 'stray', {}, []].map((stray) => thrown(() => new Any(url, 'chat', stray).close()))
      },
      Array(5).fill('nothing'),
    )

    agree('makes a socket that is CONNECTING', async (Class) => {
      const socket = new Class(url, ['chat'])
      const { readyState, bufferedAmount, extensions, protocol, binaryType } = socket
      const before = [readyState, bufferedAmount, extensions, protocol, binaryType, socket.url]
      await next(socket, 'open')
      socket.close()
      return [before, [socket.readyState, socket.extensions, socket.protocol, socket.url]]
    })
  })

  describe('the subprotocol', () => {
    agree(
      'is the one that the server selected',
      async (Class) => (await open(Class, ['superchat', 'chat'])).protocol,
      'chat',
    )

    // Chromium and the standard fail the connection; Firefox and WebKitGTK open it with the protocol "".
    agree('that is not selected', async (Class) => {
      const socket = new Class(url, 'superchat')
      const said = trace(socket)
      await Promise.race([next(socket, 'open'), next(socket, 'close')])
      const { protocol } = socket
      socket.close()
      if (socket.readyState < 3) await next(socket, 'close')
      return [said, protocol]
    })
  })

  describe('close', () => {
    const euros = (count: number) => '€'.repeat(count)
    const table: unknown[][] = [
      [],
      [undefined],
      [null],
      [1000],
      ['1000'],
      [1000.4],
      [1000.5],
      [999.5],
      [3000.5],
      [999],
      [1001],
      [1005],
      [2999],
      [3000],
      [4999],
      [4999.5],
      [5000],
      [NaN],
      [Infinity],
      [-1],
      [65_536 + 1000],
      ['words'],
      [{}],
      [true],
      [[3000]],
      [Symbol('code')],
      [10n],
      [1000, euros(41)],
      [1000, euros(42)],
      [3000, 'x'.repeat(123)],
      [3000, 'x'.repeat(124)],
      [1001, 'x'.repeat(124)],
      [undefined, 'reason'],
      [undefined, 'x'.repeat(124)],
      [4000, undefined],
      [4000, null],
      [4000, 42],
      [4000, 'lone \ud800 surrogate'],
      [4000, '\ud83d'.repeat(42)],
      [4000, Symbol('reason')],
      [4000, 'reason', 'stray'],
    ]
    for (const [index, args] of table.entries())
      agree(
        `${index}: with ${args
          .map((arg) => String(arg))
          .join(', ')
          .slice(0, 60)}`,
        async (Class) => {
          const socket = await open(Class)
          const said = trace(socket)
          const error = thrown(() => socket.close(...(args as [number, string])))
          const state = socket.readyState
          if (error !== 'nothing') {
            socket.close()
            return [error, state]
          }
          await next(socket, 'close')
          return [error, state, said, socket.readyState]
        },
      )

    agree('while CONNECTING', async (Class) => {
      const socket = new Class(url)
      const said = trace(socket)
      socket.close()
      const states = [socket.readyState]
      await next(socket, 'close')
      return [...states, said, socket.readyState, thrown(() => socket.send('late'))]
    })

    agree('a second time', async (Class) => {
      const socket = await open(Class)
      const said = trace(socket)
      socket.close(4001, 'one')
      socket.close(4002, 'two')
      const wrong = thrown(() => socket.close(1))
      await next(socket, 'close')
      socket.close(4003)
      await pause(20)
      return [said, wrong, thrown(() => socket.close(1)), thrown(() => socket.close(4000, euros(42)))]
    })

    agree(
      'in the listener of open',
      async (Class) => {
        const socket = new Class(url)
        const said = trace(socket)
        socket.onopen = () => socket.close(4000, 'enough')
        await next(socket, 'close')
        return said
      },
      ['open in 1', 'close 4000 "enough" true in 3'],
    )

    agree('leaves unheard what comes after it', async (Class) => {
      const socket = await open(Class)
      const said = trace(socket)
      for (let index = 0; index < 20; index++) socket.send(`${index}`)
      socket.close(1000)
      await next(socket, 'close')
      return said
    })

    for (const code of [1000, 1001, 1011, 1012, 3000, 4999])
      agree(`by the server with ${code}`, async (Class) => {
        const socket = await open(Class)
        const said = trace(socket)
        socket.send(`close ${code} grüße 🙂`)
        await next(socket, 'close')
        await pause(10)
        return said
      })

    agree('by a server that is gone', async (Class) => {
      const socket = await open(Class)
      const said = trace(socket)
      socket.send('vanish')
      await next(socket, 'close')
      await pause(10)
      return said
    })

    agree(
      'where nobody listens',
      async (Class) => {
        const socket = new Class(refused)
        const said = trace(socket)
        await next(socket, 'close')
        await pause(10)
        return said
      },
      ['error in 3', 'close 1006 "" false in 3'],
    )
  })

  describe('send', () => {
    agree(
      'needs data',
      async (Class) => {
        const socket = await open(Class)
        const error = thrown(() => (socket.send as () => void)())
        socket.close()
        return error
      },
      'TypeError TypeError',
    )

    agree(
      'before open',
      async (Class) => {
        const socket = new Class(url)
        const errors = [thrown(() => socket.send('early')), thrown(() => (socket.send as () => void)())]
        await next(socket, 'open')
        const { bufferedAmount } = socket
        socket.close()
        return [errors, bufferedAmount]
      },
      [['DOMException InvalidStateError', 'TypeError TypeError'], 0],
    )

    const bytes = new Uint8Array([0, 1, 2, 3, 4])
    const detached = new Uint8Array(4)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    for (const [name, data] of Object.entries<unknown>({
      text: 'grüße 🙂',
      nothing: '',
      'a lone surrogate': 'a\ud800b',
      null: null,
      undefined,
      'a number': 1.5,
      true: true,
      'an object': {},
      'a list': [1, [2]],
      'a function of its own text': { toString: () => 'me' },
      'a buffer': bytes.buffer,
      'an empty buffer': new ArrayBuffer(0),
      'part of a buffer': bytes.subarray(1, 3),
      'a DataView': new DataView(bytes.buffer, 2, 2),
      floats: new Float64Array([1, 2]),
      'a blob': new Blob(['blob']),
      'a symbol': Symbol('data'),
      'a set': new Set([1]),
      'a map': new Map([[1, 2]]),
      'a string object': new String('text'),
      'an object with a size': { size: 3 },
      'a file': new File(['file'], 'name'),
      'a detached buffer': detached.buffer,
      'a view of a detached buffer': detached,
      'a big integer': 10n,
    }))
      agree(`${name} comes back`, async (Class) => {
        const socket = await open(Class)
        socket.binaryType = 'arraybuffer'
        const error = thrown(() => socket.send(data as string))
        const { bufferedAmount } = socket
        const answer = error === 'nothing' ? (await next(socket, 'message')).data : undefined
        socket.close()
        return [error, bufferedAmount, answer instanceof ArrayBuffer ? [...new Uint8Array(answer)] : answer]
      })

    agree(
      'counts what it buffers, until it has left',
      async (Class) => {
        const socket = await open(Class)
        const counts: number[] = []
        for (const data of ['€€', new Uint8Array(7), new Blob(['12345'])]) {
          socket.send(data)
          counts.push(socket.bufferedAmount)
        }
        await next(socket, 'message')
        await next(socket, 'message')
        await next(socket, 'message')
        counts.push(socket.bufferedAmount)
        socket.close()
        return counts
      },
      [6, 13, 18, 0],
    )

    // WebKitGTK counts the headers of the frames, too: 19 and 28 where the others say 7 and 10.
    agree('after close counts for ever', async (Class) => {
      const socket = await open(Class)
      socket.close()
      socket.send('€')
      socket.send(new Uint8Array(4))
      const closing = socket.bufferedAmount
      await next(socket, 'close')
      socket.send(new Blob(['123']))
      return [closing, socket.bufferedAmount, thrown(() => socket.send('x'))]
    })
  })

  describe('binaryType', () => {
    agree('takes two words', (Class) => {
      const socket = new Class(url)
      const read = ['arraybuffer', 'blob', 'ArrayBuffer', 'arraybuffer', 'text', '', null, undefined, 1].map(
        (word) => {
          socket.binaryType = word as BinaryType
          return socket.binaryType
        },
      )
      const error = thrown(() => {
        socket.binaryType = Symbol('type') as unknown as BinaryType
      })
      socket.close()
      return [read, error]
    })

    agree('asks an object for its word once', (Class) => {
      const socket = new Class(url)
      const words = ['arraybuffer', 'blob']
      socket.binaryType = { toString: () => words.shift() } as unknown as BinaryType
      socket.close()
      return [socket.binaryType, words]
    })

    agree(
      'says what binary messages come as',
      async (Class) => {
        const socket = await open(Class)
        const kinds: string[] = []
        for (const type of ['blob', 'arraybuffer', 'blob'] as const) {
          socket.binaryType = type
          socket.send(new Uint8Array([1, 2]))
          const { data } = await next(socket, 'message')
          kinds.push(Object.prototype.toString.call(data))
        }
        socket.close()
        return kinds
      },
      ['[object Blob]', '[object ArrayBuffer]', '[object Blob]'],
    )

    agree('counts at the moment of delivery', async (Class) => {
      const socket = await open(Class)
      const kinds: string[] = []
      const both = new Promise<void>((resolve) => {
        socket.onmessage = ({ data }) => {
          kinds.push(Object.prototype.toString.call(data))
          socket.binaryType = 'arraybuffer'
          if (kinds.length === 3) resolve()
        }
      })
      for (let index = 0; index < 3; index++) socket.send(new Uint8Array([index]))
      await both
      socket.close()
      return kinds
    })
  })
}
