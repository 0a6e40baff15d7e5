// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { Socket } from 'holdfast'
import { FakeServer } from 'holdfast/testing'
import { useEffect, useRef, useState } from 'react'
import { afterEach, beforeEach, expect, test } from 'vitest'

function Chat() {
  const socket = useRef<Socket<{ text: string }>>(null)
  const [status, setStatus] = useState('connecting')
  const [texts, setTexts] = useState<string[]>([])
  useEffect(() => {
    const chat = new Socket<{ text: string }>('wss://example.com/chat')
    chat.on('open', () => setStatus('online'))
    chat.on('waiting', () => setStatus('offline'))
    chat.on('json', ({ text }) => setTexts((before) => [...before, text]))
    socket.current = chat
    return () => chat.close()
  }, [])
  return (
    <>
      <p>{status}</p>
      {texts.map((text) => (
        <li key={text}>{text}</li>
      ))}
      <button type="button" onClick={() => socket.current?.sendJson({ text: 'hello' })}>
        Say hello
      </button>
    </>
  )
}

let server: FakeServer

beforeEach(() => {
  server = new FakeServer('wss://example.com/chat').install()
})
afterEach(() => {
  cleanup()
  server.restore()
})

test('shows what the server says, and sends what the user says', async () => {
  const { unmount } = render(<Chat />)
  await screen.findByText('online')

  fireEvent.click(screen.getByText('Say hello'))
  await server.heard({ text: 'hello' })

  const { client } = server
  server.say({ text: 'welcome' })
  await screen.findByText('welcome')

  unmount()
  expect(await client.ended()).toMatchObject({ code: 1000 })
})

test('shows an outage', async () => {
  render(<Chat />)
  await screen.findByText('online')
  server.vanish()
  await screen.findByText('offline')
})
