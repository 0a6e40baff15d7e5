/** One line of JSON, then the bytes: a single frame, so that nothing can come between a picture and its description. */
export function writePicture(header, bytes) {
  const line = new TextEncoder().encode(`${JSON.stringify(header)}\n`)
  const frame = new Uint8Array(line.length + bytes.byteLength)
  frame.set(line)
  frame.set(new Uint8Array(bytes), line.length)
  return frame.buffer
}

export function readPicture(frame) {
  const bytes = new Uint8Array(frame)
  const end = bytes.indexOf(10)
  return { ...JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))), bytes: bytes.slice(end + 1) }
}
