import { make } from './dom.ts'
import type { Frame } from './entries.ts'

/** Bytes of a binary frame that are shown as a dump. */
const DUMPED = 512
/** Bytes in one line of it: few enough for a phone. */
const ROW = 8

/** One line of a payload. */
export function preview({ payload, size }: Frame): string {
  if (payload === undefined) return ''
  if (typeof payload === 'string') return payload.slice(0, 200).replace(/\s+/g, ' ')
  const start = hex(payload.subarray(0, 12))
  return payload.length < size || payload.length > 12 ? `${start} …` : start
}

/** What a frame is, in one word. */
export function kindOf({ kind, payload }: Frame): string {
  return kind === 'text' && typeof payload === 'string' && /^[[{]/.test(payload) ? 'json' : kind
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

function dump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let offset = 0; offset < Math.min(bytes.length, DUMPED); offset += ROW) {
    const row = bytes.subarray(offset, offset + ROW)
    const letters = Array.from(row, (byte) =>
      byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.',
    ).join('')
    lines.push(`${offset.toString(16).padStart(4, '0')}  ${hex(row).padEnd(ROW * 3)} ${letters}`)
  }
  if (bytes.length > DUMPED) lines.push('…')
  return lines.join('\n')
}

/** JSON with line breaks; any other text as it is. */
function readable(text: string): string {
  if (!/^[[{]/.test(text)) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

/** The control frames of the session protocol, by the letter after the `!`. */
const controls: Record<string, string> = {
  h: 'Hello: the client says which session it wants, and how many messages it has received.',
  w: 'Welcome: the server says how many messages it has received, and the limits of the session.',
  a: 'Acknowledgement: this many messages have been received so far.',
  p: 'Ping: this many messages were sent before it.',
  q: 'Answer to a ping: this many messages have been received so far.',
  t: 'A fresh token, on the open connection.',
  f: 'Finish: the session is no longer needed.',
  x: 'Refusal: the server says why it does not accept or ends the session.',
}

/** Everything that is known of a payload. */
export function payloadView(frame: Frame): Node[] {
  const { payload, cut, kind } = frame
  const nodes: Node[] = []
  const note = (text: string) => nodes.push(make('p', {}, text))
  if (kind === 'control' && typeof payload === 'string')
    note(controls[payload.charAt(1).toLowerCase()] ?? 'A control frame of the session protocol.')
  if (payload === undefined) note(cut ? 'The payload was not kept.' : 'Payloads are not recorded.')
  else if (frame.size === 0) note('Empty.')
  else nodes.push(make('pre', {}, typeof payload === 'string' ? readable(payload) : dump(payload)))
  if (payload !== undefined && cut) note('Only the beginning was kept.')
  return nodes
}
