import { expect, test } from 'vitest'
import type { DemoServer } from '../../demo/server/server.ts'
import { type Client, connect, refused, serve, settle } from './support.ts'

async function join({ socketUrl }: DemoServer, name: string): Promise<Client> {
  const client = await connect(`${socketUrl}/chat`)
  client.send({ type: 'join', name, session: `session of ${name}` })
  await client.json('welcome')
  return client
}

/** Knocks until the server lets clients in again. */
const back = ({ socketUrl }: DemoServer) => {
  const knock = () =>
    connect(`${socketUrl}/echo`).then(
      () => true,
      () => false,
    )
  return expect.poll(knock, { timeout: 5_000 }).toBe(true)
}

test('drop cuts this client without a close frame, and nobody else', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const bob = await join(server, 'Bob')
  ann.send({ type: 'fault', kind: 'drop' })
  expect(await ann.closed).toEqual({ code: 1006, reason: '' })
  bob.send('ping')
  expect(bob.socket.readyState).toBe(bob.socket.OPEN)
})

test('silence leaves the line open and answers nothing any more', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const bob = await join(server, 'Bob')
  ann.send({ type: 'fault', kind: 'silence' })
  await settle(server)
  ann.rest()
  ann.send('ping')
  ann.send({ type: 'message', id: '1', text: 'does anybody hear me?' })
  bob.send({ type: 'message', id: '2', text: 'hello Ann' })
  await bob.json('delivered')
  await settle(server)
  expect(ann.rest()).toEqual([])
  expect(ann.socket.readyState).toBe(ann.socket.OPEN)
  expect(bob.rest().filter((frame) => String(frame).includes('anybody'))).toEqual([])
})

test('who was met with silence can come back over a new connection', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  ann.send({ type: 'fault', kind: 'silence' })
  await settle(server)
  const again = await join(server, 'Ann')
  again.send('ping')
  while ((await again.next()) !== 'pong');
})

test('restart cuts everybody, refuses upgrades for a while with 503, goes on serving pages, and is back', async () => {
  const server = await serve({ restartTime: 400 })
  const [ann, bob] = [await join(server, 'Ann'), await connect(`${server.socketUrl}/echo`)]
  ann.send({ type: 'fault', kind: 'restart' })
  expect((await ann.closed).code).toBe(1006)
  expect((await bob.closed).code).toBe(1006)
  expect(await refused(`${server.socketUrl}/chat`)).toEqual({
    status: 503,
    body: 'The server is restarting.\n',
  })
  expect((await fetch(server.url)).status).toBe(200)
  await back(server)
  await join(server, 'Ann')
})

test('a visitor cannot restart the server over and over', async () => {
  const server = await serve({ restartTime: 50 })
  const ann = await join(server, 'Ann')
  ann.send({ type: 'fault', kind: 'restart' })
  await ann.closed
  await back(server)
  const again = await join(server, 'Ann')
  again.send({ type: 'fault', kind: 'restart' })
  expect((await again.json('error')).message).toMatch(
    /^The server has just restarted\. It can again in \d+ s\.$/,
  )
})

test('a test can restart it as it likes', async () => {
  const server = await serve()
  for (let round = 0; round < 3; round++) {
    const client = await connect(`${server.socketUrl}/echo`)
    server.restart(0)
    expect((await client.closed).code).toBe(1006)
  }
})

test('close says 1001 to everybody, cuts those who do not answer, and can be called twice', async () => {
  const server = await serve()
  const ann = await join(server, 'Ann')
  const dead = await connect(`${server.socketUrl}/echo`)
  dead.socket.pause()
  await Promise.all([server.close(), server.close()])
  expect(await ann.closed).toEqual({ code: 1001, reason: 'The server is going away.' })
  await expect(fetch(server.url)).rejects.toThrow()
})
