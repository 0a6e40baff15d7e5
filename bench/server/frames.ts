import { type Kind, payload } from '../payload.ts'

/** A frame from a server, which is not masked. RFC 6455 §5.2. */
function frame(data: string | Buffer): Buffer {
  const body = Buffer.from(data as string)
  const { length } = body
  const head = Buffer.alloc(length < 126 ? 2 : 4)
  head[0] = typeof data === 'string' ? 0x81 : 0x82
  head[1] = length < 126 ? length : 126
  if (length >= 126) head.writeUInt16BE(length, 2)
  return Buffer.concat([head, body])
}

const { text, json, binary } = payload

const plain: Record<Kind, Buffer> = {
  text: frame(text as string),
  json: frame(JSON.stringify(json)),
  binary: frame(Buffer.from(binary as ArrayBuffer)),
}

/** The same messages as socket.io puts them: packet type, event name, and bytes in a frame after the one that names them. */
const wrapped: Record<Kind, Buffer> = {
  text: frame(`42["message",${JSON.stringify(text)}]`),
  json: frame(`42["message",${JSON.stringify(json)}]`),
  binary: Buffer.concat([
    frame('451-["message",{"_placeholder":true,"num":0}]'),
    frame(Buffer.from(binary as ArrayBuffer)),
  ]),
}

/** So many messages, made beforehand: one write, so that the client is the bottleneck and not the server. */
export function burst(kind: Kind, count: number, socketIo: boolean): Buffer {
  return Buffer.concat(Array(count).fill((socketIo ? wrapped : plain)[kind]))
}
