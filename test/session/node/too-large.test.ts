// Messages that are larger than the client accepts. A message of a topic is skipped; one of the session ends it.
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import type { Session } from '../../../src/session/client/index.ts'
import type { ServerSession } from '../../../src/session/server/index.ts'
import { stores } from '../stores.ts'
import { test, until } from './fixtures.ts'

/** A client that accepts no message of more than 1,000 bytes. */
class Small extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols, { maxPayload: 1_000 })
  }
}
const small = { WebSocket: Small as never }
const large = 'x'.repeat(2_000)

function watch(socket: Session) {
  const heard: unknown[] = []
  const gaps: unknown[] = []
  const fresh: unknown[] = []
  socket.on('text', (text) => heard.push(text))
  socket.on('topic', (event) => {
    if (event.type === 'gap') gaps.push([event.topic, event.missed])
  })
  socket.on('fresh', (outcomes) => fresh.push(outcomes))
  return { heard, gaps, fresh }
}

test.for(stores)(
  'a message of a topic is skipped as a gap after two attempts, store: %s',
  async ([, store], { startServer, client }) => {
    const { url, sessions } = await startServer({
      ...(await store()),
      opened: (session: ServerSession) => {
        for (const topic of ['room', 'hall']) session.subscribe(topic).catch(() => {})
      },
    })
    const socket = client(url, small)
    const { heard, gaps, fresh } = watch(socket)
    await until(() => socket.cursor('room') && socket.cursor('hall'))
    await sessions.publish('room', 'one')
    await until(() => heard.length === 1)
    for (const text of [large, 'three', large, 'five']) await sessions.publish('room', text)
    await sessions.publish('hall', 'other')
    await until(() => heard.length === 4)
    await socket.delivered('still there')
    expect(heard.filter((text) => text !== 'other')).toEqual(['one', 'three', 'five'])
    expect(heard).toContain('other')
    expect(gaps).toEqual([
      ['room', 1],
      ['room', 1],
    ])
    expect(fresh).toEqual([])
    expect(sessions.counters.connections).toBeLessThan(8)
  },
)

test.for(stores)(
  'a message of the session ends it, with outcomes, store: %s',
  async ([, store], { startServer, client }) => {
    const endings: unknown[] = []
    const { url, next, sessions } = await startServer({
      ...(await store()),
      ended: (_: unknown, ending: unknown) => endings.push(ending),
    })
    const socket = client(url, small)
    const { heard, fresh } = watch(socket)
    const session = await next()
    for (const text of ['one', large, 'three']) session.send(text)
    await until(() => fresh.length)
    expect(fresh).toEqual([{ why: 'overflow', delivered: [], lost: [], unknown: [] }])
    await until(() => endings.length)
    expect(endings).toMatchObject([{ why: 'overflow', delivered: 1, sent: 3 }])
    await until(() => sessions.counters.opened === 2)
    await socket.delivered('a new session')
    expect(heard).toEqual(['one'])
    expect(sessions.counters.connections).toBeLessThan(6)
  },
)
