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
  | { is: 'data'; body: unknown }
  | { is: 'a' | 'p' | 'q'; body: number }
  | { is: 'f'; body?: unknown }
  | { is: 'h'; body: Hello }
  | { is: 'w'; body: Welcome }
  | { is: 'x'; body: Refusal }
  | { is: '!'; body?: undefined }

/** What makes the body of a control frame what it claims to be; `rest` is how it was written. Each half knows the other's. */
export type Shapes = Record<string, (body: Record<string, unknown>, rest: string) => unknown>

export const count = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0
/** As it would be written: no exponent, no sign, no blanks. */
export const number = (body: unknown, rest: string) => count(body) && `${body}` === rest
export const nothing = (_: unknown, rest: string) => !rest

/** Which close code stands for which refusal. */
export const codes = { gone: 4410, overflow: 4410, stale: 4409, taken: 4409, denied: 4401, restart: 1012, busy: 1013 }

export const fromServer: Shapes = {
  a: number,
  p: number,
  q: number,
  f: nothing,
  w: ({ got, win }) => count(got) && (win as number[]).every((limit) => count(limit) && limit),
  x: ({ why, got, after }) => codes[why as 'gone'] > 0 && count(got ?? 0) && count(after ?? 0),
}

const marked = (data: unknown): data is string => typeof data === 'string' && data[0] === '!'

/** Reads one frame, whatever it is. What is not text is data. */
export function decode(data: unknown, shapes: Shapes): Frame {
  if (!marked(data) || data[1] === '!') return { is: 'data', body: marked(data) ? data.slice(1) : data }
  const is = data[1] as 'h'
  const rest = data.slice(2)
  try {
    const body = JSON.parse(rest || '0')
    if (shapes[is]?.(body, rest)) return { is, body }
  } catch {}
  return { is: '!' }
}

/** How application data goes on the wire. */
export function escaped<Data>(data: Data): Data {
  return marked(data) ? (`!${data}` as Data) : data
}

export const welcome = (body: Welcome) => `!w${JSON.stringify(body)}`
export const refusal = (body: Refusal) => `!x${JSON.stringify(body)}`
