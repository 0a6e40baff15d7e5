import { Client as StompClient } from '@stomp/stompjs'
import { WebSocket as EngineTransport } from 'engine.io-client'
import { createClient } from 'graphql-ws'
import mqtt from 'mqtt'
import { io } from 'socket.io-client'
import { test as base, describe, expect } from 'vitest'
import { commands } from 'vitest/browser'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { configured } from '../../src/websocket/index.ts'

const reconnect = { base: 50, max: 200 }
/** All of them respond to `close` with a new WebSocket: each object has one connection, and retries until that opens. */
const Patient = configured({ reopen: false, reconnect })
/** Opens again by itself. */
const Default = configured({ reconnect })
/** For those that close the old one before they make a new one. */
const either = { '': Patient, ', whose socket opens again': Default }

interface Service {
  url: string
  port: number
  live: () => Promise<number>
}

const test = base.extend<{ serve: (kind: string) => Promise<Service>; leave: (undo: () => unknown) => void }>(
  {
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
    serve: async ({}, use) => {
      const ports: number[] = []
      await use(async (kind) => {
        const port = await commands.startService(kind)
        ports.push(port)
        return { url: `ws://127.0.0.1:${port}/`, port, live: () => commands.liveSockets(port) }
      })
      await Promise.all(ports.map((port) => commands.stopService(port)))
    },
    // Runs before the server of the same test is stopped.
    leave: async ({ serve }, use) => {
      const undos: (() => unknown)[] = [() => serve]
      await use((undo) => undos.push(undo))
      for (const undo of undos) await undo()
    },
  },
)

/** What may happen in the middle. The restart takes longer than the clients would try by themselves. */
const troubles = {
  'a server restart': ({ port }: Service) => commands.restartService(port, 1_500),
  'a cut': ({ port }: Service) => commands.cutService(port),
}

for (const [trouble, strike] of Object.entries(troubles))
  describe(trouble, () => {
    test('graphql-ws goes on with its subscription', async ({ serve, leave }) => {
      const service = await serve('graphql')
      const client = createClient({
        url: service.url,
        webSocketImpl: Patient,
        retryAttempts: 1,
        retryWait: async () => {},
      })
      leave(() => client.dispose())
      const ticks: number[] = []
      let ended: unknown
      leave(
        client.subscribe<{ ticks: number }>(
          { query: 'subscription { ticks }' },
          {
            next: ({ data }) => ticks.push(data?.ticks ?? -1),
            error: (error) => {
              ended = error
            },
            complete: () => {
              ended = 'complete'
            },
          },
        ),
      )
      await expect.poll(() => ticks.length).toBeGreaterThan(3)
      await strike(service)
      // The server counts from 0 for every subscription: there was a second one, and no third.
      const subscriptions = () => ticks.filter((tick) => tick === 0).length
      await expect.poll(subscriptions).toBe(2)
      await expect.poll(() => ticks.at(-1)).toBeGreaterThan(5)
      expect(subscriptions()).toBe(2)
      expect(ended).toBeUndefined()
      await expect.poll(service.live).toBe(1)
    })

    test('stompjs connects and subscribes again', async ({ serve, leave }) => {
      const service = await serve('stomp')
      const news: string[] = []
      let connects = 0
      const client = new StompClient({
        webSocketFactory: () => new Patient(service.url, ['v12.stomp', 'v11.stomp', 'v10.stomp']),
        reconnectDelay: 50,
        heartbeatIncoming: 0,
        heartbeatOutgoing: 0,
        onConnect: () => {
          connects++
          client.subscribe('/news', ({ body }) => news.push(body))
        },
      })
      client.activate()
      leave(() => client.deactivate({ force: true }))
      await expect.poll(() => news.length).toBeGreaterThan(3)
      await strike(service)
      await expect.poll(() => connects).toBe(2)
      const before = news.length
      await expect.poll(() => news.length).toBeGreaterThan(before + 5)
      expect(connects).toBe(2)
      await expect.poll(service.live).toBe(1)
      // Nothing comes twice: there is one subscription on one connection.
      const last = news.slice(-5)
      expect(new Set(last).size).toBe(5)
    })

    for (const [how, Class] of Object.entries(either)) {
      test(`two documents of y-websocket converge${how}`, async ({ serve, leave }) => {
        const service = await serve('yjs')
        const room = crypto.randomUUID()
        const make = () => {
          const doc = new Y.Doc()
          const provider = new WebsocketProvider(service.url.replace(/\/$/, ''), room, doc, {
            WebSocketPolyfill: Class,
            disableBc: true,
            maxBackoffTime: 200,
          })
          leave(() => provider.destroy())
          return { provider, list: doc.getArray<string>('list') }
        }
        const [ann, bob] = [make(), make()]
        ann.list.push(['one'])
        await expect.poll(() => bob.list.toArray()).toEqual(['one'])
        const lost = [ann, bob].map(
          ({ provider }) =>
            new Promise<void>((resolve) =>
              provider.on('status', ({ status }) => status === 'disconnected' && resolve()),
            ),
        )
        const struck = strike(service)
        await Promise.all(lost)
        ann.list.push(['by Ann meanwhile'])
        bob.list.push(['by Bob meanwhile'])
        await struck
        await expect.poll(() => bob.list.length).toBe(3)
        await expect.poll(() => ann.list.toArray()).toEqual(bob.list.toArray())
        await expect.poll(service.live).toBe(2)
      })

      test(`mqtt.js goes on with its subscription and its messages${how}`, async ({ serve, leave }) => {
        const service = await serve('mqtt')
        const client = mqtt.connect(service.url, {
          createWebsocket: (url, protocols) => new Class(url, protocols),
          reconnectPeriod: 50,
        })
        leave(() => client.endAsync(true))
        const heard: string[] = []
        client.on('message', (_topic, payload) => heard.push(payload.toString()))
        await client.subscribeAsync('news', { qos: 1 })
        await client.publishAsync('news', 'one', { qos: 1 })
        await expect.poll(() => heard).toEqual(['one'])
        const back = new Promise((resolve) => client.once('connect', resolve))
        const lost = new Promise((resolve) => client.once('close', () => resolve(null)))
        const struck = strike(service)
        await lost
        // Kept by the client until a broker has taken it; nobody subscribes there at that moment.
        const kept = client.publishAsync('kept', 'meanwhile', { qos: 1 })
        await Promise.all([struck, kept, back])
        await client.publishAsync('news', 'two', { qos: 1 })
        await expect.poll(() => heard).toEqual(['one', 'two'])
        await expect.poll(service.live).toBe(1)
      })
    }

    test('socket.io-client, through a transport of engine.io-client, is answered again', async ({
      serve,
      leave,
    }) => {
      const service = await serve('socketio')
      class Transport extends EngineTransport {
        override createSocket(uri: string, protocols?: string | string[]) {
          return new Patient(uri, protocols)
        }
      }
      const client = io(service.url.replace('ws:', 'http:'), {
        transports: [Transport],
        reconnectionDelay: 50,
        reconnectionAttempts: 1,
        forceNew: true,
      })
      leave(() => client.close())
      const heard: string[] = []
      client.on('echo', (text: string) => heard.push(text))
      client.emit('echo', 'one')
      await expect.poll(() => heard).toEqual(['one'])
      const lost = new Promise<void>((resolve) => client.on('disconnect', () => resolve()))
      const struck = strike(service)
      await lost
      client.emit('echo', 'meanwhile')
      await struck
      await expect.poll(() => heard).toEqual(['one', 'meanwhile'])
      await expect.poll(service.live).toBe(1)
    })
  })

describe('without `reopen: false` a second connection stays behind', () => {
  /** The clients forget what they made: the test does not. */
  const kept = (leave: (undo: () => unknown) => void) =>
    class extends Default {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args)
        leave(() => this.close())
      }
    }

  test('graphql-ws', async ({ serve, leave }) => {
    const service = await serve('graphql')
    const client = createClient({ url: service.url, webSocketImpl: kept(leave), retryWait: async () => {} })
    leave(() => client.dispose())
    let ticks = 0
    leave(
      client.subscribe(
        { query: 'subscription { ticks }' },
        { next: () => ticks++, error: () => {}, complete: () => {} },
      ),
    )
    await expect.poll(() => ticks).toBeGreaterThan(3)
    await commands.cutService(service.port)
    await expect.poll(service.live).toBeGreaterThan(1)
  })

  test('stompjs', async ({ serve, leave }) => {
    const service = await serve('stomp')
    const Kept = kept(leave)
    let connects = 0
    const client = new StompClient({
      webSocketFactory: () => new Kept(service.url, 'v12.stomp'),
      reconnectDelay: 50,
      heartbeatIncoming: 0,
      heartbeatOutgoing: 0,
      onConnect: () => connects++,
    })
    leave(() => client.deactivate({ force: true }))
    client.activate()
    await expect.poll(() => connects).toBe(1)
    await commands.cutService(service.port)
    await expect.poll(() => connects).toBeGreaterThan(2)
  })

  test('socket.io-client', async ({ serve, leave }) => {
    const service = await serve('socketio')
    const Kept = kept(leave)
    class Transport extends EngineTransport {
      override createSocket(uri: string, protocols?: string | string[]) {
        return new Kept(uri, protocols)
      }
    }
    const client = io(service.url.replace('ws:', 'http:'), {
      transports: [Transport],
      reconnectionDelay: 50,
      forceNew: true,
    })
    leave(() => client.close())
    await new Promise<void>((resolve) => client.on('connect', () => resolve()))
    await commands.cutService(service.port)
    await expect.poll(service.live).toBeGreaterThan(1)
  })
})
