/**
 * Close codes after which dialling again cannot help: unsupported or invalid data, policy violation, missing extension
 * (RFC 6455 §7.4.1), and 4400–4499, which applications use as HTTP uses 4xx. Not 1000 and 1001: servers that restart
 * send both, and some end a missed heartbeat with 1000.
 */
export function isFinal(code: number, list?: readonly number[]): boolean {
  return list ? list.includes(code) : /^(1003|1007|1008|1010|44..)$/.test(`${code}`)
}

/** Whether script may close with this code. Source: WHATWG WebSockets, `close(code, reason)`. */
export function isAllowedCloseCode(code: number): boolean {
  return code === 1000 || (code >= 3000 && code <= 4999)
}
