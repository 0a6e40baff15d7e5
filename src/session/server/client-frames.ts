import { count, type Frame, nothing, number, decode as read, type Shapes } from '../protocol/frames.ts'

const shapes: Shapes = {
  a: number,
  p: number,
  q: number,
  f: nothing,
  h: ({ v, id, n, got, auth }) =>
    v === 1 &&
    typeof id === 'string' &&
    /^[\w-]{22,128}$/.test(id) &&
    count(n) &&
    n > 0 &&
    count(got ?? 0) &&
    got !== null &&
    typeof (auth ?? '') === 'string' &&
    auth !== null,
}

/** Reads one frame of a client, whatever it is. */
export function decode(data: string | Uint8Array): Frame | { is: 't'; body: string } {
  // All that follows is the token: it need not be JSON.
  return typeof data === 'string' && data.startsWith('!t')
    ? { is: 't', body: data.slice(2) }
    : read(data, shapes)
}
