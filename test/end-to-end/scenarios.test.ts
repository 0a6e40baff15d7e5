import type { Locator, Page } from 'playwright'
import { describe, expect } from 'vitest'
import { test as base, picture } from './demo.ts'

interface Card {
  press(name: string): Promise<void>
  /** Waits until the log has a line that matches. */
  says(words: RegExp): Promise<void>
  status(): Promise<string | null>
  element: Locator
  page: Page
}

const test = base.extend<{ card: (title: string) => Promise<Card> }>({
  card: async ({ demo, visit }, use) => {
    await use(async (title) => {
      const page = await visit(`${demo.url}/scenarios`)
      const element = page.getByRole('article', { name: title })
      return {
        page,
        element,
        press: (name) => element.getByRole('button', { name, exact: true }).click(),
        says: (words) => expect.poll(() => element.getByRole('log').textContent()).toMatch(words),
        status: () => element.getAttribute('data-status'),
      }
    })
  },
})

describe('the scenario', () => {
  test('1: echoes, and can be pushed to', async ({ card }) => {
    const { press, says, element } = await card('Echo chat')
    await says(/Open/)
    await element.getByLabel('Something to say').fill('hello')
    await press('Send')
    await says(/Visitor: hello.*this is server/)
    await press('Push to me')
    await says(/A push, not an answer/)
  })

  test('2: greets, and says goodbye 5 s later', async ({ card, demo }) => {
    const { says, status } = await card('Hello and goodbye')
    await says(/Hello from the browser.*this is server.*Closing in 5 s.*Closed/)
    expect(await status()).toBe('closed')
    await expect.poll(() => demo.clients().some(({ path }) => path === '/hello')).toBe(false)
  })

  test('3: is kept by the heartbeat, and cut and healed without it', async ({ card }) => {
    const { press, says, status, element } = await card('Idle clients are cut')
    await says(/(ping and pong.*){3}/)
    expect(await element.getByRole('log').textContent()).not.toMatch(/Next attempt in/)
    expect(await status()).toBe('open')
    await press('Stop')
    await press('Without a heartbeat')
    await says(/Next attempt in.*Open/)
  })

  test('4: says what is missing, to its author alone', async ({ card }) => {
    const { press, says, element } = await card('JSON chat room')
    await says(/127\.0\.0\.1 connected/)
    await element.getByLabel('Message').fill('hello')
    await press('Send')
    await says(/name/i)
    await element.getByLabel('Name').fill('Ann')
    await element.getByLabel('Message').fill('hello')
    await press('Send')
    await says(/Ann: hello/)
  })

  test('5: shows each guest', async ({ card }) => {
    const { says } = await card('Guest ticker')
    await says(/(came in at \d\d:\d\d:\d\d.*){3}/)
  })

  test('6: receives JSON after a frame that is not JSON', async ({ card }) => {
    const { press, says } = await card('Guest on demand')
    await says(/Not JSON: The server is listening to you now\./)
    await press('Next guest')
    await says(/came in at/)
  })

  test('7: saves a file, and gives it back in either shape', async ({ card }) => {
    const { press, says, element } = await card('Upload')
    await says(/Open/)
    await element
      .locator('input[type=file]')
      .setInputFiles({ name: 'red.png', mimeType: 'image/png', buffer: picture })
    await says(/Saved as/)
    await press('Back as Blob')
    await says(/A Blob of/)
    await press('Back as ArrayBuffer')
    await says(/An ArrayBuffer of/)
  })

  test('8: speaks the subprotocol that was selected, and gives up where none is', async ({ card }) => {
    const { press, says, status } = await card('Subprotocols')
    await says(/Open, with the subprotocol chat/)
    await press('Stop')
    await press('A server that selects none')
    await says(/Closed\. The handshake failed/)
    expect(await status()).toBe('closed')
  })
})
