import type { SocketLike } from '../../src/index.ts'

type Name = (typeof names)[number]

const names = ['connecting', 'open', 'message', 'waiting', 'closed', 'pulse', 'drop', 'status'] as const

interface SendOptions {
  onOutcome?: (outcome: { result: string; reason?: string }) => void
}

/** A `SocketLike` whose every event is said by the test, in the order that the test wants. */
export class FakeSocket {
  status = 'idle'
  bufferedAmount = 0
  readonly sent: unknown[] = []
  readonly known: Set<string>
  readonly #listeners = new Map<string, Set<(value: never) => void>>()
  /** What `send` does, beside returning `sent`. */
  onSend: (data: unknown, options?: SendOptions) => string = () => 'sent'

  constructor(more: string[] = []) {
    this.known = new Set([...names, ...more])
  }

  /** As the type that the recorder asks for. */
  get like(): SocketLike {
    return this as unknown as SocketLike
  }

  get listening(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0)
  }

  on(name: Name, listener: (value: never) => void) {
    if (!this.known.has(name)) throw new TypeError(`There is no event ${name}`)
    const set = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, set)
    set.add(listener)
    return () => {
      set.delete(listener)
    }
  }

  emit(name: string, value: unknown) {
    for (const listener of this.#listeners.get(name) ?? []) listener(value as never)
  }

  send(data: unknown, options?: SendOptions): string {
    if (typeof data === 'number') throw new TypeError('send takes text or bytes')
    this.sent.push(data)
    return this.onSend(data, options)
  }

  sendJson(value: unknown, options?: SendOptions): string {
    return this.send(JSON.stringify(value), options)
  }

  message(data: unknown) {
    this.emit('message', { data })
  }

  /** Changes the status as a socket does. */
  become(status: string, details?: { name: string; value: unknown }) {
    const previous = this.status
    this.status = status
    this.emit('status', { status, previous })
    if (details) this.emit(details.name, details.value)
  }

  connecting(attempt = 0, url = 'wss://example.com/chat') {
    this.become('connecting', { name: 'connecting', value: { attempt, url } })
  }

  opened(protocol = '') {
    this.become('open', { name: 'open', value: { protocol, reconnected: false } })
  }

  waiting(close: object = {}, attempt = 0, delay = 1000) {
    this.become('waiting', { name: 'waiting', value: { attempt, delay, close: closed(close) } })
  }

  closed(close: object = {}) {
    this.become('closed', { name: 'closed', value: closed(close) })
  }
}

export function closed(close: object = {}) {
  return { code: 1006, reason: '', wasClean: false, cause: 'peer' as const, ...close }
}
