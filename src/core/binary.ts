import type { Data } from './events.ts'

/** The bytes of a message, however it came. A view gives its own part of the buffer, not the whole. */
export async function toArrayBuffer(data: Data): Promise<ArrayBuffer> {
  return data instanceof ArrayBuffer ? data : toBlob(data).arrayBuffer()
}

/** A message as a `Blob`, for `URL.createObjectURL` or a download. `type` is a MIME type, such as `image/png`. */
export function toBlob(data: Data, type?: string): Blob {
  if (isBlob(data)) return type === undefined ? data : data.slice(0, data.size, type)
  return new Blob([data], type === undefined ? {} : { type })
}

/** A message as text, read as UTF-8; what is not UTF-8 becomes U+FFFD. */
export async function toText(data: Data): Promise<string> {
  return typeof data === 'string' ? data : toBlob(data).text()
}

/** Also one of another realm, such as a frame's. */
export function isBlob(data: unknown): data is Blob {
  return typeof (data as Blob | undefined)?.arrayBuffer === 'function' && (data as Blob).size >= 0
}

/** Whether a WebSocket sends it as it is, and not as "[object Object]". */
export function isData(data: unknown): data is Data {
  return typeof data === 'string' || isBlob(data) || (data as ArrayBuffer)?.byteLength >= 0
}

/** How many bytes a message will be on the wire, its frame not counted. */
export function byteLength(data: Data): number {
  // jsdom under jest has no TextEncoder.
  if (typeof data === 'string')
    return globalThis.TextEncoder ? new TextEncoder().encode(data).length : new Blob([data]).size
  return isBlob(data) ? data.size : data.byteLength
}

/** The message as it is now: whoever gave us a buffer may write to it before it is sent. */
export function snapshot(data: Data): Data {
  if (typeof data === 'string' || isBlob(data)) return data
  const view = ArrayBuffer.isView(data)
  const bytes = view ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
  return bytes.slice().buffer
}
