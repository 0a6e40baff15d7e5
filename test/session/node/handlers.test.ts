// What the application's handlers do wrong is reported, and costs neither the process nor other sessions anything.
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { stores } from '../stores.ts'
import { test, until } from './fixtures.ts'

/** The messages of errors that were reported. */
function reported() {
  const { error } = console
  const messages: string[] = []
  console.error = (one: unknown) => messages.push(one instanceof Error ? one.message : String(one))
  onTestFinished(() => {
    console.error = error
  })
  return messages
}

test.for(stores)(
  'promises of handlers that reject are reported, as what handlers throw; store: %s',
  async ([, store], { startServer, client }) => {
    const messages = reported()
    const unhandled: unknown[] = []
    const listener = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', listener)
    onTestFinished(() => void process.off('unhandledRejection', listener))
    const rejecting = (name: string) => async () => {
      throw new Error(name)
    }
    const { url, next, sessions } = await startServer({
      ...(await store()),
      opened: rejecting('opened'),
      received: rejecting('received'),
      joined: rejecting('joined'),
      left: rejecting('left'),
      ended: rejecting('ended'),
    })
    const socket = client(url)
    const session = await next()
    await socket.delivered('one')
    await session.subscribe('room')
    await session.unsubscribe('room')
    session.finish()
    await until(() => messages.includes('ended'))
    expect(messages.sort()).toEqual(['ended', 'joined', 'left', 'opened', 'received'])
    // Node reports unhandled rejections after the microtasks of the same turn.
    await wait(0)
    expect(unhandled).toEqual([])
    expect(sessions.size.sessions).toBe(0)
  },
)

const never = () => new Promise<string>(() => {})

test('`authenticate` that never settles, for a hello: busy after `limits.patience`, and nothing is left', async ({
  startServer,
  raw,
}) => {
  const messages = reported()
  const { url, sessions } = await startServer({ authenticate: never, limits: { patience: 1 } })
  const peer = raw(url)
  expect(await peer.hello({ id: 'a-session-of-somebody-0' })).toBe('!x{"why":"busy","after":2000}')
  expect(await peer.closed).toEqual({ code: 1013, reason: 'busy' })
  expect(messages).toEqual(['holdfast: authenticate did not answer within 1 s'])
  const metrics = sessions.metrics()
  for (const gauge of ['sessions', 'connections', 'connections_pending'])
    expect(metrics).toContain(`holdfast_${gauge} 0`)
})

test('`authenticate` that never settles, for a token that nobody asked for: the same, and the session goes on', async ({
  startServer,
  raw,
}) => {
  const messages = reported()
  const { url, sessions } = await startServer({
    authenticate: (_, token) => (token === 'slow' ? never() : 'ann'),
    limits: { patience: 1 },
  })
  const first = raw(url)
  await first.hello({ id: 'a-session-of-somebody-0' })
  first.send('!tslow')
  // It would never be looked at.
  first.send('!tother')
  let frame = await first.next()
  while (String(frame).startsWith('!p')) frame = await first.next()
  expect(frame).toBe('!x{"why":"busy","after":2000}')
  expect(await first.closed).toEqual({ code: 1013, reason: 'busy' })
  expect(messages).toEqual(['holdfast: authenticate did not answer within 1 s'])
  const second = raw(url)
  expect(await second.hello({ id: 'a-session-of-somebody-0', n: 2, got: 0 })).toMatch(/^!w/)
  expect(sessions.size).toEqual({ sessions: 1, connected: 1 })
})

test('a connection whose store never answers is refused as busy, in time', async ({ startServer, raw }) => {
  const store = {
    shared: true,
    start: () => {},
    claim: () => new Promise<never>(() => {}),
    end: () => undefined,
    sweep: () => {},
    stop: () => {},
  }
  const { url } = await startServer({ store, limits: { patience: 1 }, grace: 1 })
  const peer = raw(url)
  expect(await peer.hello({ id: 'a-session-of-somebody-0' })).toBe('!x{"why":"busy","after":2000}')
})
