/** Dialling again cannot help after these. RFC 6455 §7.4.1: unsupported or invalid data, policy violation, missing extension. */
const FINAL = new Set([1003, 1007, 1008, 1010])
/** As HTTP 408, 425 and 429: request timeout, too early, too many requests. The next attempt may succeed. */
const TEMPORARY = new Set([4408, 4425, 4429])
/** The credentials are missing or expired. 1008 is RFC 6455's policy violation, as FastAPI uses it; 4401 is graphql-ws's. */
const UNAUTHORIZED = new Set([1008, 4401])

/**
 * The default of the option `final`: whether dialling again cannot help after this end. Only a close by the peer can be final.
 * Applications use 4400–4499 as HTTP uses 4xx. Not 1000 and 1001: servers that restart send both, and some end a missed
 * heartbeat with 1000.
 */
export function isFinal({ code, cause }: { code: number; cause: string }): boolean {
  return cause === 'peer' && isFinalCode(code)
}

export function isFinalCode(code: number): boolean {
  return FINAL.has(code) || (code >= 4400 && code <= 4499 && !TEMPORARY.has(code))
}

/** Whether fresh credentials may help. */
export function isUnauthorized(code: number): boolean {
  return UNAUTHORIZED.has(code)
}

/** Whether script may close with this code. Source: WHATWG WebSockets, `close(code, reason)`. */
export function isAllowedCloseCode(code: number): boolean {
  return code === 1000 || (Number.isInteger(code) && code >= 3000 && code <= 4999)
}
