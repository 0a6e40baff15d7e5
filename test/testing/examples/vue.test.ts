// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { Socket } from 'holdfast'
import { FakeServer } from 'holdfast/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defineComponent, h, onUnmounted, ref } from 'vue'

const Chat = defineComponent(() => {
  const status = ref('connecting')
  const texts = ref<string[]>([])
  const socket = new Socket<{ text: string }>('wss://example.com/chat')
  socket.on('open', () => {
    status.value = 'online'
  })
  socket.on('waiting', () => {
    status.value = 'offline'
  })
  socket.on('json', ({ text }) => texts.value.push(text))
  onUnmounted(() => socket.close())
  return () =>
    h('main', [
      h('p', status.value),
      texts.value.map((text) => h('li', text)),
      h('button', { onClick: () => socket.sendJson({ text: 'hello' }) }, 'Say hello'),
    ])
})

let server: FakeServer

beforeEach(() => {
  server = new FakeServer('wss://example.com/chat').install()
})
afterEach(() => server.restore())

test('shows what the server says, and sends what the user says', async () => {
  const chat = mount(Chat)
  const client = await server.connected()

  await chat.find('button').trigger('click')
  await client.heard({ text: 'hello' })

  client.say({ text: 'welcome' })
  await vi.waitFor(() => expect(chat.find('li').text()).toBe('welcome'))

  server.vanish()
  await vi.waitFor(() => expect(chat.find('p').text()).toBe('offline'))
  chat.unmount()
})
