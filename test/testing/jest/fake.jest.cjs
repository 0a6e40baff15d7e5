/* The fake in jest's own realms: with fake timers, real timers, binary data, and an expectation that fails. */
const { Socket } = require('holdfast')
const { FakeServer } = require('holdfast/testing')

let server
beforeEach(() => {
  server = new FakeServer().install()
})
afterEach(() => {
  server.restore()
  jest.useRealTimers()
})

test('binary is binary in both directions', async () => {
  const socket = new WebSocket('ws://any.test/')
  socket.binaryType = 'arraybuffer'
  const client = await server.connected()
  socket.send(new Uint8Array([1, 2]))
  socket.send(Buffer.from([3]))
  expect(await client.heard()).toEqual(new Uint8Array([1, 2]))
  expect(await client.heard(new Uint8Array([3]))).toHaveLength(1)
  const message = new Promise((resolve) => {
    socket.onmessage = resolve
  })
  client.say(new Uint8Array([4, 5]).buffer)
  expect([...new Uint8Array((await message).data)]).toEqual([4, 5])
})

test('the clock goes as far as needed', async () => {
  jest.useFakeTimers()
  const start = Date.now()
  server.slow(400)
  new Socket('ws://any.test/')
  await server.connected()
  expect(Date.now() - start).toBe(400)
})

test('timers are of the moment: fake ones after real ones, and back', async () => {
  for (const fake of [false, true, false]) {
    if (fake) jest.useFakeTimers()
    else jest.useRealTimers()
    const socket = new WebSocket('ws://any.test/')
    await server.connected()
    socket.send('x')
    await server.heard('x')
  }
})

test('legible: a failed expectation prints the conversation', async () => {
  jest.useFakeTimers()
  const socket = new WebSocket('ws://any.test/')
  await server.connected()
  socket.send('something else')
  await expect(server.heard(expect.objectContaining({ a: 1 }))).rejects.toThrow(
    /ObjectContaining(.|\n)*client 1 {2}→ "something else"/,
  )
})
