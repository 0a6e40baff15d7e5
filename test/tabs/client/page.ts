import { type Closed, type Outcome, Socket, type SocketLike } from '../../../src/index.ts'
import { connectTab, type TabOptions } from '../../../src/tabs/index.ts'

interface Heard {
  name: string
  value: unknown
  at: number
}

/** What the tests use in a page. */
export interface Client {
  tab: SocketLike
  /** Every event since the page was loaded. */
  heard: Heard[]
  snapshots: unknown[]
  /** By the message that was sent. */
  outcomes: Record<string, Outcome[]>
  workers: SharedWorker[]
  connect(worker: string, server: string, options?: Partial<TabOptions>): void
  send(text: string): string
}

const heard: Heard[] = []
const snapshots: unknown[] = []
const outcomes: Client['outcomes'] = {}
const workers: SharedWorker[] = []

const names = [
  'connecting',
  'open',
  'text',
  'json',
  'binary',
  'invalid',
  'waiting',
  'closed',
  'drop',
  'status',
  'pulse',
] as const

const client: Omit<Client, 'tab'> & { tab?: SocketLike } = {
  heard,
  snapshots,
  outcomes,
  workers,
  connect(worker, server, options) {
    heard.push({ name: 'connect', value: undefined, at: Date.now() })
    const tab = connectTab(
      () => {
        const started = new SharedWorker(worker)
        workers.push(started)
        return started
      },
      {
        fallback: () => new Socket(server),
        onSnapshot: (value) => {
          snapshots.push(value)
          heard.push({ name: 'snapshot', value, at: Date.now() })
        },
        ...options,
        // What cannot be passed from a test as JSON.
        ...(globalThis as { options?: Partial<TabOptions> }).options,
      },
    )
    client.tab = tab
    for (const name of names) {
      tab.on(name, (value: unknown) => {
        const { close } = (value ?? {}) as { close?: Closed }
        const { error: _, ...told } = close ?? {}
        heard.push({ name, at: Date.now(), value: close ? { ...(value as object), close: told } : value })
      })
    }
  },
  send(text) {
    outcomes[text] ??= []
    return client.tab?.send(text, { onOutcome: (outcome) => outcomes[text]?.push(outcome) }) ?? ''
  },
}
Object.assign(globalThis, { client })
