/** The server's end of a WebSocket: that of the `ws` package, or one that behaves as it does. */
export interface ServerSocket {
  readonly protocol?: string
  /** Bytes given to `send` that have not left, where that is known. */
  readonly bufferedAmount?: number
  send(data: string | Uint8Array, options: { binary: boolean }): void
  close(code: number, reason: string): void
  /** Ends the TCP connection without a close frame. */
  terminate?(): void
  on(event: string, listener: (...values: never[]) => void): unknown
}

/** One message as it goes on the wire, shared by all who are sent it. */
export interface Item {
  readonly data: Uint8Array
  readonly binary: boolean
  readonly bytes: number
}

export interface DataOptions {
  /** Whether bytes are sent as a binary message. False: they are UTF-8, and are sent as text. @default true for bytes */
  binary?: boolean
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

interface NodeBuffer {
  from(text: string): Uint8Array
  allocUnsafeSlow(bytes: number): Uint8Array
  isBuffer(data: unknown): boolean
}
/** Node's `Buffer` is several times as fast as `TextEncoder` and `TextDecoder` with short text. */
const { Buffer } = globalThis as { Buffer?: NodeBuffer }

export const encodeText = (text: string): Uint8Array => (Buffer ? Buffer.from(text) : encoder.encode(text))

export const decodeText = (bytes: Uint8Array): string =>
  Buffer?.isBuffer(bytes) ? bytes.toString() : decoder.decode(bytes)

const MARK = 0x21

/** Bytes of a message, in one piece. */
function joined(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return concatenated((data as unknown[]).map(joined))
}

export function concatenated(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** A message of the application, text not escaped. `data` must not be changed afterwards: it is not copied. */
export function plainItem(data: string | Uint8Array | ArrayBuffer, { binary }: DataOptions = {}): Item {
  if (typeof data === 'string') {
    const encoded = encodeText(data)
    return { data: encoded, binary: binary ?? false, bytes: encoded.length }
  }
  if (!(data instanceof ArrayBuffer) && !ArrayBuffer.isView(data))
    throw new TypeError('holdfast: send: takes text or bytes. Use sendJson for other values.')
  const bytes = joined(data)
  return { data: bytes, binary: binary ?? true, bytes: bytes.byteLength }
}

const mark = Uint8Array.of(MARK)

/** A message as it goes on the wire: text that starts with `!` has one more in front. */
export function item(data: string | Uint8Array | ArrayBuffer, options?: DataOptions): Item {
  if (typeof data === 'string' && data.startsWith('!')) return plainItem(`!${data}`, options)
  const plain = plainItem(data, options)
  if (typeof data === 'string' || plain.binary || plain.data[0] !== MARK) return plain
  const escaped = concatenated([mark, plain.data])
  return { data: escaped, binary: false, bytes: escaped.length }
}

/** A frame as it arrived. */
export type Incoming =
  | { control: true; bytes: Uint8Array }
  | { control: false; bytes: Uint8Array; binary: boolean }

/** Tells control frames from data by their first bytes; nothing is decoded, and an escaping `!` is removed. */
export function readIncoming(data: unknown, binary: boolean): Incoming {
  const text = typeof data === 'string'
  const bytes = text ? encodeText(data) : joined(data)
  if (!text && binary) return { control: false, bytes, binary: true }
  if (bytes[0] !== MARK) return { control: false, bytes, binary: false }
  return bytes[1] === MARK
    ? { control: false, bytes: bytes.subarray(1), binary: false }
    : { control: true, bytes }
}

/** Node reads into blocks of 64 KiB: a small message that is kept would keep its whole block in memory. */
export function withoutBlock(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer.byteLength <= 4 * bytes.byteLength + 64) return bytes
  const copy = Buffer ? Buffer.allocUnsafeSlow(bytes.byteLength) : new Uint8Array(bytes.byteLength)
  copy.set(bytes)
  return copy
}

/**
 * What is kept of the request that opened a connection: the request itself would keep its whole socket in memory. Headers that
 * concern only the WebSocket handshake are left out, to save memory in every session.
 */
export interface HandshakeRequest {
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The other end of the TCP connection: a reverse proxy, if there is one. */
  readonly address: string
}

interface RequestLike {
  url?: unknown
  headers?: Record<string, string | string[] | undefined> | Iterable<[string, string]>
  socket?: unknown
}

/** RFC 6455 §4.1. `Sec-WebSocket-Protocol` is kept: some applications send a token in it. */
const handshakeHeaders: ReadonlySet<string> = new Set([
  'connection',
  'upgrade',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
])

function keptHeaders(headers: NonNullable<RequestLike['headers']>): HandshakeRequest['headers'] {
  const kept: Record<string, string | string[] | undefined> = {}
  for (const [name, value] of isIterable(headers) ? headers : Object.entries(headers))
    if (!handshakeHeaders.has(name)) kept[name] = value
  return kept
}

const isIterable = (value: object): value is Iterable<[string, string]> => Symbol.iterator in value

/** Reads a Node `IncomingMessage`, or a `Request` of the Fetch standard. */
export function handshakeOf(request: unknown): HandshakeRequest {
  const { url, headers, socket } = (request ?? {}) as RequestLike
  return {
    url: typeof url === 'string' ? url : '',
    headers: keptHeaders(headers ?? {}),
    address: (socket as TcpSocket | undefined)?.remoteAddress ?? '',
  }
}

/** What is read of the TCP connection below a WebSocket, where there is access to it. */
export interface TcpSocket {
  readonly remoteAddress?: string
  readonly bytesRead?: number
  on?(event: 'data', listener: (chunk: { length: number }) => void): unknown
  off?(event: 'data', listener: (chunk: { length: number }) => void): unknown
  /** Buffers what is written until `uncork` is called. */
  cork?(): void
  uncork?(): void
}

/** Of Node's request, or of the socket of `ws`. */
export function tcpSocketOf(socket: ServerSocket, request: unknown): TcpSocket | undefined {
  const own = (request as { socket?: TcpSocket } | undefined)?.socket
  return own ?? (socket as { _socket?: TcpSocket })._socket
}

interface NodeCrypto {
  createHash(name: 'sha256'): { update(text: string): { digest(encoding: 'base64url'): string } }
  /** Since Node 20.12; does the same in one call, which takes half the time. */
  hash?(name: 'sha256', text: string, encoding: 'base64url'): string
}
const { process: nodeProcess } = globalThis as {
  process?: { getBuiltinModule?: (name: string) => unknown }
}
const nodeCrypto = nodeProcess?.getBuiltinModule?.('node:crypto') as NodeCrypto | undefined

/** The name by which a server knows a session: SHA-256 of its id, which is a secret and is not stored. */
export function sessionName(id: string): string | Promise<string> {
  // Node's `subtle.digest` goes through its thread pool: 12 % of the cost of many clients that return at once.
  if (nodeCrypto?.hash) return nodeCrypto.hash('sha256', id, 'base64url')
  if (nodeCrypto?.createHash) return nodeCrypto.createHash('sha256').update(id).digest('base64url')
  return crypto.subtle.digest('SHA-256', encoder.encode(id)).then((hash) =>
    btoa(String.fromCharCode(...new Uint8Array(hash)))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace('=', ''),
  )
}
