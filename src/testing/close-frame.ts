import { utf8Length, wellFormed } from './payload.ts'

/** The content of a close frame. 1005 means that it had no code. */
export interface CloseFrame {
  code: number
  reason: string
}

export const MAX_REASON_BYTES = 123

/** What a server may put into a close frame: RFC 6455 §7.4 and the codes registered with IANA since. */
export function serverCloseFrame(code: number | undefined, reason: string): CloseFrame {
  if (code === undefined) return { code: 1005, reason: '' }
  const allowed =
    (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)
  if (!Number.isInteger(code) || !allowed) {
    const cure = code === 1006 ? 'Use vanish(), which the client sees as 1006.' : ''
    const range = 'A server sends 1000 to 1003, 1007 to 1014 or 3000 to 4999.'
    throw new RangeError(`holdfast/testing: hangUp(${code}): not a code of a close frame. ${cure || range}`)
  }
  const text = wellFormed(reason)
  if (utf8Length(text) > MAX_REASON_BYTES)
    throw new RangeError(`holdfast/testing: hangUp(): the reason is longer than ${MAX_REASON_BYTES} bytes`)
  return { code, reason: text }
}
