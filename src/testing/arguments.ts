import { type CloseFrame, MAX_REASON_BYTES } from './close-frame.ts'
import { utf8Length, wellFormed } from './payload.ts'

const failure = (what: string, name: string) => new DOMException(what, name)

/** A subprotocol is a token of HTTP: RFC 9110 §5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

/** The URL as the constructor of a WebSocket reads it, or its `SyntaxError`. */
export function parseUrl(url: string | URL): URL {
  const fail = (what: string) => failure(`Failed to construct 'WebSocket': ${what}`, 'SyntaxError')
  let parsed: URL
  try {
    parsed = new URL(String(url), globalThis.location?.href)
  } catch {
    throw fail(`The URL '${url}' is invalid.`)
  }
  if (parsed.protocol === 'http:') parsed.protocol = 'ws:'
  if (parsed.protocol === 'https:') parsed.protocol = 'wss:'
  if (parsed.protocol !== 'ws:' && parsed.protocol !== 'wss:')
    throw fail(
      `The URL's scheme must be 'ws', 'wss', 'http' or 'https'. '${parsed.protocol}' is not allowed.`,
    )
  // Not `hash`, which is empty for a URL that ends with "#".
  if (parsed.href.includes('#')) throw fail(`The URL contains a fragment identifier: '${parsed.href}'.`)
  return parsed
}

export function parseProtocols(protocols: string | Iterable<string> = []): string[] {
  const fail = (what: string) => failure(`Failed to construct 'WebSocket': ${what}`, 'SyntaxError')
  const list = typeof protocols === 'object' && protocols !== null ? [...protocols] : [protocols]
  const offered = list.map(String)
  const invalid = offered.find((name) => !TOKEN.test(name))
  if (invalid !== undefined) throw fail(`The subprotocol '${invalid}' is invalid.`)
  if (new Set(offered).size < offered.length) throw fail(`The subprotocols '${offered}' contain a duplicate.`)
  return offered
}

/** The close frame that `close(code, reason)` of a browser sends. */
export function parseClose(code: number | undefined, reason: string | undefined): CloseFrame {
  const fail = (what: string) => `Failed to execute 'close' on 'WebSocket': ${what}`
  const text = reason === undefined ? '' : wellFormed(String(reason))
  if (code !== undefined) {
    // WebIDL: [Clamp] unsigned short.
    const clamped = Math.round(Math.min(Math.max(Number(code) || 0, 0), 65_535))
    if (clamped !== 1000 && !(clamped >= 3000 && clamped <= 4999))
      throw failure(
        fail(`The code must be either 1000, or between 3000 and 4999. ${code} is neither.`),
        'InvalidAccessError',
      )
    code = clamped
  }
  if (utf8Length(text) > MAX_REASON_BYTES)
    throw failure(fail(`The reason must not be longer than ${MAX_REASON_BYTES} bytes.`), 'SyntaxError')
  // A close frame has no room for a reason without a code: RFC 6455 §5.5.1. Firefox and WebKit leave the reason out.
  if (code === undefined && text) throw failure(fail('A reason needs a code.'), 'InvalidAccessError')
  return { code: code ?? 1005, reason: text }
}
