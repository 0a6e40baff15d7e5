// A store that forgets: what it has lost is told, and nothing is delivered under a number that was used before.
import { expect, onTestFinished, test, vi } from 'vitest'
import { RedisStore } from '../../../src/session/redis/index.ts'
import { Redis } from '../../../src/session/redis/redis.ts'
import type { SessionKeys } from '../../../src/session/redis/redis-journal.ts'
import { CLAIM, END } from '../../../src/session/redis/scripts.ts'
import type { ServerSession } from '../../../src/session/server/index.ts'
import { until } from '../node/fixtures.ts'
import { client, greet, id, numbers, ownRedis, startServer } from './fixtures.ts'
import { startRedis } from './processes.ts'

/** A client that lists what it hears, and the outcomes that it is told. */
function listener(url: string | (() => string)) {
  const socket = client(url)
  const heard: string[] = []
  const fresh: Record<string, unknown>[] = []
  const closed: unknown[] = []
  socket.on('text', (text) => heard.push(text))
  socket.on('fresh', (value) => fresh.push(value))
  socket.on('closed', (value) => closed.push(value))
  return { socket, heard, fresh, closed }
}

/** A primary, and a replica that follows it until it is promoted, and then takes the primary's place. */
async function pairOfRedis() {
  const memory = ['--appendonly', 'no']
  const [primary, replica] = [await startRedis(memory), await startRedis(memory)]
  onTestFinished(primary.remove)
  onTestFinished(replica.remove)
  await replica.client.replicaof('127.0.0.1', `${primary.port}`)
  const synced = async () => /master_link_status:up/.test(await replica.client.info('replication'))
  await expect.poll(synced, { interval: 50 }).toBe(true)
  return {
    primary,
    replica,
    /** All that was written until now is there. */
    follow: () => primary.client.wait(1, 5_000),
    /** What is written from now on is lost. */
    detach: () => replica.client.replicaof('NO', 'ONE'),
    promote: async () => {
      await primary.kill()
      await replica.client.config('SET', 'port', `${primary.port}`)
    },
  }
}

test('a promoted replica without the last messages from other processes: the client is told, no number is used again', async () => {
  const { primary, follow, detach, promote } = await pairOfRedis()
  const owner = await startServer(primary.port)
  const sender = await startServer(primary.port)
  const { socket, heard, fresh, closed } = listener(owner.url)
  await socket.opened()
  const [session] = owner.sessions
  const name = session?.id as string
  for (const text of ['1', '2']) expect(await sender.sessions.send(name, text)).toBe(true)
  await until(() => heard.length === 2)
  // Nobody acknowledges or writes any more: only the sender knows of what follows.
  await follow()
  await detach()
  for (const text of ['3', '4', '5']) expect(await sender.sessions.send(name, text)).toBe(true)
  await promote()
  await until(() => fresh.length)
  expect(closed).toEqual([])
  await socket.delivered('a new life')
  expect(fresh).toHaveLength(1)
})

test('also when the process that stored them is the one that has the session', async () => {
  const { primary, follow, detach, promote } = await pairOfRedis()
  const got: string[] = []
  const { sessions, url } = await startServer(primary.port, {
    received: (_, data) => void got.push(String(data)),
  })
  const { socket, heard, fresh, closed } = listener(url)
  await socket.delivered('a')
  await follow()
  await detach()
  const [session] = sessions
  for (const text of numbers(1, 5)) session?.send(text)
  await until(() => heard.length === 5)
  await socket.delivered('b')
  await promote()
  await until(() => fresh.length)
  expect(closed).toEqual([])
  await socket.delivered('c')
  expect(got).toEqual(['a', 'b', 'c'])
})

test('a client that is ahead of the store, and comes to a process that never knew its session, is told', async () => {
  const { primary, follow, detach, promote } = await pairOfRedis()
  const nodes = [await startServer(primary.port), await startServer(primary.port)] as const
  let url = nodes[0].url
  const { socket, heard, fresh, closed } = listener(() => url)
  await socket.opened()
  await follow()
  await detach()
  const [session] = nodes[0].sessions
  for (const text of numbers(1, 5)) session?.send(text)
  await until(() => heard.length === 5)
  url = nodes[1].url
  await promote()
  socket.reconnect()
  await until(() => fresh.length)
  expect(closed).toEqual([])
  await socket.delivered('a new life')
})

test('a replica that had everything: nobody notices', async () => {
  const { primary, follow, detach, promote } = await pairOfRedis()
  const { sessions, url } = await startServer(primary.port)
  const sender = await startServer(primary.port)
  const { socket, heard, fresh, closed } = listener(url)
  await socket.opened()
  const name = [...sessions][0]?.id as string
  for (const text of numbers(1, 5)) expect(await sender.sessions.send(name, text)).toBe(true)
  await until(() => heard.length === 5)
  await socket.delivered('a')
  await follow()
  await detach()
  // It acknowledges now, and this is lost: it can be written again.
  await expect.poll(() => primary.client.hget(`holdfast:{${name}}:session`, 'acked')).toBe('5')
  await promote()
  const send = async () => sender.sessions.send(name, '6').catch(() => false)
  await expect.poll(send).toBe(true)
  await until(() => heard.includes('6'))
  await socket.delivered('b')
  expect([fresh, closed]).toEqual([[], []])
})

/** A Redis that can be set back to what it had when `save` was called. */
async function forgetful() {
  const redis = await startRedis(['--appendonly', 'no'])
  onTestFinished(redis.remove)
  return {
    redis,
    save: () => redis.client.save(),
    restore: async () => {
      await redis.kill()
      await redis.start()
    },
  }
}

test('messages of a session that the process had released before they were lost: the client is told, by another process', async () => {
  const { redis, save, restore } = await forgetful()
  const [owner, other] = [await startServer(redis.port), await startServer(redis.port)]
  const { raw } = await greet(owner.url, { id: id() })
  await save()
  const [session] = owner.sessions
  session?.send('1')
  expect(await raw.next()).toBe('1')
  raw.socket.terminate()
  await expect.poll(() => owner.sessions.size.sessions).toBe(0)
  const key = `holdfast:{${session?.id}}:session`
  await expect.poll(() => redis.client.hget(key, 'owner')).toBe('')
  await restore()
  // The connection broke before the message arrived.
  let n = 1
  const hello = async () => (await greet(other.url, { id: id(), n: ++n, got: 0 })).answer
  await expect.poll(hello, { interval: 300 }).toMatch(/"why":"gone"/)
})

test('a store that has lost that a process took the session over: the client is told, and no other process continues it', async () => {
  const { redis, save, restore } = await forgetful()
  const [before, owner, other] = [
    await startServer(redis.port),
    await startServer(redis.port),
    await startServer(redis.port),
  ]
  const { raw: first } = await greet(before.url, { id: id() })
  await save()
  first.socket.terminate()
  const { raw } = await greet(owner.url, { id: id(), n: 2, got: 0 })
  await restore()
  const told = async () => (await raw.next()) ?? 'closed'
  let last = ''
  while (!/^!x|closed/.test(last)) last = String(await told())
  const again = async () => (await greet(other.url, { id: id(), n: 3, got: 0 })).answer
  expect([last, await again()]).toEqual(['!x{"why":"gone","got":0}', '!x{"why":"gone","got":0}'])
})

test('another message took the number of the lost one, and was acknowledged, before the loss was noticed: the client is told', async () => {
  const { redis, save, restore } = await forgetful()
  const late = await startServer(redis.port, {}, { retry: 5_000 })
  const owner = await startServer(redis.port, {}, { retry: 10 })
  const { raw: first } = await greet(owner.url, { id: id() })
  const name = [...owner.sessions][0]?.id as string
  first.socket.terminate()
  const key = `holdfast:{${name}}:session`
  await expect.poll(() => redis.client.hget(key, 'owner')).toBe('')
  await save()
  expect(await late.sessions.send(name, 'lost')).toBe(true)
  await restore()
  const send = async () => owner.sessions.send(name, 'instead').catch(() => false)
  await expect.poll(send).toBe(true)
  let n = 1
  let raw = first
  const hello = async () => {
    const next = await greet(owner.url, { id: id(), n: ++n, got: 0 })
    raw = next.raw
    return next.answer
  }
  await expect.poll(hello, { interval: 300 }).toMatch(/^!w/)
  expect(await raw.next()).toBe('instead')
  raw.send('!a1')
  await expect.poll(() => redis.client.hget(key, 'acked')).toBe('1')
  expect(await raw.next()).toMatch(/^!x\{"why":"gone"/)
})

test('a process notices a loss, and another one takes the session before its end is stored: the session still ends', async () => {
  const redis = await ownRedis()
  const end = await redis.client.script('LOAD', END.lua)
  const connection = redis.client.duplicate()
  onTestFinished(() => connection.disconnect())
  const call = connection.call.bind(connection)
  let takeOver = async () => {}
  connection.call = (async (name: string, ...args: string[]) => {
    if (args[0] === end) await takeOver()
    return call(name, ...args)
  }) as typeof connection.call
  let held: ServerSession | undefined
  const { sessions, url } = await startServer(redis.port, {
    store: new RedisStore(connection),
    opened: (session) => {
      held = session
    },
  })
  await greet(url, { id: id() })
  const name = `${held?.id}`
  const keys = ['session', 'outbox', 'topics'].map((key) => `holdfast:{${name}}:${key}`) as SessionKeys
  const copy = async (...names: [from: string, to: string][]) => {
    for (const [from, to] of names) await redis.client.copy(from, to, 'REPLACE')
  }
  await sessions.send(name, '1')
  await copy([keys[0], 'session'], [keys[1], 'outbox'])
  await sessions.send(name, '2')
  await copy(['session', keys[0]], ['outbox', keys[1]])
  takeOver = async () => {
    const [principal, owner] = await redis.client.hmget(keys[0], 'principal', 'owner')
    const other = new Redis(redis.client)
    await other.script(CLAIM, keys, [2, 0, `${principal}`, 'two:1', 'two', `${owner}`, 60_000])
    expect(await redis.client.hget(keys[0], 'owner')).toBe('two:1')
  }
  held?.send('3')
  await expect.poll(() => redis.client.hget(keys[0], 'over')).toBe('1')
  // `over` was set by the comparison, not by END: that removes the owner.
  expect(await redis.client.hget(keys[0], 'owner')).toBe('two:1')
})

test('a snapshot that is restored: the client is told', async () => {
  const redis = await startRedis(['--appendonly', 'no'])
  onTestFinished(redis.remove)
  const { sessions, url } = await startServer(redis.port)
  const { socket, heard, fresh, closed } = listener(url)
  await socket.delivered('a')
  await redis.client.save()
  const [session] = sessions
  for (const text of numbers(1, 5)) session?.send(text)
  await until(() => heard.length === 5)
  await socket.delivered('b')
  await redis.kill()
  await redis.start()
  await until(() => fresh.length)
  expect(closed).toEqual([])
  await socket.delivered('c')
})

test('the messages of one session are deleted: its client is told, also by another process', async () => {
  const redis = await ownRedis()
  const nodes = [await startServer(redis.port), await startServer(redis.port)] as const
  const { raw } = await greet(nodes[0].url, { id: id() })
  const [session] = nodes[0].sessions
  for (const text of ['1', '2', '3']) session?.send(text)
  for (const text of ['1', '2', '3']) expect(await raw.next()).toBe(text)
  await redis.client.del(`holdfast:{${session?.id}}:outbox`)
  session?.send('4')
  expect(await raw.next()).toBe('4')
  raw.socket.terminate()
  await until(() => nodes[0].sessions.size.sessions === 0)
  // Nobody has acknowledged 1 to 3, and they are not there.
  const { answer } = await greet(nodes[1].url, { id: id(), n: 2, got: 0 })
  expect(answer).toBe('!x{"why":"gone"}')
})

test('a Redis that may delete keys is reported at the start, and what it has deleted is told', async () => {
  const reports = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => reports.mockRestore())
  const redis = await startRedis(['--maxmemory', '4mb', '--maxmemory-policy', 'allkeys-lru'])
  onTestFinished(redis.remove)
  const nodes = [await startServer(redis.port), await startServer(redis.port)] as const
  const said = () => reports.mock.calls.flat().map(String).join('\n')
  await expect.poll(said, { timeout: 10_000 }).toContain('maxmemory-policy allkeys-lru')
  let turn = 0
  const clients = Array.from({ length: 20 }, () => listener(() => nodes[turn++ % 2]?.url as string))
  await Promise.all(clients.map(({ socket }) => socket.opened()))
  // Each of them is numbered; the rest of the memory goes to others, which drives keys out.
  const sent = new Map<string, number>()
  const accepted = new Map<string, number[]>()
  const filler = 'x'.repeat(4_000)
  for (let round = 1; round <= 40; round++) {
    for (const { sessions } of nodes)
      for (const session of sessions) {
        const texts = accepted.get(session.id) ?? []
        accepted.set(session.id, texts)
        const number = (sent.get(session.id) ?? 0) + 1
        sent.set(session.id, number)
        // Where nobody can tell, or the session is over, the number may be missing.
        const stored = await sessions.send(session.id, `${session.id} ${number}`).catch(() => undefined)
        if (stored) texts.push(number)
      }
    await redis.client.set(`filler:${round}`, filler.repeat(50))
    if (round % 10 === 0) for (const { socket } of clients) socket.reconnect()
  }
  await until(() => clients.some(({ fresh }) => fresh.length))
  // Or is lost with a session, which is told.
  await Promise.allSettled(clients.map(({ socket }) => socket.delivered('end')))
  for (const { heard, closed } of clients) {
    expect(closed).toEqual([])
    const lives = new Map<string, number[]>()
    for (const text of heard) {
      const [life = '', number] = text.split(' ')
      lives.set(life, [...(lives.get(life) ?? []), Number(number)])
    }
    for (const [life, seen] of lives) {
      expect(seen).toEqual([...new Set(seen)].sort((one, other) => one - other))
      // What was accepted has come without a gap, until the end that the client was told of.
      const known = accepted.get(life)?.filter((number) => number <= (seen.at(-1) ?? 0))
      expect(seen.filter((number) => known?.includes(number))).toEqual(known)
    }
  }
})
