import { expect, inject, test } from 'vitest'
import { Session } from '../../../src/session/client/index.ts'

const { url, words } = inject('answers')

test('a streamed answer goes on after a reload where the page was: every word once', async () => {
  const topic = `answer ${crypto.randomUUID()}`
  const received: string[] = []

  /** A page: it begins where the one before it has ended, and is gone after so many words. */
  const page = async (until: number) => {
    const cursor = sessionStorage.getItem(topic)
    const session = new Session(url, { topics: cursor ? { [topic]: cursor } : {} })
    await new Promise<void>((resolve) => {
      session.on('message', ({ data }) => {
        if (received.length >= until) return
        received.push(data as string)
        sessionStorage.setItem(topic, session.cursor(topic) ?? '')
        if (received.length === until) resolve()
      })
      session.send(topic)
    })
    session.close()
  }

  await page(20)
  await page(50)
  await page(words)
  expect(received).toEqual(Array.from({ length: words }, (_, index) => `word ${index + 1}`))
})
