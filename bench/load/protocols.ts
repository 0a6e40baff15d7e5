// A minimal client for each protocol, written directly on `ws`, so that all clients cost about the same, and little.
import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'

export type Kind = 'ws' | 'ws-hello' | 'socket.io' | 'holdfast'
/** Only `heap` collects garbage, so that no other measurement includes a forced collection. */
export type Request =
  | { type: 'cpu' }
  | { type: 'heap' }
  | { type: 'end' }
  | { type: 'publish'; texts: string[] }

/** One client. It keeps the state that it needs to resume. */
export interface Client {
  /** Connects, or resumes. Resolves when the server has accepted the client and it is subscribed. */
  connect(port: number): Promise<void>
  echo(text: string): void
  /** Ends the TCP connection without a close frame. */
  drop(): void
  /** Ends the session, so that the server keeps nothing of it. Resolves when the connection is closed. */
  finish(): Promise<void>
  onTopic: (text: string) => void
  onEcho: (text: string) => void
}

abstract class Base implements Client {
  onTopic: (text: string) => void = () => {}
  onEcho: (text: string) => void = () => {}
  protected socket: WebSocket | undefined
  protected ready: () => void = () => {}

  connect(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.ready = resolve
      this.socket = this.dial(port)
      this.socket.on('error', reject)
      this.socket.on('message', (data) => this.received(String(data)))
    })
  }

  drop(): void {
    this.socket?.terminate()
  }

  finish(): Promise<void> {
    return new Promise((resolve) => {
      this.socket?.on('close', () => resolve())
      this.sendEnd()
    })
  }

  protected sendEnd(): void {
    this.socket?.close()
  }

  abstract echo(text: string): void
  protected abstract dial(port: number): WebSocket
  protected abstract received(text: string): void
}

class Plain extends Base {
  dial(port: number): WebSocket {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    socket.on('open', () => this.ready())
    return socket
  }

  echo(text: string): void {
    this.socket?.send(text)
  }

  received(text: string): void {
    if (text.startsWith('topic ')) this.onTopic(text)
    else this.onEcho(text)
  }
}

/** The minimum of an application that identifies its clients: a first message and its answer. */
class PlainWithHello extends Plain {
  override dial(port: number): WebSocket {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    socket.on('open', () => socket.send(`hello ${JSON.stringify({ token: 'x'.repeat(30) })}`))
    return socket
  }

  override received(text: string): void {
    if (text.startsWith('welcome ')) this.ready()
    else super.received(text)
  }
}

class SocketIo extends Base {
  #pid: string | undefined
  #offset = ''

  dial(port: number): WebSocket {
    return new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`)
  }

  protected override sendEnd(): void {
    this.socket?.send('41')
    this.socket?.close()
  }

  echo(text: string): void {
    this.socket?.send(`42${JSON.stringify(['echo', text])}`)
  }

  received(text: string): void {
    if (text.startsWith('0')) {
      this.socket?.send(this.#pid ? `40${JSON.stringify({ pid: this.#pid, offset: this.#offset })}` : '40')
    } else if (text.startsWith('40')) {
      this.#pid = JSON.parse(text.slice(2)).pid
      this.ready()
    } else if (text === '2') this.socket?.send('3')
    else if (text.startsWith('42')) {
      const [name, value, offset] = JSON.parse(text.slice(2))
      if (typeof offset === 'string') this.#offset = offset
      if (name === 'topic') this.onTopic(value)
      else this.onEcho(value)
    }
  }
}

class Holdfast extends Base {
  readonly #id = randomBytes(20).toString('base64url')
  #n = 0
  #got: number | undefined
  #epoch = ''
  #offset = 0

  dial(port: number): WebSocket {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, 'holdfast.1')
    socket.on('open', () => {
      const topics = this.#epoch ? { topics: { all: `${this.#epoch}:${this.#offset}` } } : {}
      const got = this.#got === undefined ? {} : { got: this.#got }
      socket.send(
        `!h${JSON.stringify({ v: 1, id: this.#id, n: ++this.#n, ...got, can: ['topics'], ...topics })}`,
      )
    })
    return socket
  }

  protected override sendEnd(): void {
    this.socket?.send('!f')
  }

  echo(text: string): void {
    this.socket?.send(text)
  }

  received(text: string): void {
    if (text[0] !== '!') {
      this.#got = (this.#got ?? 0) + 1
      if (this.#got % 128 === 0) this.socket?.send(`!a${this.#got}`)
      return this.onEcho(text)
    }
    const rest = text.slice(2)
    switch (text[1]) {
      case 'w':
        this.#got ??= 0
        return
      case 's': {
        const { epoch, at } = JSON.parse(rest)
        this.#epoch = epoch
        this.#offset = at
        return this.ready()
      }
      case 'm': {
        const [, offset = '', ...data] = rest.split(':')
        this.#offset = Number(offset)
        return this.onTopic(data.join(':'))
      }
      case 'p':
        this.socket?.send(`!q${this.#got}`)
        return
      case 'f':
        this.socket?.close()
        return
      case 'x':
        throw new Error(text)
    }
  }
}

export function newClient(kind: Kind): Client {
  if (kind === 'ws') return new Plain()
  if (kind === 'ws-hello') return new PlainWithHello()
  return kind === 'socket.io' ? new SocketIo() : new Holdfast()
}
