import { describe, expect, inject } from 'vitest'
import {
  defineComponent,
  effectScope,
  h,
  KeepAlive,
  nextTick,
  reactive,
  ref,
  Suspense,
  shallowRef,
  version,
  watchEffect,
} from 'vue'
import { renderToString } from 'vue/server-renderer'
import { Session } from '../../src/session/client/index.ts'
import { useLatest, useListener, useSend, useSocket, useStatus } from '../../src/vue/index.ts'
import { type Line, nextFrame, test } from '../support/counted.ts'
import { kinds } from '../support/kinds.ts'
import { nextTask } from '../support/nextTask.ts'
import { mount } from './mount.ts'

const status = (line: Line) =>
  defineComponent(() => {
    const status = useStatus(useSocket(line.key, line.create))
    return () => status.value
  })

/** Mounts a component that can be shown and hidden. */
function switchable(component: ReturnType<typeof defineComponent>) {
  const shown = ref(true)
  const mounted = mount({ render: () => (shown.value ? h(component) : 'hidden') })
  return {
    ...mounted,
    show: async (value: boolean) => {
      shown.value = value
      await nextTick()
    },
  }
}

test('these tests run with the version that their project is for', () => {
  expect(version).toMatch(new RegExp(`^${inject('versions').vue}\\.`))
})

describe('one connection', () => {
  test('is opened when the component is mounted, and closed when it is unmounted', async ({ line }) => {
    const seen: string[] = []
    const mounted = mount({
      setup() {
        const status = useStatus(useSocket(line.key, line.create))
        watchEffect(() => seen.push(status.value), { flush: 'sync' })
        return () => status.value
      },
    })
    await expect.poll(mounted.text).toBe('open')
    expect(seen).toEqual(['idle', 'connecting', 'open'])
    expect((await line.count()).live).toBe(1)
    mounted.unmount()
    expect(await line.left()).toEqual({ total: 1, live: 0, most: 1 })
    expect(line.constructed()).toBe(1)
  })

  test('for all components that use the key, until the last is unmounted', async ({ line }) => {
    const first = switchable(status(line))
    const other = switchable(status(line))
    await expect.poll(first.text).toBe('open')
    await expect.poll(other.text).toBe('open')
    await first.show(false)
    await nextTask()
    await nextTask()
    expect(other.text()).toBe('open')
    expect((await line.count()).live).toBe(1)
    await other.show(false)
    expect((await line.left()).total).toBe(1)
    expect(line.constructed()).toBe(1)
  })

  test('over an unmount and a mount in one task', async ({ line }) => {
    const { text, show, unmount } = switchable(status(line))
    await expect.poll(text).toBe('open')
    await show(false)
    expect(text()).toBe('hidden')
    await show(true)
    expect(text()).toBe('open')
    await nextTask()
    await nextTask()
    expect(text()).toBe('open')
    unmount()
    expect((await line.left()).total).toBe(1)
    expect(line.constructed()).toBe(1)
  })

  test('over an unmount and a mount in one task, before it is opened', async ({ line }) => {
    mount(status(line)).unmount()
    const { text, unmount } = mount(status(line))
    await expect.poll(text).toBe('open')
    unmount()
    expect((await line.left()).total).toBe(1)
    expect(line.constructed()).toBe(1)
  })

  test('is opened again when the component is mounted again later', async ({ line }) => {
    const { text, show } = switchable(status(line))
    await expect.poll(text).toBe('open')
    await show(false)
    await line.left()
    await show(true)
    await expect.poll(text).toBe('open')
    await show(false)
    expect(await line.left()).toEqual({ total: 2, live: 0, most: 1 })
  })

  test('none before an asynchronous setup is done', async ({ line }) => {
    let resume = () => {}
    const ready = new Promise<void>((resolve) => {
      resume = resolve
    })
    const Late = defineComponent({
      async setup() {
        const status = useStatus(useSocket(line.key, line.create))
        await ready
        return () => status.value
      },
    })
    const { text, unmount } = mount({
      render: () => h(Suspense, null, { default: () => h(Late), fallback: () => 'loading' }),
    })
    await expect.poll(text).toBe('loading')
    await nextTask()
    await nextTask()
    expect(line.constructed()).toBe(0)
    resume()
    await expect.poll(text).toBe('open')
    unmount()
    expect((await line.left()).total).toBe(1)
  })

  test('for each key: a new key closes the old connection and opens its own', async ({ line, second }) => {
    const at = shallowRef(line)
    const heard: unknown[] = []
    const { text, unmount } = mount({
      setup() {
        const socket = useSocket(
          () => at.value.key,
          () => at.value.create(),
        )
        const status = useStatus(socket)
        const latest = useLatest(socket, 'json')
        useListener(socket, 'json', (value) => heard.push([at.value.key, value]))
        return () => `${at.value.key} ${status.value} ${latest.value?.hello}`
      },
    })
    await expect.poll(text).toBe(`${line.key} open 1`)
    at.value = second
    await nextTick()
    expect(text()).toBe(`${second.key} idle undefined`)
    await expect.poll(text).toBe(`${second.key} open 1`)
    expect((await line.left()).total).toBe(1)
    unmount()
    expect((await second.left()).total).toBe(1)
    expect(heard).toEqual([
      [line.key, { hello: 1 }],
      [second.key, { hello: 1 }],
    ])
  })

  test('in an effectScope outside a component lives as long as the scope', async ({ line }) => {
    const scope = effectScope()
    const heard: unknown[] = []
    const store = scope.run(() => {
      const socket = useSocket(line.key, line.create)
      useListener(socket, 'json', (value) => heard.push(value))
      return { socket, status: useStatus(socket) }
    })
    await expect.poll(() => store?.status.value).toBe('open')
    await expect.poll(() => heard).toEqual([{ hello: 1 }])
    scope.stop()
    expect((await line.left()).total).toBe(1)
    expect(store?.socket.value.status).toBe('closed')
  })

  test('is kept by a component in KeepAlive', async ({ line }) => {
    const shown = ref(true)
    const Kept = status(line)
    const { text, unmount } = mount({
      render: () => h(KeepAlive, null, { default: () => (shown.value ? h(Kept) : undefined) }),
    })
    await expect.poll(text).toBe('open')
    shown.value = false
    await nextTick()
    expect(text()).toBe('')
    await nextTask()
    await nextTask()
    expect((await line.count()).live).toBe(1)
    shown.value = true
    await nextTick()
    expect(text()).toBe('open')
    unmount()
    expect((await line.left()).total).toBe(1)
  })
})

describe('a socket', () => {
  test.for(kinds)(
    'that connects by itself is refused, with the cure: $kind',
    async ({ connect }, { line }) => {
      const { problems } = mount({
        setup() {
          useSocket(line.key, () => connect(line))
          return () => 'shown'
        },
      })
      expect(problems.join()).toContain(
        `useSocket('${line.key}'): the socket is already connecting. Create it with { auto`,
      )
      expect((await line.left()).live).toBe(0)
    },
  )

  test.for(['ref', 'reactive'] as const)('works in %s()', async (how, { line }) => {
    const heard: unknown[] = []
    const { text, unmount } = mount({
      setup() {
        const kept = useSocket(line.key, line.create).value
        const socket = how === 'ref' ? ref(kept).value : reactive({ kept }).kept
        const status = useStatus(() => socket)
        useListener(
          () => socket,
          'json',
          (value) => heard.push(value),
        )
        useListener(
          () => socket,
          'open',
          () => socket.sendJson({ text: how }),
        )
        return () => status.value
      },
    })
    await expect.poll(text).toBe('open')
    await expect.poll(() => heard).toEqual([{ hello: 1 }, { text: how }])
    unmount()
    await line.left()
  })

  test('that was opened before it is used is followed from its status of the moment', async ({ line }) => {
    const socket = line.create()
    socket.open()
    await socket.opened()
    let renders = 0
    const { text } = mount({
      setup() {
        const status = useStatus(() => socket)
        return () => {
          renders++
          return status.value
        }
      },
    })
    expect(text()).toBe('open')
    await nextTask()
    expect(renders).toBe(1)
    socket.close()
    await expect.poll(text).toBe('closed')
    await line.left()
  })
})

describe('hydration', () => {
  test('of a component with a socket makes one connection and no warning', async ({ line }) => {
    const app = status(line)
    const html = await renderToString(h(app))
    expect(html).toBe('idle')
    const { text, unmount, problems } = mount(app, html)
    await expect.poll(text).toBe('open')
    unmount()
    expect((await line.left()).total).toBe(1)
    expect(line.constructed()).toBe(1)
    expect(problems).toEqual([])
  })

  test('of a status that has changed since the server rendered it', async ({ line }) => {
    const socket = line.create()
    const Child = defineComponent(() => {
      const status = useStatus(() => socket)
      return () => h('b', status.value)
    })
    const app = defineComponent(() => {
      const status = useStatus(() => socket)
      return () => h('p', [status.value, h(Child)])
    })
    const html = await renderToString(h(app))
    socket.open()
    await socket.opened()
    const { text, problems } = mount(app, html)
    await expect.poll(text).toBe('openopen')
    expect(problems).toEqual([])
    socket.close()
    await line.left()
  })
})

describe('messages', () => {
  test('the first of the server reaches every listener that is mounted with the socket', async ({ line }) => {
    const heard: string[] = []
    const Child = defineComponent({
      props: ['socket'],
      setup(props: { socket: ReturnType<Line['create']> }) {
        useListener(
          () => props.socket,
          'json',
          ({ hello }) => hello && heard.push('child'),
        )
        return () => null
      },
    })
    mount({
      setup() {
        const socket = useSocket(line.key, line.create)
        useListener(socket, 'json', ({ hello }) => hello && heard.push('parent'))
        return () => h(Child, { socket: socket.value })
      },
    })
    await expect.poll(() => heard.sort()).toEqual(['child', 'parent'])
  })

  test('1,000 at once: none is lost to a listener, and there is at most one render per frame', async ({
    line,
  }) => {
    let frame = 0
    let done = false
    requestAnimationFrame(function count() {
      frame++
      if (!done) requestAnimationFrame(count)
    })
    const heard: number[] = []
    const renders: number[] = []
    const { text } = mount({
      setup() {
        const socket = useSocket(line.key, line.create)
        const latest = useLatest(socket, 'json', { perFrame: true })
        useListener(socket, 'json', ({ n }) => n !== undefined && heard.push(n))
        useListener(socket, 'open', () => socket.value.send('burst 1000'))
        return () => {
          renders.push(frame)
          return `${latest.value?.n}`
        }
      },
    })
    await expect.poll(() => heard.length).toBe(1_000)
    await expect.poll(text).toBe('999')
    done = true
    expect(heard).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
    // The first is the mount.
    const updates = renders.slice(1)
    expect(new Set(updates).size).toBe(updates.length)
  })

  test('1,000 in one frame are one change', async ({ line }) => {
    const changes: unknown[] = []
    const heard: unknown[] = []
    const { text } = mount({
      setup() {
        const socket = useSocket(line.key, line.create)
        const latest = useLatest(socket, 'text', { perFrame: true })
        useListener(socket, 'text', (value) => heard.push(value))
        watchEffect(() => changes.push(latest.value), { flush: 'sync' })
        return () => latest.value
      },
    })
    await expect.poll(text).toBe('{"hello":1}')
    await nextFrame()
    changes.length = heard.length = 0
    for (let n = 0; n < 1_000; n++) line.dispatch(`${n}`)
    await expect.poll(text).toBe('999')
    expect(heard).toEqual(Array.from({ length: 1_000 }, (_, n) => `${n}`))
    expect(changes).toEqual(['999'])
  })

  test('each is a change where nothing is said about frames', async ({ line }) => {
    const changes: unknown[] = []
    mount({
      setup() {
        const socket = useSocket(line.key, line.create)
        const latest = useLatest(socket, 'json')
        useListener(socket, 'open', () => socket.value.send('burst 3'))
        watchEffect(() => changes.push(latest.value), { flush: 'sync' })
        return () => latest.value?.n
      },
    })
    await expect.poll(() => changes).toEqual([undefined, { hello: 1 }, { n: 0 }, { n: 1 }, { n: 2 }])
  })

  test('are not received any more by what is unmounted', async ({ line }) => {
    const heard: unknown[] = []
    const socket = line.create()
    socket.open()
    const { unmount } = mount({
      setup() {
        useListener(
          () => socket,
          'text',
          (value) => heard.push(value),
        )
        return () => null
      },
    })
    await expect.poll(() => heard).toHaveLength(1)
    unmount()
    line.dispatch('late')
    expect(heard).toHaveLength(1)
    socket.close()
    await line.left()
  })

  test('of every name reach a listener for all', async ({ line }) => {
    const names: string[] = []
    mount({
      setup() {
        useListener(useSocket(line.key, line.create), '*', (name) => names.push(name))
        return () => null
      },
    })
    await expect.poll(() => names).toContain('text')
    expect(names).toContain('open')
  })

  test('are sent over the socket of the moment', async ({ line, second }) => {
    const at = shallowRef(line)
    const heard: unknown[] = []
    const { container, text } = mount({
      setup() {
        const socket = useSocket(
          () => at.value.key,
          () => at.value.create(),
        )
        const status = useStatus(socket)
        const send = useSend(socket)
        useListener(socket, 'json', ({ text }) => text && heard.push([at.value.key, text]))
        return () => h('button', { onClick: () => send({ text: 'hi' }) }, `${at.value.key} ${status.value}`)
      },
    })
    for (const used of [line, second]) {
      at.value = used
      await expect.poll(text).toBe(`${used.key} open`)
      container.querySelector('button')?.click()
      await expect.poll(() => heard.at(-1)).toEqual([used.key, 'hi'])
    }
  })
})

test('a component renders only for what it uses', async ({ line }) => {
  let renders = 0
  const heard: unknown[] = []
  const { unmount } = mount({
    setup() {
      const socket = useSocket(line.key, line.create)
      useStatus(socket)
      useLatest(socket, 'text')
      useListener(socket, 'text', (text) => heard.push(text))
      useListener(socket, 'open', () => socket.value.send('burst 10'))
      return () => {
        renders++
        return null
      }
    },
  })
  await expect.poll(() => heard).toHaveLength(11)
  unmount()
  await line.left()
  expect(renders).toBe(1)
})

describe.for(kinds)('with $kind', ({ create, native }) => {
  test('all components share one connection, which is kept over an unmount and a mount in one task', async ({
    line,
  }) => {
    const heard: unknown[] = []
    const Chat = defineComponent(() => {
      const socket = useSocket(line.key, () => create(line))
      const status = useStatus(socket)
      const latest = useLatest(socket, 'json', { perFrame: true })
      const send = useSend(socket)
      useListener(socket, 'json', (value) => heard.push(value))
      return () =>
        h(
          'button',
          { onClick: () => send({ text: 'hi' }) },
          `${status.value} ${latest.value?.hello ?? latest.value?.text}`,
        )
    })
    const { text, container, show } = switchable(defineComponent(() => () => [h(Chat), ', ', h(Chat)]))
    await expect.poll(text).toBe('open 1, open 1')
    await show(false)
    await show(true)
    await nextTask()
    await nextTask()
    expect(text()).toBe('open undefined, open undefined')
    container.querySelector('button')?.click()
    await expect.poll(text).toBe('open hi, open hi')
    expect(heard).toEqual([{ hello: 1 }, { hello: 1 }, { text: 'hi' }, { text: 'hi' }])
    await show(false)
    expect(await line.left()).toEqual({ total: 1, live: 0, most: 1 })
    expect(line.constructed()).toBe(native)
    // A session that was closed is over: the next component starts another one.
    await show(true)
    await expect.poll(text).toBe('open 1, open 1')
    await show(false)
    expect(await line.left()).toEqual({ total: 2, live: 0, most: 1 })
  })

  test('a cut is shown, and what is sent meanwhile arrives once', async ({ line }) => {
    const statuses: string[] = []
    const heard: unknown[] = []
    const { text, unmount } = mount({
      setup() {
        const socket = useSocket(line.key, () => create(line))
        const status = useStatus(socket)
        const send = useSend(socket)
        watchEffect(() => statuses.push(status.value), { flush: 'sync' })
        useListener(socket, 'waiting', () => send({ text: 'meanwhile' }))
        useListener(socket, 'json', ({ text }) => text && heard.push(text))
        return () => status.value
      },
    })
    await expect.poll(text).toBe('open')
    await line.cut()
    await expect.poll(() => heard).toEqual(['meanwhile'])
    expect(statuses).toEqual(['idle', 'connecting', 'open', 'waiting', 'connecting', 'open'])
    unmount()
    expect(await line.left()).toEqual({ total: 2, live: 0, most: 1 })
    expect(heard).toEqual(['meanwhile'])
  })

  test('one that useSocket did not make works in reactive(), too', async ({ line }) => {
    const heard: unknown[] = []
    const socket = reactive({ made: create(line) }).made as ReturnType<typeof create>
    const { text, unmount } = mount({
      setup() {
        const status = useStatus(() => socket)
        useListener(
          () => socket,
          'json',
          (value) => heard.push(value),
        )
        return () => status.value
      },
    })
    socket.open()
    await expect.poll(text).toBe('open')
    socket.sendJson({ text: 'hi' })
    await expect.poll(() => heard).toEqual([{ hello: 1 }, { text: 'hi' }])
    socket.close()
    await expect.poll(text).toBe('closed')
    unmount()
    expect((await line.left()).total).toBe(1)
  })
})

test('the events that only a session has reach a listener', async ({ line }) => {
  const heard: unknown[] = []
  const { text, unmount } = mount({
    setup() {
      const session = useSocket(line.key, () => new Session(line.url, { autoOpen: false }))
      const status = useStatus(session)
      const resumed = useLatest(session, 'resumed')
      useListener(session, 'resumed', (value) => heard.push(value))
      return () => `${status.value} ${resumed.value?.resent}`
    },
  })
  await expect.poll(text).toBe('open undefined')
  await line.cut()
  await expect.poll(text).toBe('open 0')
  expect(heard).toEqual([{ resent: 0 }])
  unmount()
  expect((await line.left()).total).toBe(2)
})
