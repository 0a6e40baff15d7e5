import { describe } from 'vitest'
import { agreeing, thrown } from './agree.ts'
import type { Place } from './standard.ts'

/** What WebIDL says of the interface: of the native class, and of `Ours` in the same engine. */
export function shape(Ours: typeof WebSocket, { url }: Place) {
  const agree = agreeing(WebSocket, Ours)
  const constants = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const
  const attributes = [
    'url',
    'readyState',
    'bufferedAmount',
    'extensions',
    'protocol',
    'binaryType',
    'onopen',
    'onmessage',
    'onerror',
    'onclose',
  ] as const

  describe('the interface', () => {
    agree('has its name', (Class) => [
      Object.getOwnPropertyDescriptor(Class, 'name'),
      Object.prototype.toString.call(Class.prototype),
      { ...Object.getOwnPropertyDescriptor(Class.prototype, 'constructor'), value: undefined },
    ])

    agree('has its constants on the class and on every socket', (Class) => [
      constants.map((name) => Object.getOwnPropertyDescriptor(Class, name)),
      constants.map((name) => Object.getOwnPropertyDescriptor(Class.prototype, name)),
    ])

    agree('has its attributes on the prototype', (Class) =>
      attributes.map((name) => {
        const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(
          Class.prototype,
          name,
        ) as PropertyDescriptor
        return [get?.name, get?.length, set?.name, set?.length, enumerable, configurable]
      }),
    )

    agree('has its methods on the prototype', (Class) =>
      (['send', 'close'] as const).map((name) => {
        const { value, ...rest } = Object.getOwnPropertyDescriptor(
          Class.prototype,
          name,
        ) as PropertyDescriptor
        return [value.name, value.length, rest]
      }),
    )

    agree('knows its class', (Class) => {
      const socket = new Class(url)
      socket.close()
      return [Class.prototype.constructor === Class, socket.constructor === Class]
    })

    agree('is that of an EventTarget', (Class) => {
      const socket = new Class(url)
      socket.close()
      return [
        Class.length,
        Class.prototype instanceof EventTarget,
        Object.getPrototypeOf(Class) === EventTarget,
        Object.getPrototypeOf(Class.prototype) === EventTarget.prototype,
        socket instanceof Class,
        socket instanceof EventTarget,
        Object.prototype.toString.call(socket),
        Object.keys(socket),
        Object.getOwnPropertyDescriptor(Class.prototype, Symbol.toStringTag),
      ]
    })

    agree('lists its members', (Class) => {
      const socket = new Class(url)
      socket.close()
      const names: string[] = []
      for (const name in socket) names.push(name)
      return names.sort()
    })

    agree('works on nothing else', (Class) => {
      const { prototype } = Class
      return [
        ...attributes.map((name) => {
          const get = Object.getOwnPropertyDescriptor(prototype, name)?.get as () => unknown
          return [thrown(() => get.call({})), thrown(() => prototype[name])]
        }),
        thrown(() => prototype.send.call({} as WebSocket, 'x')),
        thrown(() => prototype.close.call({} as WebSocket)),
        // Whatever they are given: that it is not a socket is seen first.
        ...attributes.map((name) => {
          const set = Object.getOwnPropertyDescriptor(prototype, name)?.set
          return [thrown(() => set?.call({}, 'x')), thrown(() => set?.call(prototype, 'x'))]
        }),
      ]
    })

    agree('has attributes that script cannot write', (Class) => {
      const socket = new Class(url)
      const errors = attributes.slice(0, 5).map((name) =>
        thrown(() => {
          ;(socket as unknown as Record<string, unknown>)[name] = 'x'
        }),
      )
      socket.close()
      return errors
    })
  })
}
