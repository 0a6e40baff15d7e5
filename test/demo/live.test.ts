import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Session } from '../../src/session/client/index.ts'
import { connect, refused, serve } from './support.ts'

test('the path of the live examples answers pings and requests, and sends other texts back', async () => {
  const { socketUrl } = await serve()
  const client = await connect(`${socketUrl}/live`)
  client.send('ping')
  expect(await client.next()).toBe('pong')
  client.send('hello')
  expect(await client.next()).toBe('hello')
  client.send({ id: 1, method: 'time' })
  expect(await client.json()).toEqual({ id: 1, result: expect.stringMatching(/^\d{4}-/) })
  client.send({ id: 2, method: 'slow' })
  client.send({ id: 3, method: 'else' })
  expect(await client.json()).toEqual({ id: 3, error: 'The method is time or slow.' })
  expect(await client.json()).toEqual({ id: 2, result: 'slow, but here' })
  client.send({ type: 'else' })
  expect(await client.json()).toEqual({
    type: 'error',
    message: 'An object has an id and a method, or the type drop or silence.',
  })
})

test('it cuts the connection that asks for it, and no other', async () => {
  const { socketUrl } = await serve()
  const [client, other] = [await connect(`${socketUrl}/live`), await connect(`${socketUrl}/live`)]
  client.send({ type: 'drop' })
  expect(await client.closed).toEqual({ code: 1006, reason: '' })
  other.send('ping')
  expect(await other.next()).toBe('pong')
})

test('the counter takes sessions only', async () => {
  const { socketUrl } = await serve()
  expect(await refused(`${socketUrl}/counter`)).toMatchObject({
    status: 400,
    body: expect.stringContaining('offer holdfast.1'),
  })
})

test('the counter publishes one number after the other, over a connection that is cut', async () => {
  const { socketUrl } = await serve()
  const session = new Session<{ n: number }>(`${socketUrl}/counter`, {
    WebSocket: WebSocket as never,
    reconnect: { base: 10 },
  })
  const numbers: number[] = []
  await new Promise<void>((done) => {
    session.on('json', ({ n }) => {
      numbers.push(n)
      if (numbers.length === 1) session.send('{"type":"drop"}')
      if (numbers.length === 4) done()
    })
  })
  session.close()
  expect(numbers).toEqual([1, 2, 3, 4])
})
