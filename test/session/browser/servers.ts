import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { TestProject } from 'vitest/node'
import { WebSocketServer } from 'ws'
import { type ServerSession, Sessions } from '../../../src/session/server/index.ts'
import { Line } from '../../support/faults.ts'
import { numbered, numberOf } from './numbered.ts'

declare module 'vitest' {
  interface ProvidedContext {
    session: { url: string; count: number }
    /** A server that streams an answer of so many words to the topic that a page asks for. */
    answers: { url: string; words: number }
  }
}

const WORDS = 100
const COUNT = Number(process.env.MESSAGES ?? 20_000)

/** A server that sends as the page does, over a line that is cut every 150 to 600 ms, and says at the end what it got. */
export default async function setup({ provide }: TestProject) {
  const up: number[] = []
  let cuts = 0
  let busy = false
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const line = new Line((server.address() as AddressInfo).port)
  await line.open()
  const hole = async (which: 'up' | 'down' | 'both') => {
    line.hole = which
    await wait(400)
    line.hole = 'none'
    line.reset()
  }
  const faults = [
    () => line.reset(),
    () => line.fin(),
    () => line.cutMidFrame(1 + Math.floor(Math.random() * 200)),
    () => hole('both'),
    () => hole('up'),
    () => hole('down'),
  ]
  const begin = async (session: ServerSession) => {
    busy = true
    void (async () => {
      while (busy) {
        await wait(150 + Math.random() * 450)
        // Firefox waits longer and longer before it dials again: what has not connected yet is not cut again.
        if (busy && line.live) await faults[cuts++ % faults.length]?.()
      }
    })()
    for (let n = 1; n <= COUNT; ) {
      for (let burst = 0; burst < 20 && n <= COUNT; burst++, n++) session.send(numbered(n))
      await wait(10)
      // A server that does not wait ends a client that is away too long as `overflow`.
      while (session.bufferedAmount > 100_000) await wait(10)
    }
  }
  const sessions = new Sessions<IncomingMessage>({
    // The page comes from the test runner's own server.
    origins: '*',
    opened: (session, { resumed }) => {
      if (!resumed) void begin(session)
    },
    received: (session, data) => {
      if (data !== 'how many?') return void up.push(numberOf(data))
      busy = false
      const wrong = up.findIndex((n, index) => n !== index + 1)
      session.sendJson({ count: up.length, wrong, cuts, resumed: sessions.counters.resumed })
    },
  })
  server.on('connection', (socket, request) => sessions.accept(socket, request))
  provide('session', { url: line.url, count: COUNT })
  const stopAnswers = await answers(provide)
  return async () => {
    busy = false
    await stopAnswers()
    await sessions.shutdown()
    for (const socket of server.clients) socket.terminate()
    server.close()
    await line.close()
  }
}

async function answers(provide: TestProject['provide']) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const asked = new Set<string>()
  const sessions = new Sessions<IncomingMessage>({
    origins: '*',
    received: async (session, data) => {
      const topic = String(data)
      await session.subscribe(topic, { last: 0 })
      if (asked.has(topic)) return
      asked.add(topic)
      void (async () => {
        for (let n = 1; n <= WORDS; n++) {
          await sessions.publish(topic, `word ${n}`)
          await wait(10)
        }
      })()
    },
  })
  server.on('connection', (socket, request) => sessions.accept(socket, request))
  const { port } = server.address() as AddressInfo
  provide('answers', { url: `ws://127.0.0.1:${port}/`, words: WORDS })
  return async () => {
    await sessions.shutdown()
    for (const socket of server.clients) socket.terminate()
    server.close()
  }
}
