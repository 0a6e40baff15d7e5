import { expect, onTestFinished, test, vi } from 'vitest'
import { Socket } from '../../src/index.ts'
import { type ServeOptions, serveTabs } from '../../src/tabs/index.ts'
import type { FromTab, FromWorker } from '../../src/tabs/protocol.ts'
import { FakeServer } from '../../src/testing/index.ts'

const url = 'ws://shared.test/'

/** A shared socket that is open. Its tabs are bare ports, which acknowledge nothing. */
async function shared(options: ServeOptions) {
  const server = new FakeServer(url)
  const socket = new Socket(url, { WebSocket: server.WebSocket, autoOpen: false })
  const tabs = serveTabs(socket, options)
  const ports: MessagePort[] = []
  onTestFinished(() => {
    for (const port of ports) {
      port.postMessage(['leave'] satisfies FromTab)
      port.close()
    }
    socket.close()
  })
  const join = () => {
    const { port1, port2 } = new MessageChannel()
    ports.push(port1)
    const received: FromWorker[] = []
    port1.onmessage = ({ data }) => received.push(data)
    tabs.connect(port2)
    port1.postMessage(['join', { open: true, pings: false }] satisfies FromTab)
    return {
      joined: () => received.filter((message) => message[0] === 'joined').map((message) => message[1]),
      frames: () =>
        received.filter((message) => message[0] === 'frames').flatMap((message) => message[1] as string[]),
      post: (message: FromTab) => port1.postMessage(message),
    }
  }
  return { server, socket, tabs, join }
}

test('a port of the application is a tab until it leaves', async () => {
  const { socket, tabs, join } = await shared({ linger: 0 })
  expect(tabs.tabs).toBe(0)
  const [one, two] = [join(), join()]
  await expect.poll(() => tabs.tabs).toBe(2)
  await expect.poll(() => socket.status).toBe('open')
  one.post(['leave'])
  await expect.poll(() => tabs.tabs).toBe(1)
  two.post(['leave'])
  await expect.poll(() => socket.status).toBe('suspended')
})

test.for([Infinity, 3_000_000_000])('linger and silence may be %f ms, which no timer takes', async (ms) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const { socket, tabs, join } = await shared({ linger: ms, silence: ms })
  const one = join()
  await vi.waitFor(() => expect(tabs.tabs).toBe(1))
  await vi.advanceTimersByTimeAsync(100_000)
  // It has not answered anything, and was not asked.
  expect([tabs.tabs, one.frames()]).toEqual([1, []])
  one.post(['leave'])
  await vi.waitFor(() => expect(tabs.tabs).toBe(0))
  await vi.advanceTimersByTimeAsync(100_000)
  expect(socket.status).toBe('open')
})

test('what a snapshot includes is not relayed again to the tab that has got it', async () => {
  const texts: string[] = []
  const { server, socket, join } = await shared({ snapshot: () => [...texts] })
  socket.on('text', (text) => texts.push(text))
  join()
  await expect.poll(() => socket.status).toBe('open')
  // Frames that come within a few ms are gathered: here until the timer is advanced.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  server.say('one')
  server.say('two')
  await vi.advanceTimersByTimeAsync(1)
  await expect.poll(() => texts).toEqual(['one', 'two'])
  const late = join()
  await expect.poll(() => late.joined()).toMatchObject([{ snapshot: { value: ['one', 'two'] } }])
  server.say('three')
  await vi.advanceTimersByTimeAsync(100)
  await expect.poll(() => late.frames()).toEqual(['three'])
})

test('a snapshot that cannot be cloned is reported, and the tab works without it', async () => {
  const reported = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => reported.mockRestore())
  const { server, socket, join } = await shared({ snapshot: () => () => {} })
  const tab = join()
  await expect.poll(() => socket.status).toBe('open')
  await expect.poll(() => tab.joined().length).toBe(1)
  expect(tab.joined()[0]).not.toHaveProperty('snapshot')
  server.say('one')
  await expect.poll(() => tab.frames()).toEqual(['one'])
  expect(reported).toHaveBeenCalledOnce()
})

test.for([
  ['messages', { messages: 0 }],
  ['bytes', { bytes: 100_000 }],
] as const)('a page that acknowledges nothing has a backlog of so many %s', async ([, backlog]) => {
  const { server, socket, join } = await shared({ backlog })
  const slow = join()
  await expect.poll(() => socket.status).toBe('open')
  // Each is so large that the worker asks for an acknowledgement, and it goes on without four of them.
  const large = 'x'.repeat(200_000)
  for (let sent = 1; sent <= 4; sent++) {
    server.say(large)
    await expect.poll(() => slow.frames().length).toBe(sent)
  }
  let received = 0
  socket.on('text', () => received++)
  server.say(large)
  await expect.poll(() => received).toBe(1)
  // A tab that joins makes the worker relay what it has gathered.
  const other = join()
  await expect.poll(() => other.joined().length).toBe(1)
  for (let acks = 0; acks < 4; acks++) slow.post(['ack'])
  await expect.poll(() => slow.joined()).toMatchObject([{ missed: 0 }, { missed: 1 }])
  expect(slow.frames()).toHaveLength(4)
})
