import { changePace } from './channel.ts'
import type { Connection } from './connection.ts'
import type { Conversation, WaitOptions } from './conversation.ts'
import type { ClientClose, FakeClient, SlowOptions } from './fake-client.ts'
import type { FakeWebSocket } from './fake-websocket.ts'
import type { Expected } from './match.ts'
import type { Message } from './payload.ts'

/** The server's end of one connection. */
export class ServerSide implements FakeClient {
  readonly url: string
  readonly protocols: readonly string[]
  readonly protocol: string
  readonly socket: WebSocket
  readonly received: Message[] = []
  readonly #connection: Connection
  readonly #conversation: Conversation

  constructor(
    connection: Connection,
    conversation: Conversation,
    dialled: { url: URL; protocols: readonly string[]; protocol: string; socket: FakeWebSocket },
  ) {
    this.#connection = connection
    this.#conversation = conversation
    this.url = dialled.url.href
    this.protocols = dialled.protocols
    this.protocol = dialled.protocol
    this.socket = dialled.socket as unknown as WebSocket
  }

  get closed(): ClientClose | undefined {
    return this.#connection.closed
  }

  say(message: unknown): void {
    if (!this.#connection.open)
      throw new Error(
        this.#conversation.withTranscript(`say() to ${this.#connection.name}, whose connection has ended`),
      )
    this.#connection.say(message)
  }

  heard(expected?: Expected, options?: WaitOptions): Promise<Message> {
    return this.#conversation.heard(this, expected, options)
  }

  ended(options?: WaitOptions): Promise<ClientClose> {
    return this.#conversation.wait(
      () => this.closed,
      options,
      () => `did not see the end of ${this.#connection.name}`,
    )
  }

  hangUp(code?: number, reason = ''): void {
    this.#connection.hangUp(code, reason)
  }

  vanish(): void {
    this.#connection.vanish()
  }

  mute(): void {
    this.#connection.muted = true
    this.#connection.note('mute()')
  }

  unmute(): void {
    this.#connection.muted = false
    this.#connection.note('unmute()')
  }

  slow(slow: number | SlowOptions): void {
    changePace(this.#connection.pace, slow)
    this.#connection.flow()
  }

  stall(): void {
    this.#connection.stall(true)
  }

  drain(bytes: number): void {
    this.#connection.drain(bytes)
  }

  flow(): void {
    this.#connection.stall(false)
    this.#connection.drain(Number.POSITIVE_INFINITY)
  }
}
