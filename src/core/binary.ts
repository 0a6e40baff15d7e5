import type { Data } from './events.ts'
import { shown } from './validate.ts'

/** The bytes of a message, whatever its shape. A view gives its own part of the buffer, not the whole. */
export async function toArrayBuffer(data: Data): Promise<ArrayBuffer> {
  if (data instanceof ArrayBuffer) return data
  if (isBlob(data)) return data.arrayBuffer()
  return typeof data === 'string' ? new TextEncoder().encode(data).buffer : bytesOf(data).slice().buffer
}

/** A message as a `Blob`, for `URL.createObjectURL` or a download. `type` is a MIME type, such as `image/png`. */
export function toBlob(data: Data, type?: string): Blob {
  if (isBlob(data)) return type === undefined ? data : data.slice(0, data.size, type)
  return new Blob([data], type === undefined ? {} : { type })
}

/**
 * A message as text, decoded as UTF-8; invalid bytes become U+FFFD. Later messages may be handled while it is
 * awaited: to read text and binary in order, await it in a `messages()` loop.
 */
export async function toText(data: Data): Promise<string> {
  if (typeof data === 'string') return data
  // As `Blob.text()` does: a byte order mark is not part of the text.
  return isBlob(data) ? data.text() : new TextDecoder().decode(bytesOf(data))
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}

/** Not by `instanceof`, which fails for a Blob of another realm, such as an iframe. React Native's has no `arrayBuffer()`. */
export function isBlob(data: unknown): data is Blob {
  const { size, slice } = (data ?? {}) as Partial<Blob>
  return typeof data === 'object' && typeof size === 'number' && typeof slice === 'function'
}

/** Whether `WebSocket.send` sends it as it is. Anything else it would send as "[object Object]", or not at all. */
export function isData(data: unknown): data is Data {
  if (typeof data === 'string' || isBlob(data)) return true
  const buffer = ArrayBuffer.isView(data) ? data.buffer : data
  // By its tag, which also works for buffers of another realm. Every WebSocket refuses a SharedArrayBuffer.
  return Object.prototype.toString.call(buffer) === '[object ArrayBuffer]'
}

/** @throws {TypeError} for anything that a WebSocket does not send as it is */
export function requireData(data: unknown): asserts data is Data {
  if (isData(data)) return
  throw new TypeError(
    `holdfast: send: takes a string, Blob, ArrayBuffer or view, not ${shown(data)}. Use sendJson for other values.`,
  )
}

/** How many bytes a message has on the wire, without its frame. */
export function byteLength(data: Data): number {
  if (typeof data === 'string') return utf8Length(data)
  return isBlob(data) ? data.size : data.byteLength
}

function utf8Length(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) continue
    if (code < 0x800) bytes += 1
    // The two halves of a surrogate pair take 4 bytes together; a lone one becomes U+FFFD, which takes 3.
    else if (isHighSurrogate(code) && isLowSurrogate(text.charCodeAt(i + 1))) {
      bytes += 2
      i++
    } else bytes += 2
  }
  return bytes
}

const isHighSurrogate = (code: number) => code >= 0xd800 && code <= 0xdbff
const isLowSurrogate = (code: number) => code >= 0xdc00 && code <= 0xdfff

/** The message as it is now: the caller may write to its buffer before it is sent. */
export function snapshot(data: Data): Data {
  if (typeof data === 'string' || isBlob(data)) return data
  // A buffer that was transferred has no bytes, and no view of it can be made. `WebSocket.send` sends an empty message.
  return data.byteLength ? bytesOf(data).slice().buffer : new ArrayBuffer(0)
}
