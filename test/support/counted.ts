import { test as base, expect, inject } from 'vitest'
import { Socket } from '../../src/index.ts'
import type { Count } from './countingServer.ts'

export type In = { hello?: number; n?: number; text?: string }
export type Out = { text: string }

export interface Line {
  /** The address that is counted. */
  url: string
  key: string
  /** A socket as `useSocket` wants it. */
  create: () => Socket<In, Out>
  count: () => Promise<Count>
  /** Cuts the connections at the server, without a close frame. */
  cut: () => Promise<unknown>
  /** How many native sockets the page has constructed for the address. */
  constructed: () => number
  /** Dispatches a message on the newest native socket: many of them in one task, unlike the network's. */
  dispatch: (text: string) => void
  /** Waits until nobody is connected any more, so that the count is final. */
  left: () => Promise<Count>
}

let lines = 0

/** Gives each test an address of its own, whose connections are counted by the server and in the page. */
export const test = base.extend<{ line: Line; second: Line }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  line: async ({}, use) => {
    const { line, restore } = start()
    await use(line)
    restore()
  },
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  second: async ({}, use) => {
    const { line, restore } = start()
    await use(line)
    restore()
  },
})

function start() {
  const { url: origin, counts } = inject('counting')
  const path = `/${crypto.randomUUID()}`
  const Native = globalThis.WebSocket
  const natives: WebSocket[] = []
  globalThis.WebSocket = class extends Native {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      if (`${url}`.endsWith(path)) natives.push(this)
    }
  }
  const count = async (): Promise<Count> => (await fetch(counts + path)).json()
  const left = async () => {
    await expect.poll(async () => (await count()).live, { timeout: 15_000 }).toBe(0)
    return count()
  }
  const url = origin + path
  lines++
  const line: Line = {
    url,
    key: `line ${lines}`,
    create: () => new Socket(url, { autoOpen: false }),
    count,
    cut: () => fetch(counts + path, { method: 'POST' }),
    constructed: () => natives.length,
    dispatch: (data) => natives.at(-1)?.dispatchEvent(new MessageEvent('message', { data })),
    left,
  }
  return {
    line,
    restore: () => {
      globalThis.WebSocket = Native
    },
  }
}

export const nextFrame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
