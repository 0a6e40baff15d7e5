import { expect } from 'vitest'
import { constructorOf, HOP, test, tick } from './stage.ts'

test('the selected subprotocol is given to open, and kept', async ({ server, open }) => {
  server.select = () => 'chat'
  const { socket, last } = await open({ protocols: ['superchat', 'chat'] })
  expect([last('open')?.protocol, socket.protocol]).toEqual(['chat', 'chat'])
})

test('one may be offered as a string', async ({ open }) => {
  const { socket } = await open({ protocols: 'chat' })
  expect(socket.protocol).toBe('chat')
})

test('none offered, none selected', async ({ open }) => {
  const { socket, last } = await open()
  expect([last('open')?.protocol, socket.protocol]).toEqual(['', ''])
})

test('they may be a function, asked for every attempt', async ({ open }) => {
  let version = 0
  const { socket, all } = await open({ protocols: async () => [`v${++version}`] })
  socket.reconnect()
  await tick(2 * HOP)
  expect(all('open').map(({ protocol }) => protocol)).toEqual(['v1', 'v2'])
})

test('a function for them that rejects is a failed attempt', async ({ dial }) => {
  const { last } = dial({ protocols: () => Promise.reject(new Error('no')) })
  await tick(HOP)
  expect(last('waiting')?.close).toMatchObject({ cause: 'url', error: new Error('no') })
})

test('an offer that the browser itself fails is a failed attempt', async ({ server, dial }) => {
  server.select = () => undefined
  const { names } = dial({ protocols: 'chat' })
  await tick(HOP)
  expect(names()).toEqual(['connecting', 'waiting'])
})

test('an offer that the server ignores is a failed attempt where the browser opens it, as Firefox does', async ({
  server,
  dial,
}) => {
  const Fake = constructorOf(server)
  class Firefox extends Fake {
    constructor(url: string) {
      super(url)
    }
  }
  const { last, names } = dial({ protocols: ['chat', 'superchat'], WebSocket: Firefox })
  await tick(HOP)
  expect(names()).toEqual(['connecting', 'waiting'])
  const close = last('waiting')?.close
  expect(close).toMatchObject({ code: 1006, cause: 'refused' })
  expect(close?.reason).toContain('chat, superchat')
  await tick(2 * HOP)
  expect(server.sockets).toEqual([])
})
