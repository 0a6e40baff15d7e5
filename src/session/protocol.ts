/** The subprotocol that both halves must agree on. docs/PROTOCOL.md says what it means. */
export const SUBPROTOCOL = 'holdfast.1'

/** How many messages, and how many bytes of them, may be on their way unacknowledged. */
export type Credit = readonly [messages: number, bytes: number]

export interface Hello {
  v: 1
  id: string
  n: number
  got?: number | undefined
  auth?: string | undefined
}

export interface Welcome {
  got: number
  ttl: number
  ping: number
  win: Credit
}

export interface Refusal {
  why: keyof typeof codes
  got?: number | undefined
  after?: number | undefined
}

/** What a frame says. `!` is what is malformed: a refusal of ours. */
export type Frame =
  | { is: 'data'; text?: string }
  | { is: 'a' | 'p' | 'q'; count: number }
  | { is: 't'; token: string }
  | { is: 'f' }
  | { is: 'h'; body: Hello }
  | { is: 'w'; body: Welcome }
  | { is: 'x'; body: Refusal }
  | { is: '!' }

/** What makes a JSON body what it claims to be; each half knows the bodies of the other. */
export type Shapes = Partial<Record<'h' | 'w' | 'x', (body: Record<string, unknown>) => unknown>>

const count = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

export const fromClient: Shapes = {
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

/** Which close code stands for which refusal. */
export const codes = { gone: 4410, overflow: 4410, stale: 4409, taken: 4409, denied: 4401, restart: 1012 }

export const fromServer: Shapes = {
  w: ({ got, win }) => count(got) && (win as number[]).every((limit) => count(limit) && limit),
  x: ({ why, got, after }) => codes[why as 'gone'] > 0 && count(got ?? 0) && count(after ?? 0),
}

/** Reads one frame, whatever it is. What is not text is data; `text` is there where data had to be changed. */
export function decode(data: unknown, shapes: Shapes): Frame {
  if (typeof data !== 'string' || data[0] !== '!') return { is: 'data' }
  const is = data[1] as 'h'
  const rest = data.slice(2)
  if (data[1] === '!') return { is: 'data', text: data.slice(1) }
  if (data[1] === 't') return { is: 't', token: rest }
  if (data === '!f') return { is: 'f' }
  try {
    const body = JSON.parse(rest)
    // As it would be written: no exponent, no sign, no blanks.
    if (/[apq]/.test(is) && count(body) && `${body}` === rest) return { is, count: body } as never
    if (shapes[is]?.(body)) return { is, body } as Frame
  } catch {}
  return { is: '!' }
}

/** How application data goes on the wire. */
export function escaped<Data>(data: Data): Data {
  return typeof data === 'string' && data[0] === '!' ? (`!${data}` as Data) : data
}

export const hello = (body: Hello) => `!h${JSON.stringify(body)}`
export const welcome = (body: Welcome) => `!w${JSON.stringify(body)}`
export const refusal = (body: Refusal) => `!x${JSON.stringify(body)}`
