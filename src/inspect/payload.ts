import type { Data } from '../index.ts'

/** How many bytes a message takes on the wire. */
export function sizeOf(data: Data): number {
  // Most text is ASCII, and looking costs a tenth of encoding.
  if (typeof data === 'string')
    return /[\u0080-\uffff]/.test(data) ? new TextEncoder().encode(data).length : data.length
  return 'size' in data ? data.size : data.byteLength
}

/**
 * At most `most` characters or bytes of it, as a copy. V8 keeps a long string in memory for as long as a slice of it
 * lives, and the application may write to its buffers.
 */
export function copyOf(data: string | ArrayBuffer | ArrayBufferView, most: number): string | Uint8Array {
  if (typeof data === 'string') {
    return data.length > most ? Array.from(data.slice(0, most)).join('') : data
  }
  const bytes =
    'buffer' in data ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
  return bytes.slice(0, most)
}

export function kindOf(data: Data): 'text' | 'binary' {
  return typeof data === 'string' ? 'text' : 'binary'
}

/** Whether a frame on the wire belongs to the session protocol: text that starts with one `!`, not with two. */
export function isControl(data: Data): boolean {
  return typeof data === 'string' && /^!(?!!)/.test(data)
}

/** Whether a socket can send it. */
export function isData(data: unknown): data is Data {
  return (
    typeof data === 'string' ||
    (typeof data === 'object' && !!data && ('size' in data || 'byteLength' in data))
  )
}
