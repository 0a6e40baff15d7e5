/** What a server's end of a WebSocket must be able to do: the `ws` package's, or one that behaves as it does. */
export interface ServerSocket {
  readonly protocol?: string
  /** Bytes given to `send` that have not left, where that is known. */
  readonly bufferedAmount?: number
  send(data: string | Uint8Array, options: { binary: boolean }): void
  close(code: number, reason: string): void
  /** Ends it without a close frame, where the other end is not believed to be there. */
  terminate?(): void
  on(event: string, listener: (...values: never[]) => void): unknown
}

/** One message as it goes on the wire, shared by all who are sent it. */
export interface Item {
  readonly data: Uint8Array
  readonly binary: boolean
  readonly bytes: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
/** Node's own is several times as fast with short text. */
const { Buffer } = globalThis as {
  Buffer?: { from(text: string): Uint8Array; isBuffer(data: unknown): boolean }
}
const encode = (text: string) => (Buffer ? Buffer.from(text) : encoder.encode(text))
const decode = (bytes: Uint8Array) => (Buffer?.isBuffer(bytes) ? bytes.toString() : decoder.decode(bytes))

/** `data` must not be written to afterwards: it is sent from where it is, and perhaps more than once. */
export function item(data: string | Uint8Array | ArrayBuffer): Item {
  if (typeof data === 'string') {
    const encoded = encode(data.startsWith('!') ? `!${data}` : data)
    return { data: encoded, binary: false, bytes: encoded.length }
  }
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data
  if (!ArrayBuffer.isView(bytes)) throw new TypeError('send: takes text or bytes; sendJson takes the rest')
  return { data: bytes, binary: true, bytes: bytes.byteLength }
}

/** A frame as it came: text as a string, anything else as bytes. */
export function frameOf(data: unknown, binary: boolean): { data: string | Uint8Array; bytes: number } {
  if (typeof data === 'string') return { data, bytes: encode(data).length }
  const bytes = joined(data)
  return { data: binary ? bytes : decode(bytes), bytes: bytes.length }
}

function joined(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  const parts = (data as Uint8Array[]).map(joined)
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The name by which a server knows a session: the id itself is a secret, and is kept nowhere. */
export async function sessionName(id: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(id)))
  return btoa(String.fromCharCode(...hash))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '')
}
