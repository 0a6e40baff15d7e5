const { Socket } = require('holdfast')
const { FakeServer, seeded } = require('holdfast/testing')

let server
let random

beforeEach(() => {
  jest.useFakeTimers()
  random = seeded(1)
  server = new FakeServer('wss://example.com/chat').install()
})

afterEach(() => {
  server.restore()
  random.restore()
  jest.useRealTimers()
})

test('what is sent during an outage arrives after it', async () => {
  const socket = new Socket('wss://example.com/chat')
  await server.connected()

  server.refuse()
  server.vanish()
  await jest.advanceTimersByTimeAsync(30_000)
  expect(socket.send('are you there?')).toBe('queued')

  server.accept()
  const client = await server.connected({ within: 15_000 })
  await client.heard('are you there?')
  socket.close()
  expect(await client.ended()).toMatchObject({ code: 1000 })
})
