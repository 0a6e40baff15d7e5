/*
 * Runs with the globals of React Native, in a process of its own: what is taken away here is not there when the library is
 * loaded. Argument: the URL of a server that sends every message back, and that of a server of sessions.
 */
import { WebSocket as Ws } from 'ws'

const [, , echo = '', sessions = ''] = process.argv
const globals = globalThis as Record<string, unknown>

/** React Native's: `on…` attributes and `addEventListener`, no `protocol`, no blobs without their module. */
class ReactNativeWebSocket {
  onopen: unknown
  onmessage: unknown
  onerror: unknown
  onclose: unknown
  readonly #real: Ws
  readonly #listeners = new Map<string, ((event: unknown) => void)[]>()

  constructor(url: string, protocols?: string[]) {
    this.#real = new Ws(url, protocols ?? [])
    this.#real.binaryType = 'arraybuffer'
    const fire = (type: string, event: object) => {
      for (const listener of this.#listeners.get(type) ?? []) listener({ type, ...event })
    }
    this.#real.onopen = () => fire('open', {})
    this.#real.onmessage = ({ data }) => fire('message', { data })
    this.#real.onerror = ({ message }) => fire('error', { message })
    this.#real.onclose = ({ code, reason, wasClean }) => fire('close', { code, reason, wasClean })
  }
  addEventListener(type: string, listener: (event: unknown) => void) {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }
  removeEventListener(type: string, listener: (event: unknown) => void) {
    this.#listeners.set(
      type,
      (this.#listeners.get(type) ?? []).filter((other) => other !== listener),
    )
  }
  get readyState() {
    return this.#real.readyState
  }
  get bufferedAmount() {
    return this.#real.bufferedAmount
  }
  get binaryType() {
    return undefined
  }
  set binaryType(type: unknown) {
    if (type === 'blob') throw new Error('Native module BlobModule is required for blob support')
  }
  send(data: string) {
    this.#real.send(data)
  }
  close(code?: number, reason?: string) {
    this.#real.close(code, reason)
  }
}

/** React Native's AbortController: a signal with neither `reason` nor `throwIfAborted`. */
class ReactNativeAbortController {
  readonly signal = {
    aborted: false,
    listeners: new Set<() => void>(),
    addEventListener(_: string, listener: () => void) {
      this.listeners.add(listener)
    },
    removeEventListener(_: string, listener: () => void) {
      this.listeners.delete(listener)
    },
  }
  abort() {
    this.signal.aborted = true
    for (const listener of [...this.signal.listeners]) listener()
  }
}

const missing = [
  'EventTarget',
  'Event',
  'MessageEvent',
  'DOMException',
  'crypto',
  'reportError',
  'structuredClone',
  'Blob',
]
for (const name of missing) delete globals[name]
for (const name of ['AbortSignal', 'navigator', 'performance']) delete globals[name]
globals.AbortController = ReactNativeAbortController
globals.WebSocket = ReactNativeWebSocket
// `window` is the global object, and has no `addEventListener`.
globals.window = globalThis

const report: Record<string, unknown> = {}
const caught = (run: () => unknown) => {
  try {
    run()
    return 'nothing thrown'
  } catch (error) {
    return String(error)
  }
}

const { messages, request, Socket, toText, upload } = await import('../../src/index.ts')
const { Session } = await import('../../src/session/client/index.ts')
const { ReconnectingWebSocket } = await import('../../src/websocket/index.ts')

const socket = new Socket<object, object>(echo, { heartbeat: { ping: 'ping' } })
await socket.opened()
const loop = messages(socket, { of: 'text' })
socket.send('hello')
report.text = (await loop.next()).value
report.reply = Object.keys(await request(socket, { ask: 1 }))
report.timeout = await request(socket, { ask: 1 }, { timeout: 0, match: () => false }).catch(
  ({ name }: Error) => name,
)
const abort = new AbortController()
const aborted = request(socket, {}, { signal: abort.signal, match: () => false })
abort.abort()
report.aborted = await aborted.catch(({ name }: Error) => name)
await upload(socket, new Uint8Array([1, 2]))
report.bytes = await toText(new TextEncoder().encode('x').buffer as ArrayBuffer)
report.badClose = caught(() => socket.close(1))
report.badUrl = caught(() => new Socket('ftp://x/'))
socket.reconnect()
await socket.opened()
socket.close()

const offered = new Socket(echo, { protocols: ['chat'] })
await offered.opened()
report.protocols = offered.status
offered.close()

const session = new Session(sessions)
const answers = messages(session, { of: 'text' })
await session.delivered('once')
report.session = (await answers.next()).value
session.close()

report.dropIn = caught(() => new ReconnectingWebSocket(echo))

delete globals.WebSocket
const idle = new Socket(echo, { autoOpen: false })
const without = new Socket(echo, { reconnect: false })
const ended = await new Promise<{ reason: string }>((resolve) => without.on('closed', resolve))
report.withoutWebSocket = [idle.status, ended.reason]

process.stdout.write(JSON.stringify(report))
