import type { Item } from '../server/index.ts'

const encoder = new TextEncoder()
/** Text may begin with U+FEFF, which a decoder removes unless it is told not to. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** An item as it is stored: text as it is, bytes as base64, because the clients of Redis return bytes in different ways. */
export function written({ data, binary }: Item): string {
  return binary ? `b${base64(data)}` : `t${decoder.decode(data)}`
}

export function read(value: string): Item {
  const binary = value[0] === 'b'
  const text = value.slice(1)
  const data = binary
    ? Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    : encoder.encode(text)
  return { data, binary, bytes: data.length }
}

function base64(data: Uint8Array): string {
  let text = ''
  // Not all at once: the number of arguments of a call is limited.
  for (let at = 0; at < data.length; at += 8_192)
    text += String.fromCharCode(...data.subarray(at, at + 8_192))
  return btoa(text)
}
