import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createSSRApp, defineComponent, effectScope, h } from 'vue'
import { pipeToNodeWritable, renderToString } from 'vue/server-renderer'
import { WebSocket } from 'ws'
import { Socket } from '../../src/index.ts'
import { useLatest, useListener, useSend, useSocket, useStatus } from '../../src/vue/index.ts'
import { startCounting } from '../support/countingServer.ts'
import { nextTask } from '../support/nextTask.ts'

let counting: Awaited<ReturnType<typeof startCounting>>
let constructed = 0

beforeAll(async () => {
  counting = await startCounting()
  // As in Node 22, which would connect.
  vi.stubGlobal(
    'WebSocket',
    class extends WebSocket {
      constructor(url: string) {
        super(url)
        constructed++
      }
    },
  )
})

afterAll(async () => {
  vi.unstubAllGlobals()
  await counting.stop()
})

/** Whose request each socket was created for. */
const owners = new WeakMap<Socket<{ n: number }, string>, string>()

const request = (user: string) => {
  const create = () => {
    const created = new Socket<{ n: number }, string>(`${counting.url}/${user}`, { autoOpen: false })
    owners.set(created, user)
    return created
  }
  const Part = defineComponent({
    async setup() {
      const socket = useSocket('app', create)
      const status = useStatus(socket)
      const latest = useLatest(socket, 'json', { perFrame: true })
      const send = useSend(socket)
      useListener(socket, 'json', () => {
        throw new Error('Nothing is received on a server.')
      })
      // As a store does that is used for the first time in a component.
      effectScope(true).run(() => useStatus(useSocket('store', create)))
      await nextTask()
      return () =>
        h(
          'button',
          { onClick: () => send('') },
          `${owners.get(socket.value)} ${status.value} ${latest.value}`,
        )
    },
  })
  return createSSRApp({ render: () => [h(Part), h(Part)] })
}

const requests = Array.from({ length: 100 }, (_, index) => `user-${index}`)

test('renders 100 requests to a string without a connection', async () => {
  await Promise.all(
    requests.map(async (user) => {
      const html = await renderToString(request(user))
      expect(html.split(`${user} idle undefined`)).toHaveLength(3)
    }),
  )
  await nextTask()
  expect(constructed).toBe(0)
})

test('renders 100 requests to a stream without a connection', async () => {
  await Promise.all(
    requests.map(async (user) => {
      const target = new PassThrough()
      pipeToNodeWritable(request(user), {}, target)
      expect((await text(target)).split(`${user} idle undefined`)).toHaveLength(3)
    }),
  )
  await nextTask()
  expect(constructed).toBe(0)
})

test('a store outside components does not connect on a server', async () => {
  const scope = effectScope()
  const store = scope.run(() =>
    useStatus(useSocket('store', () => new Socket(counting.url, { autoOpen: false }))),
  )
  await nextTask()
  expect(store?.value).toBe('idle')
  expect(constructed).toBe(0)
  scope.stop()
})

test('requests leave no listener at a socket that they share', async () => {
  const socket = new Socket(counting.url, { autoOpen: false })
  const on = vi.spyOn(socket, 'on')
  const app = () =>
    createSSRApp({
      setup() {
        const status = useStatus(() => socket)
        useLatest(() => socket, 'text')
        useListener(
          () => socket,
          'text',
          () => {},
        )
        return () => status.value
      },
    })
  for (let count = 0; count < 100; count++) expect(await renderToString(app())).toBe('idle')
  await nextTask()
  expect(on).not.toHaveBeenCalled()
})
