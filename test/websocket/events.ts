import { describe } from 'vitest'
import { agreeing, next, opened, pause, thrown, trace } from './agree.ts'
import type { Place } from './standard.ts'

/** Events and who hears them: of the native class, and of `Ours` in the same engine. */
export function events(Ours: typeof WebSocket, { url }: Place) {
  const agree = agreeing(WebSocket, Ours)
  const open = (Class: typeof WebSocket) => opened(Class, url)
  const types = ['open', 'message', 'error', 'close'] as const

  describe('an event', () => {
    const common = (event: Event, socket: WebSocket) => [
      event.type,
      Object.prototype.toString.call(event),
      event.constructor.name,
      event.target === socket,
      event.currentTarget === socket,
      event.eventPhase,
      event.bubbles,
      event.cancelable,
      event.composed,
      event.defaultPrevented,
      event.composedPath().length,
    ]

    agree('open is an Event', async (Class) => {
      const socket = new Class(url)
      const said = await new Promise<unknown[]>((resolve) => {
        socket.onopen = (event) => resolve(common(event, socket))
      })
      socket.close()
      return said
    })

    agree('message is a MessageEvent', async (Class) => {
      const socket = await open(Class)
      socket.send('hello')
      const said = await new Promise<unknown[]>((resolve) => {
        socket.onmessage = (event) => {
          const { data, origin, lastEventId, source, ports } = event
          resolve([
            ...common(event, socket),
            event instanceof MessageEvent,
            data,
            origin,
            lastEventId,
            source,
            ports,
          ])
        }
      })
      socket.close()
      return said
    })

    agree('error is an Event, and close a CloseEvent', async (Class) => {
      const socket = new Class(url)
      const said: unknown[] = []
      socket.onerror = (event) => said.push(common(event, socket))
      socket.close()
      await new Promise<void>((resolve) => {
        socket.onclose = (event) => {
          said.push([...common(event, socket), event instanceof CloseEvent])
          resolve()
        }
      })
      return said
    })
  })

  describe('an event-handler attribute', () => {
    agree('is null, a function or an object', (Class) => {
      const socket = new Class(url)
      const handler = () => {}
      const object = { handleEvent() {} }
      const read = types.flatMap((type) => {
        const name = `on${type}` as 'onopen'
        return [undefined, handler, 2, object, 'text', handler, null, handler, Symbol('no'), true].map(
          (value) => {
            socket[name] = value as () => void
            const now = socket[name] as unknown
            return now === value ? 'itself' : now
          },
        )
      })
      socket.close()
      return read
    })

    agree(
      'keeps the place at which it was first set',
      async (Class) => {
        const socket = new Class(url)
        const said: string[] = []
        const listener = (name: string) => () => said.push(name)
        socket.addEventListener('open', listener('a'))
        socket.onopen = listener('first')
        socket.addEventListener('open', listener('b'))
        socket.onopen = listener('second')
        socket.addEventListener('open', listener('c'))
        await next(socket, 'open')
        socket.close()
        return said
      },
      ['a', 'second', 'b', 'c'],
    )

    agree('goes to the end when it was null', async (Class) => {
      const socket = new Class(url)
      const said: string[] = []
      const listener = (name: string) => () => said.push(name)
      socket.onopen = listener('first')
      socket.addEventListener('open', listener('a'))
      socket.onopen = null
      socket.onopen = listener('second')
      await next(socket, 'open')
      socket.close()
      return said
    })

    agree(
      'is not called where it is an object, nor where it is taken away meanwhile',
      async (Class) => {
        const socket = await open(Class)
        const said: string[] = []
        socket.onmessage = { handleEvent: () => said.push('object') } as unknown as () => void
        socket.send('one')
        await next(socket, 'message')
        socket.onmessage = null
        socket.addEventListener('message', () => {
          socket.onmessage = null
        })
        socket.onmessage = () => said.push('taken away')
        socket.send('two')
        await next(socket, 'message')
        socket.close()
        return said
      },
      [],
    )

    agree(
      'is called with the socket and its event',
      async (Class) => {
        const socket = new Class(url)
        const said = await new Promise<unknown[]>((resolve) => {
          socket.onopen = function (this: unknown, ...args: unknown[]) {
            resolve([this === socket, args.length, (args[0] as Event).type])
          }
        })
        socket.close()
        return said
      },
      [true, 1, 'open'],
    )

    agree('hears what script dispatches', async (Class) => {
      const socket = new Class(url)
      const said: unknown[] = []
      for (const type of types) socket[`on${type}`] = (event: Event) => said.push([type, event.type])
      for (const type of [...types, 'other']) said.push(socket.dispatchEvent(new Event(type)))
      said.push(thrown(() => socket.dispatchEvent('open' as unknown as Event)))
      for (const type of types) socket[`on${type}`] = null
      socket.close()
      return said
    })
  })

  describe('a listener', () => {
    agree('of every kind', async (Class) => {
      const socket = await open(Class)
      const said: string[] = []
      const say = (name: string) => () => said.push(name)
      const twice = say('added twice')
      const removed = say('removed')
      const gone = new AbortController()
      const aborted = AbortSignal.abort()
      socket.addEventListener('message', say('plain'))
      socket.addEventListener('message', say('once'), { once: true })
      socket.addEventListener('message', { handleEvent: say('handleEvent') })
      socket.addEventListener('message', say('capture'), true)
      socket.addEventListener('message', say('until aborted'), { signal: gone.signal })
      socket.addEventListener('message', say('never'), { signal: aborted })
      socket.addEventListener('message', say('passive'), { passive: true })
      socket.addEventListener('message', twice)
      socket.addEventListener('message', twice)
      socket.addEventListener('message', removed)
      socket.addEventListener('message', removed, { capture: true })
      socket.removeEventListener('message', removed)
      socket.addEventListener('message', null as unknown as () => void)
      socket.addEventListener('message', () => socket.addEventListener('message', say('added meanwhile')), {
        once: true,
      })
      socket.send('one')
      await next(socket, 'message')
      gone.abort()
      said.push('-')
      socket.send('two')
      await next(socket, 'message')
      socket.close()
      return said
    })

    agree(
      'may stop the others',
      async (Class) => {
        const socket = await open(Class)
        const said: string[] = []
        const heard = new Promise<void>((resolve) => {
          socket.addEventListener('message', (event) => {
            said.push('one')
            event.stopImmediatePropagation()
            resolve()
          })
        })
        socket.onmessage = () => said.push('two')
        socket.send('hello')
        await heard
        await pause(10)
        socket.close()
        return said
      },
      ['one'],
    )

    agree('is added with two arguments', (Class) => {
      const socket = new Class(url)
      const add = socket.addEventListener as unknown as (...args: unknown[]) => void
      const errors = [[], ['message'], ['message', 1], [Symbol('type'), () => {}], ['message', {}]].map(
        (args) => thrown(() => add.apply(socket, args)),
      )
      socket.close()
      return errors
    })

    agree('hears messages in their order, between open and close', async (Class) => {
      const socket = new Class(url)
      const said = trace(socket)
      const data: unknown[] = []
      socket.onmessage = (event) => data.push(event.data)
      socket.onopen = () => {
        for (let index = 0; index < 10; index++) socket.send(`${index}`)
        socket.send('close 1000 done')
      }
      await next(socket, 'close')
      return [said, data]
    })
  })

  describe('nobody refers to the socket any more', () => {
    agree(
      'and its messages still come',
      async (Class) => {
        const heard: string[] = []
        await new Promise<void>((resolve) => {
          // Only the listener knows it.
          new Class(url).onopen = ({ target }) => {
            const socket = target as WebSocket
            socket.onmessage = ({ data }) => {
              heard.push(data)
              if (heard.length < 3) socket.send('again')
              else socket.close()
            }
            socket.onclose = () => resolve()
            garbage()
            setTimeout(() => socket.send('later'), 50)
          }
        })
        return heard
      },
      ['later', 'again', 'again'],
    )
  })

  describe('the page is gone', () => {
    agree('and with it the connection, without a word', async (Class) => {
      const frame = document.createElement('iframe')
      document.body.append(frame)
      const made = (frame.contentWindow as unknown as { WebSocket: typeof WebSocket }).WebSocket
      const socket =
        Class === WebSocket
          ? new made(url)
          : new (Class as unknown as new (...args: unknown[]) => WebSocket)(url, [], { WebSocket: made })
      await next(socket, 'open')
      const said = trace(socket)
      frame.remove()
      await pause(100)
      return [said, socket.readyState]
    })
  })
}

/** Makes the engine collect, as far as script can. */
function garbage() {
  const { gc } = globalThis as { gc?: () => void }
  gc?.()
  let waste: unknown[] = []
  for (let index = 0; index < 200; index++) {
    waste.push(new Array(10_000).fill(index))
    if (index % 20 === 0) waste = []
  }
}
