import { test as base, expect, inject } from 'vitest'
import { server } from 'vitest/browser'
import { type Events, type Options, Socket } from '../../src/index.ts'

const { url, refused } = inject('conversation')

const test = base.extend<{ dial: (options?: Options, address?: string) => Socket }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  dial: async ({}, use) => {
    const sockets: Socket[] = []
    await use((options = {}, address = url) => {
      const socket = new Socket(address, options)
      sockets.push(socket)
      return socket
    })
    for (const socket of sockets) socket.close()
  },
})

const next = <Name extends keyof Events>(socket: Socket, name: Name) =>
  new Promise<Events[Name]>((resolve) => {
    const off = socket.on(name, (value) => {
      off()
      resolve(value)
    })
  })

test('uses the WebSocket of the page', async ({ dial }) => {
  const socket = dial()
  await socket.opened()
  socket.sendJson({ name: 'Ann' })
  expect(await next(socket, 'json')).toEqual({ name: 'Ann' })
})

test('keeps the shape of binary frames over a reconnect', async ({ dial }) => {
  const socket = dial({ binaryType: 'arraybuffer', reconnect: { base: 0 } })
  await socket.opened()
  socket.reconnect()
  socket.send(new Blob(['abc']))
  expect(await next(socket, 'binary')).toBeInstanceOf(ArrayBuffer)
})

test.for([1000, 1001, 1011, 1012])('comes back after the server closed with %i', async (code, { dial }) => {
  const socket = dial({ reconnect: { base: 0 } })
  await socket.opened()
  socket.send(`close ${code} why`)
  // To WebKitGTK 1012 is not a code, and fails the connection.
  const known = code !== 1012 || server.browser !== 'webkit'
  expect((await next(socket, 'waiting')).close).toMatchObject({
    code: known ? code : 1006,
    reason: known ? 'why' : '',
    cause: 'peer',
    wasClean: known,
  })
  expect(await next(socket, 'open')).toEqual({ protocol: '', reconnected: true })
})

test('tells the truth about a port where nobody listens', async ({ dial }) => {
  const { close } = await next(dial({}, refused), 'waiting')
  expect(close).toMatchObject({ code: 1006, reason: '', cause: 'peer', wasClean: false })
})

test('gives up on a subprotocol that the server does not speak', async ({ dial }) => {
  const socket = dial({ protocols: 'superchat', reconnect: false })
  expect(await next(socket, 'closed')).toMatchObject({ wasClean: false })
})

test('knows the subprotocol that was selected', async ({ dial }) => {
  const socket = dial({ protocols: ['superchat', 'chat'] })
  await socket.opened()
  expect(socket.protocol).toBe('chat')
})

test('dials at once when the network is back', async ({ dial }) => {
  const socket = dial({ reconnect: () => 60_000 })
  await socket.opened()
  socket.send('vanish')
  await next(socket, 'waiting')
  dispatchEvent(new Event('online'))
  await socket.opened()
})
