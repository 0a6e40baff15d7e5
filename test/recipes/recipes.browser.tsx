import '@angular/compiler'
import { ApplicationRef, Component, createComponent, provideZonelessChangeDetection } from '@angular/core'
import { createApplication } from '@angular/platform-browser'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { Socket } from 'holdfast'
import { useSocket } from 'holdfast/react'
import { StrictMode } from 'react'
import { render as renderSolid } from 'solid-js/web'
import { mount, unmount } from 'svelte'
import { expect, onTestFinished } from 'vitest'
import { render } from '../react/render.ts'
import { type Line, test } from '../support/counted.ts'
import { nextTask } from '../support/nextTask.ts'
import { injectSocket } from './angular.ts'
import Chat from './Chat.svelte'
import { createSocket } from './solid.ts'
import { usePrice, usePricePushes } from './tanstack-query.ts'
import { ChatStatus } from './web-component.ts'
import { createChat, type Message } from './zustand.ts'

type Greeting = { hello?: number; text?: string }

const create = (line: Line) => new Socket<Greeting, Message>(line.url, { autoOpen: false })

function container() {
  const element = document.createElement('div')
  document.body.append(element)
  onTestFinished(() => element.remove())
  return element
}

/** Exactly one connection was made, and it is closed. */
async function expectOneConnection(line: Line) {
  expect((await line.left()).total).toBe(1)
  expect(line.constructed()).toBe(1)
}

test('Svelte', async ({ line }) => {
  const target = container()
  const chat = mount(Chat, { target, props: { url: line.url } })
  const text = () => target.querySelector('p')?.textContent
  await expect.poll(text).toBe('open ')
  target.querySelector('button')?.click()
  await expect.poll(text).toBe('open hi')
  await unmount(chat)
  await expectOneConnection(line)
})

test('Solid', async ({ line }) => {
  const target = container()
  const socket = create(line)
  const dispose = renderSolid(() => {
    const { status, latest } = createSocket(socket)
    return (() => `${status()} ${latest()?.text ?? latest()?.hello}`) as never
  }, target)
  await expect.poll(() => target.textContent).toBe('open 1')
  socket.sendJson({ text: 'hi' })
  await expect.poll(() => target.textContent).toBe('open hi')
  dispose()
  await expectOneConnection(line)
})

test('Angular', async ({ line }) => {
  const target = container()
  const socket = create(line)
  const Status = Component({
    selector: 'chat-status-angular',
    template: '{{ chat.status() }} {{ chat.latest()?.text ?? chat.latest()?.hello }}',
  })(
    class {
      readonly chat = injectSocket(socket)
    },
  )
  const application = await createApplication({ providers: [provideZonelessChangeDetection()] })
  const component = createComponent(Status, {
    environmentInjector: application.injector,
    hostElement: target,
  })
  application.injector.get(ApplicationRef).attachView(component.hostView)
  await expect.poll(() => target.textContent).toBe('open 1')
  socket.sendJson({ text: 'hi' })
  await expect.poll(() => target.textContent).toBe('open hi')
  component.destroy()
  await expectOneConnection(line)
  application.destroy()
})

test('TanStack Query', async ({ line }) => {
  const fetched: string[] = []
  const fetchPrice = async (symbol: string) => {
    fetched.push(symbol)
    return { symbol, price: fetched.length }
  }
  type Price = Awaited<ReturnType<typeof fetchPrice>>
  let socket: Socket<Price> | undefined
  function Show() {
    const { data } = usePrice('EURUSD', fetchPrice)
    return `${data?.price}`
  }
  function App() {
    socket = useSocket(
      line.key,
      () => new Socket<Price>(line.url, { autoOpen: false, reconnect: { base: 0 } }),
    )
    usePricePushes(socket)
    return (
      <>
        <Show /> <Show />
      </>
    )
  }
  const { root, text } = render(
    <StrictMode>
      <QueryClientProvider client={new QueryClient()}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  )
  await expect.poll(text).toBe('1 1')
  expect(fetched).toEqual(['EURUSD'])
  await socket?.opened()
  // The server sends it back.
  socket?.sendJson({ symbol: 'EURUSD', price: 1.25 })
  await expect.poll(text).toBe('1.25 1.25')
  socket?.send('close 1012')
  await expect.poll(text).toBe('2 2')
  expect(fetched).toEqual(['EURUSD', 'EURUSD'])
  root.unmount()
  expect(await line.left()).toMatchObject({ total: 2, most: 1 })
})

test('Zustand', async ({ line }) => {
  const socket = new Socket<Message, Message>(line.url, { autoOpen: false })
  const useChat = createChat(socket)
  function Messages() {
    const status = useChat((chat) => chat.status)
    const messages = useChat((chat) => chat.messages)
    return `${status} ${messages.map(({ text }) => text)}`
  }
  const { root, text } = render(
    <StrictMode>
      <Messages />
    </StrictMode>,
  )
  socket.open()
  await expect.poll(text).toBe('open ')
  useChat.getState().say('hi')
  useChat.getState().say('there')
  await expect.poll(text).toBe('open ,hi,there')
  root.unmount()
  socket.close()
  await expectOneConnection(line)
})

test('a web component', async ({ line }) => {
  customElements.define('chat-status', ChatStatus)
  const [first, second] = [container(), container()]
  const element = document.createElement('chat-status')
  element.setAttribute('url', line.url)
  first.append(element)
  await expect.poll(() => element.textContent).toBe('open {"hello":1}')
  second.append(element)
  await nextTask()
  await nextTask()
  expect(element.textContent).toBe('open {"hello":1}')
  element.remove()
  await expectOneConnection(line)
})
