/** Message number n: text and bytes by turns, of all lengths, and some that look like control frames. */
export function numbered(n: number): string | Uint8Array<ArrayBuffer> {
  const text = `${n % 5 ? '' : '!'}${n} ${'x'.repeat((n * 37) % 300)}`
  return n % 2 ? text : new TextEncoder().encode(text)
}

/** Which message it is; NaN for one that was changed on the way. */
export function numberOf(data: string | ArrayBuffer | Uint8Array): number {
  const text = typeof data === 'string' ? data : new TextDecoder().decode(data)
  const n = Number(/^!?(\d+) x*$/.exec(text)?.[1])
  const whole = numbered(n)
  const same = (typeof whole === 'string' ? whole : new TextDecoder().decode(whole)) === text
  return same && typeof whole === (typeof data === 'string' ? 'string' : 'object') ? n : Number.NaN
}
