import {
  Component,
  memo,
  type ReactNode,
  StrictMode,
  Suspense,
  startTransition,
  useState,
  version,
} from 'react'
import { flushSync } from 'react-dom'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { describe, expect, inject, onTestFinished, vi } from 'vitest'
import { follow } from '../../src/bindings/follow.ts'
import type { Socket } from '../../src/index.ts'
import { useLatest, useListener, useSend, useSocket, useStatus } from '../../src/react/index.ts'
import { Session } from '../../src/session/client/index.ts'
import { type Line, nextFrame, test } from '../support/counted.ts'
import { kinds } from '../support/kinds.ts'
import { nextTask } from '../support/nextTask.ts'
import { render } from './render.ts'

function Status({ line }: { line: Line }) {
  const socket = useSocket(line.key, line.create)
  return useStatus(socket)
}

/** A component that can be shown and hidden from outside. */
function switchable(node: ReactNode) {
  let show: (shown: boolean) => void = () => {}
  function Switch() {
    const [shown, setShown] = useState(true)
    show = setShown
    return shown ? node : 'hidden'
  }
  return { node: <Switch />, show: (shown: boolean) => flushSync(() => show(shown)) }
}

/** A promise that a component can suspend for, in React 18 as well as in 19. */
function suspender() {
  let ready = false
  let resume = () => {}
  const promise = new Promise<void>((resolve) => {
    resume = () => {
      ready = true
      resolve()
    }
  })
  return {
    resume: () => resume(),
    read: () => {
      if (!ready) throw promise
    },
  }
}

test('these tests run with the version that their project is for', () => {
  expect(version).toMatch(new RegExp(`^${inject('versions').react}\\.`))
})

describe('one connection', () => {
  test('is opened when the component is mounted, and closed when it is unmounted', async ({ line }) => {
    const seen: string[] = []
    function Watched() {
      const status = useStatus(useSocket(line.key, line.create))
      if (seen.at(-1) !== status) seen.push(status)
      return status
    }
    const { root, text } = render(<Watched />)
    await expect.poll(text).toBe('open')
    expect(seen).toEqual(['idle', 'connecting', 'open'])
    expect((await line.count()).live).toBe(1)
    root.unmount()
    expect(await line.left()).toEqual({ total: 1, live: 0, most: 1 })
    expect(line.constructed()).toBe(1)
  })

  test('in StrictMode, which mounts twice', async ({ line }) => {
    const { root, text } = render(
      <StrictMode>
        <Status line={line} />
      </StrictMode>,
    )
    await expect.poll(text).toBe('open')
    root.unmount()
    expect((await line.left()).total).toBe(1)
    expect(line.constructed()).toBe(1)
  })

  test('for all components that use the key, until the last is unmounted', async ({ line }) => {
    const first = switchable(<Status line={line} />)
    const other = switchable(<Status line={line} />)
    const { text } = render(
      <StrictMode>
        {first.node} {other.node}
      </StrictMode>,
    )
    await expect.poll(text).toBe('open open')
    first.show(false)
    await nextTask()
    await nextTask()
    expect(text()).toBe('hidden open')
    expect((await line.count()).live).toBe(1)
    other.show(false)
    expect((await line.left()).total).toBe(1)
    expect(line.constructed()).toBe(1)
  })

  test('over an unmount and a mount in one task', async ({ line }) => {
    const { node, show } = switchable(<Status line={line} />)
    const { text, root } = render(node)
    await expect.poll(text).toBe('open')
    show(false)
    expect(text()).toBe('hidden')
    show(true)
    expect(text()).toBe('open')
    await nextTask()
    await nextTask()
    expect(text()).toBe('open')
    root.unmount()
    expect((await line.left()).total).toBe(1)
    expect(line.constructed()).toBe(1)
  })

  test('over an unmount and a mount in one task, before it is opened', async ({ line }) => {
    const first = render(null)
    flushSync(() => first.root.render(<Status line={line} />))
    first.root.unmount()
    const next = render(null)
    flushSync(() => next.root.render(<Status line={line} />))
    await expect.poll(next.text).toBe('open')
    next.root.unmount()
    expect((await line.left()).total).toBe(1)
    expect(line.constructed()).toBe(1)
  })

  test('is opened again when the component is mounted again later', async ({ line }) => {
    const { node, show } = switchable(<Status line={line} />)
    const { text } = render(node)
    await expect.poll(text).toBe('open')
    show(false)
    await line.left()
    show(true)
    expect(text()).toBe('idle')
    await expect.poll(text).toBe('open')
    show(false)
    expect(await line.left()).toEqual({ total: 2, live: 0, most: 1 })
  })

  test('none while the component is suspended before it is mounted', async ({ line }) => {
    const { read, resume } = suspender()
    function Suspended() {
      const status = useStatus(useSocket(line.key, line.create))
      read()
      return status
    }
    const { text, root } = render(
      <Suspense fallback="loading">
        <Suspended />
      </Suspense>,
    )
    await expect.poll(text).toBe('loading')
    await nextTask()
    await nextTask()
    expect(line.constructed()).toBe(0)
    resume()
    await expect.poll(text).toBe('open')
    root.unmount()
    expect((await line.left()).total).toBe(1)
    expect(line.constructed()).toBe(1)
  })

  test('is kept while the component is suspended later', async ({ line }) => {
    const { read, resume } = suspender()
    let suspend: (suspended: boolean) => void = () => {}
    function Reader({ suspended }: { suspended: boolean }) {
      if (suspended) read()
      return useStatus(useSocket(line.key, line.create))
    }
    function Switch() {
      const [suspended, setSuspended] = useState(false)
      suspend = setSuspended
      return (
        <Suspense fallback="loading">
          <Reader suspended={suspended} />
        </Suspense>
      )
    }
    const { container, root } = render(<Switch />)
    await expect.poll(() => container.innerText).toBe('open')
    flushSync(() => suspend(true))
    await expect.poll(() => container.innerText).toContain('loading')
    await nextTask()
    expect((await line.count()).live).toBe(1)
    resume()
    await expect.poll(() => container.innerText).toBe('open')
    root.unmount()
    expect((await line.left()).total).toBe(1)
  })

  test('none for a concurrent rendering that is never shown', async ({ line, second }) => {
    const { read } = suspender()
    let choose: (line: Line) => void = () => {}
    function Room({ at }: { at: Line }) {
      const status = useStatus(useSocket(at.key, at.create))
      if (at === second) read()
      return status
    }
    function Rooms() {
      const [chosen, setChosen] = useState(line)
      choose = setChosen
      return <Room at={chosen} />
    }
    const { text, root } = render(
      <Suspense fallback="loading">
        <Rooms />
      </Suspense>,
    )
    await expect.poll(text).toBe('open')
    startTransition(() => choose(second))
    await nextFrame()
    await nextFrame()
    expect(text()).toBe('open')
    startTransition(() => choose(line))
    await nextFrame()
    await nextTask()
    root.unmount()
    expect((await line.left()).total).toBe(1)
    expect(second.constructed()).toBe(0)
  })

  test('for each key: a new key closes the old connection before it opens its own', async ({
    line,
    second,
  }) => {
    let choose: (line: Line) => void = () => {}
    const heard: unknown[] = []
    function Room() {
      const [at, setAt] = useState(line)
      choose = setAt
      const socket = useSocket(at.key, at.create)
      useListener(socket, 'json', (value) => heard.push([at.key, value]))
      return `${at.key} ${useStatus(socket)}`
    }
    const { text, root } = render(
      <StrictMode>
        <Room />
      </StrictMode>,
    )
    await expect.poll(text).toBe(`${line.key} open`)
    await expect.poll(() => heard).toEqual([[line.key, { hello: 1 }]])
    choose(second)
    await expect.poll(text).toBe(`${second.key} open`)
    await expect.poll(() => heard.at(-1)).toEqual([second.key, { hello: 1 }])
    expect((await line.left()).total).toBe(1)
    root.unmount()
    expect((await second.left()).total).toBe(1)
    expect(heard).toHaveLength(2)
  })
})

describe('a socket', () => {
  test.for(kinds)(
    'that connects by itself is refused, with the cure: $kind',
    async ({ connect }, { line }) => {
      const errors: unknown[] = []
      class Boundary extends Component<{ children: ReactNode }> {
        override state = { failed: false }
        static getDerivedStateFromError = () => ({ failed: true })
        override componentDidCatch(error: unknown) {
          errors.push(error)
        }
        override render() {
          return this.state.failed ? 'failed' : this.props.children
        }
      }
      vi.spyOn(console, 'error').mockImplementation(() => {})
      onTestFinished(() => {
        vi.restoreAllMocks()
      })
      function Wrong() {
        useSocket(line.key, () => connect(line))
        return 'shown'
      }
      const { text } = render(
        <Boundary>
          <Wrong />
        </Boundary>,
      )
      await expect.poll(text).toBe('failed')
      expect(`${errors[0]}`).toContain(
        `useSocket('${line.key}'): the socket is already connecting. Create it with { auto`,
      )
      expect((await line.left()).live).toBe(0)
    },
  )

  test('that the application has closed stays closed while its components come and go', async ({ line }) => {
    let socket: ReturnType<Line['create']> | undefined
    function Keeper() {
      socket = useSocket(line.key, line.create)
      return `${useStatus(socket)} ${socket.closed?.cause ?? ''}`
    }
    const more = switchable(<Keeper />)
    const { text } = render(
      <>
        <Keeper />, {more.node}
      </>,
    )
    await expect.poll(text).toBe('open , open ')
    more.show(false)
    socket?.close(4000, 'logged out')
    await expect.poll(text).toBe('closed user, hidden')
    more.show(true)
    await nextTask()
    await nextTask()
    expect(text()).toBe('closed user, closed user')
    expect((await line.left()).total).toBe(1)
  })

  test('may be one of a module, and is opened again for the next component', async ({ line }) => {
    const socket = line.create()
    function Module() {
      return useStatus(useSocket(line.key, () => socket))
    }
    const { node, show } = switchable(<Module />)
    const { text } = render(node)
    await expect.poll(text).toBe('open')
    show(false)
    await line.left()
    expect(socket.status).toBe('closed')
    show(true)
    await expect.poll(text).toBe('open')
    show(false)
    expect(await line.left()).toEqual({ total: 2, live: 0, most: 1 })
  })
})

describe('hydration', () => {
  const hydrate = (node: ReactNode, html: string) => {
    const container = document.createElement('div')
    document.body.append(container)
    container.innerHTML = html
    const errors: unknown[] = []
    const root = hydrateRoot(container, node, { onRecoverableError: (error) => errors.push(error) })
    onTestFinished(() => {
      root.unmount()
      container.remove()
    })
    return { root, container, errors }
  }

  test('of a component with a socket makes one connection and no error', async ({ line }) => {
    const app = (
      <StrictMode>
        <Status line={line} />
      </StrictMode>
    )
    const html = renderToString(app)
    expect(html).toBe('idle')
    const { root, container, errors } = hydrate(app, html)
    await expect.poll(() => container.textContent).toBe('open')
    root.unmount()
    expect((await line.left()).total).toBe(1)
    expect(line.constructed()).toBe(1)
    expect(errors).toEqual([])
  })

  test('of a status that has changed since the server rendered it', async ({ line }) => {
    const socket = line.create()
    function Module() {
      return useStatus(socket)
    }
    const html = renderToString(<Module />)
    socket.open()
    await socket.opened()
    const { container, errors } = hydrate(<Module />, html)
    await expect.poll(() => container.textContent).toBe('open')
    expect(errors).toEqual([])
    socket.close()
    await line.left()
  })
})

describe('messages', () => {
  test('the first of the server reaches every listener that is mounted with the socket', async ({ line }) => {
    const heard: string[] = []
    function Child({ socket, name }: { socket: Socket<{ hello?: number }>; name: string }) {
      useListener(socket, 'json', ({ hello }) => hello && heard.push(name))
      return null
    }
    function Parent() {
      const socket = useSocket(line.key, line.create)
      useListener(socket, 'json', ({ hello }) => hello && heard.push('parent'))
      return <Child socket={socket} name="child" />
    }
    render(
      <StrictMode>
        <Parent />
      </StrictMode>,
    )
    await expect.poll(() => heard.sort()).toEqual(['child', 'parent'])
  })

  test('1,000 at once: none is lost to a listener, and there is at most one render per frame', async ({
    line,
  }) => {
    let frame = 0
    let counting = requestAnimationFrame(function count() {
      frame++
      counting = requestAnimationFrame(count)
    })
    onTestFinished(() => cancelAnimationFrame(counting))

    const heard: number[] = []
    const renders: number[] = []
    let outer = 0
    function Latest({ socket }: { socket: ReturnType<Line['create']> }) {
      const latest = useLatest(socket, 'json', { perFrame: true })
      renders.push(frame)
      return `${latest?.n}`
    }
    const Inner = memo(Latest)
    function Outer() {
      outer++
      const socket = useSocket(line.key, line.create)
      useListener(socket, 'json', ({ n }) => n !== undefined && heard.push(n))
      useListener(socket, 'open', () => {
        socket.send('burst 1000')
      })
      return <Inner socket={socket} />
    }
    const { text } = render(<Outer />)
    await expect.poll(() => heard.length).toBe(1_000)
    await expect.poll(text).toBe('999')
    expect(heard).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
    // The first is the mount.
    const updates = renders.slice(1)
    expect(new Set(updates).size).toBe(updates.length)
    expect(outer).toBe(1)
  })

  test('1,000 in one frame are one render', async ({ line }) => {
    const renders: unknown[] = []
    let socket: ReturnType<Line['create']> | undefined
    const heard: unknown[] = []
    function Latest() {
      socket = useSocket(line.key, line.create)
      useListener(socket, 'text', (text) => heard.push(text))
      const latest = useLatest(socket, 'text', { perFrame: true })
      renders.push(latest)
      return `${latest}`
    }
    const { text } = render(<Latest />)
    await expect.poll(text).toBe('{"hello":1}')
    await nextFrame()
    renders.length = heard.length = 0
    for (let n = 0; n < 1_000; n++) line.dispatch(`${n}`)
    await expect.poll(text).toBe('999')
    expect(heard).toEqual(Array.from({ length: 1_000 }, (_, n) => `${n}`))
    expect(renders).toEqual(['999'])
  })

  test('the newest is not lost if the component is hidden before the next frame', async ({ line }) => {
    const socket = line.create()
    socket.open()
    await socket.opened()
    const published: unknown[] = []
    const unsubscribe = follow(socket, 'text', true, (text) => published.push(text))
    line.dispatch('one')
    line.dispatch('two')
    expect(published).toEqual([])
    unsubscribe()
    expect(published).toEqual(['two'])
    line.dispatch('three')
    await nextFrame()
    await nextFrame()
    expect(published).toEqual(['two'])
    socket.close()
    await line.left()
  })

  test('each is rendered where nothing is said about frames', async ({ line }) => {
    const renders: unknown[] = []
    function Latest() {
      const socket = useSocket(line.key, line.create)
      const latest = useLatest(socket, 'json')
      useListener(socket, 'open', () => socket.send('burst 3'))
      renders.push(latest)
      return `${latest?.n}`
    }
    const { text } = render(<Latest />)
    await expect.poll(text).toBe('2')
    expect(renders).toEqual([undefined, { hello: 1 }, { n: 0 }, { n: 1 }, { n: 2 }])
  })

  test('reach the newest listener, without a render or a subscription of their own', async ({ line }) => {
    const heard: unknown[] = []
    let setName: (name: string) => void = () => {}
    let renders = 0
    let subscriptions = 0
    let socket: ReturnType<Line['create']> | undefined
    const create = () => {
      const created = line.create()
      const on = created.on.bind(created) as (...args: unknown[]) => () => void
      created.on = ((...args: unknown[]) => {
        if (args[0] === 'json') subscriptions++
        return on(...args)
      }) as typeof created.on
      return created
    }
    function Newest() {
      const [name, set] = useState('Ann')
      setName = set
      renders++
      socket = useSocket(line.key, create)
      useListener(socket, 'json', ({ text }) => text && heard.push(`${name}: ${text}`))
      return name
    }
    const { text } = render(<Newest />)
    await expect.poll(() => socket?.status).toBe('open')
    socket?.sendJson({ text: 'one' })
    await expect.poll(() => heard).toEqual(['Ann: one'])
    expect(renders).toBe(1)
    flushSync(() => setName('Bob'))
    expect(text()).toBe('Bob')
    socket?.sendJson({ text: 'two' })
    await expect.poll(() => heard).toEqual(['Ann: one', 'Bob: two'])
    expect(renders).toBe(2)
    expect(subscriptions).toBe(1)
  })

  test('of every name reach a listener for all', async ({ line }) => {
    const names: string[] = []
    function All() {
      useListener(useSocket(line.key, line.create), '*', (name) => names.push(name))
      return null
    }
    render(<All />)
    await expect.poll(() => names).toContain('text')
    expect(names).toContain('open')
  })

  test('are sent by a function that stays the same', async ({ line }) => {
    const heard: unknown[] = []
    const sends = new Set<unknown>()
    function Sender() {
      const socket = useSocket(line.key, line.create)
      const status = useStatus(socket)
      const send = useSend(socket)
      sends.add(send)
      useListener(socket, 'json', (value) => heard.push(value))
      return (
        <button type="button" onClick={() => send({ text: 'hi' })}>
          {status}
        </button>
      )
    }
    const { container, text } = render(<Sender />)
    await expect.poll(text).toBe('open')
    container.querySelector('button')?.click()
    await expect.poll(() => heard).toEqual([{ hello: 1 }, { text: 'hi' }])
    expect(sends.size).toBe(1)
  })
})

describe('a component renders', () => {
  test('once, if it uses neither status nor messages', async ({ line }) => {
    let renders = 0
    let socket: ReturnType<Line['create']> | undefined
    const heard: unknown[] = []
    function Quiet() {
      renders++
      socket = useSocket(line.key, line.create)
      useListener(socket, 'text', (text) => heard.push(text))
      return null
    }
    const { root } = render(<Quiet />)
    await expect.poll(() => heard).toHaveLength(1)
    socket?.send('burst 10')
    await expect.poll(() => heard).toHaveLength(11)
    root.unmount()
    await line.left()
    expect(renders).toBe(1)
  })

  test('for its status only when that changes', async ({ line }) => {
    const statuses: string[] = []
    const heard: unknown[] = []
    let socket: ReturnType<Line['create']> | undefined
    function OnlyStatus() {
      socket = useSocket(line.key, line.create)
      useListener(socket, 'text', (text) => heard.push(text))
      const status = useStatus(socket)
      statuses.push(status)
      return status
    }
    render(<OnlyStatus />)
    await expect.poll(() => heard).toHaveLength(1)
    socket?.send('burst 10')
    await expect.poll(() => heard).toHaveLength(11)
    socket?.send('close 4400')
    await expect.poll(() => statuses).toEqual(['idle', 'connecting', 'open', 'closed'])
  })
})

describe.for(kinds)('with $kind', ({ create, native }) => {
  test('all components share one connection, which is kept over an unmount and a mount in one task', async ({
    line,
  }) => {
    const heard: unknown[] = []
    function Chat() {
      const socket = useSocket(line.key, () => create(line))
      const send = useSend(socket)
      const latest = useLatest(socket, 'json', { perFrame: true })
      useListener(socket, 'json', (value) => heard.push(value))
      return (
        <button type="button" onClick={() => send({ text: 'hi' })}>
          {useStatus(socket)} {latest?.hello ?? latest?.text}
        </button>
      )
    }
    const { node, show } = switchable(
      <>
        <Chat />, <Chat />
      </>,
    )
    const { text, container } = render(<StrictMode>{node}</StrictMode>)
    await expect.poll(text).toBe('open 1, open 1')
    show(false)
    show(true)
    await nextTask()
    await nextTask()
    expect(text()).toBe('open , open ')
    container.querySelector('button')?.click()
    await expect.poll(text).toBe('open hi, open hi')
    expect(heard).toEqual([{ hello: 1 }, { hello: 1 }, { text: 'hi' }, { text: 'hi' }])
    show(false)
    expect(await line.left()).toEqual({ total: 1, live: 0, most: 1 })
    expect(line.constructed()).toBe(native)
    // A session that was closed is over: the next component starts another one.
    show(true)
    await expect.poll(text).toBe('open 1, open 1')
    show(false)
    expect(await line.left()).toEqual({ total: 2, live: 0, most: 1 })
  })

  test('a cut is shown, and what is sent meanwhile arrives once', async ({ line }) => {
    const statuses: string[] = []
    const heard: unknown[] = []
    function Chat() {
      const socket = useSocket(line.key, () => create(line))
      const status = useStatus(socket)
      const send = useSend(socket)
      if (statuses.at(-1) !== status) statuses.push(status)
      useListener(socket, 'waiting', () => send({ text: 'meanwhile' }))
      useListener(socket, 'json', ({ text }) => text && heard.push(text))
      return status
    }
    const { text, root } = render(<Chat />)
    await expect.poll(text).toBe('open')
    await line.cut()
    await expect.poll(() => heard).toEqual(['meanwhile'])
    expect(statuses).toEqual(['idle', 'connecting', 'open', 'waiting', 'connecting', 'open'])
    root.unmount()
    expect(await line.left()).toEqual({ total: 2, live: 0, most: 1 })
    expect(heard).toEqual(['meanwhile'])
  })
})

test('the events that only a session has reach a listener', async ({ line }) => {
  const heard: unknown[] = []
  function Chat() {
    const session = useSocket(line.key, () => new Session(line.url, { autoOpen: false }))
    useListener(session, 'resumed', (value) => heard.push(value))
    return `${useStatus(session)} ${useLatest(session, 'resumed')?.resent}`
  }
  const { text, root } = render(<Chat />)
  await expect.poll(text).toBe('open undefined')
  await line.cut()
  await expect.poll(text).toBe('open 0')
  expect(heard).toEqual([{ resent: 0 }])
  root.unmount()
  expect((await line.left()).total).toBe(2)
})
