const SHOWN = 160

export const sizeOf = (data) =>
  typeof data === 'string' ? new TextEncoder().encode(data).length : data.byteLength

export function sizeWords(bytes) {
  if (bytes < 1_000) return `${bytes} B`
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** The beginning of a frame: text as it is, bytes as hexadecimal after what is readable. */
export function preview(data) {
  if (typeof data === 'string') return data.length > SHOWN ? `${data.slice(0, SHOWN)}…` : data
  const bytes = new Uint8Array(data, 0, Math.min(data.byteLength, 512))
  const line = bytes.indexOf(10)
  const words = line < 0 ? '' : new TextDecoder().decode(bytes.subarray(0, line))
  const hex = Array.from(bytes.subarray(line + 1, line + 13), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join(' ')
  return `${words} ${hex} …`
}
