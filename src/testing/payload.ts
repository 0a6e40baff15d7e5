/** A message as it arrives: text as a string, binary as its bytes. */
export type Message = string | Uint8Array

/** A frame that is ready to be sent: its size, and its content, which a Blob yields later. */
export interface Payload {
  readonly bytes: number
  readonly content: Message | Promise<Message>
}

/** The number of bytes of a text in UTF-8. jsdom under jest has no TextEncoder. */
export function utf8Length(text: string): number {
  let length = 0
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0
    length += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4
  }
  return length
}

/** Lone surrogates cannot be encoded in UTF-8; the standard replaces them by U+FFFD. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd')

/** By its members: happy-dom's Blob names itself an Object, and jsdom's before 22 has no `arrayBuffer`. */
function isBlob(value: unknown): value is Blob {
  if (typeof value !== 'object' || value === null) return false
  const { size, type, slice } = value as Partial<Blob>
  return typeof size === 'number' && typeof type === 'string' && typeof slice === 'function'
}

/** Not `instanceof`: under jest and jsdom, buffers of Node come from another realm. */
const isBuffer = (value: unknown): value is ArrayBuffer =>
  /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value))

/** A copy of the bytes at this moment, or `undefined` for what is not binary. */
export function copyBytes(value: unknown): Uint8Array | undefined {
  if (isBuffer(value)) return new Uint8Array(new Uint8Array(value))
  if (!ArrayBuffer.isView(value)) return undefined
  return new Uint8Array(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
}

const readWithReader = (blob: Blob) =>
  new Promise<unknown>((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result)
    reader.onerror = () => reject(reader.error)
    reader.readAsArrayBuffer(blob)
  })

/** Async, so that the promise is one of this realm: jsdom's is not. */
async function readBlob(blob: Blob): Promise<Message> {
  const buffer =
    typeof blob.arrayBuffer === 'function' ? await blob.arrayBuffer() : await readWithReader(blob)
  return copyBytes(buffer) ?? new Uint8Array(0)
}

const textPayload = (text: string): Payload => {
  const content = wellFormed(text)
  return { bytes: utf8Length(content), content }
}

const binaryPayload = (value: unknown): Payload | undefined => {
  if (isBlob(value)) return { bytes: value.size, content: readBlob(value) }
  const content = copyBytes(value)
  return content && { bytes: content.length, content }
}

/** What `WebSocket.send` sends: binary as binary, everything else as text. */
export const sentPayload = (value: unknown): Payload => binaryPayload(value) ?? textPayload(String(value))

/** What a server says: binary as binary, a string as text, everything else as JSON. */
export function saidPayload(value: unknown): Payload {
  const binary = binaryPayload(value)
  if (binary) return binary
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (text === undefined) throw new TypeError(`holdfast/testing: say(${String(value)}) has no JSON form`)
  return textPayload(text)
}
