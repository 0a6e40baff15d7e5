/** The subprotocol that both halves must agree on. docs/PROTOCOL.md describes it. */
export const SUBPROTOCOL = 'holdfast.1'

/** The largest control frame, in bytes. Topic messages, which carry application data, are not control frames here. */
export const CONTROL_LIMIT = 8_192

/** Features beyond the first version of the protocol. Hello and welcome list them as `can`. */
export const FEATURES: readonly string[] = ['topics', 'challenge']

/** How many messages, and how many bytes of them, may be unacknowledged. */
export type Credit = readonly [messages: number, bytes: number]

export interface Hello {
  v: 1
  id: string
  n: number
  got?: number | undefined
  auth?: string | undefined
  can?: readonly string[] | undefined
  /** The client's position in each topic: `<epoch>:<offset>`. */
  topics?: Readonly<Record<string, string>> | undefined
}

export interface Welcome {
  got: number
  ttl: number
  ping: number
  win: Credit
  can?: readonly string[] | undefined
}

/** The refusals that this version knows, with their close codes. */
export const refusalCodes = {
  /** The session does not exist (any more), or had to end. Reported with outcomes; a fresh session begins. */
  gone: 4410,
  overflow: 4410,
  /** Another connection of the session is newer. Final. */
  stale: 4409,
  taken: 4409,
  /** Not authenticated. The second in a row is final. */
  denied: 4401,
  /** Retried: the server is full or its store unavailable; another process has the session; the server restarts. */
  busy: 1013,
  moved: 1012,
  restart: 1012,
} as const

export type RefusalReason = keyof typeof refusalCodes

export interface Refusal {
  why: RefusalReason
  got?: number | undefined
  /** In ms: the client waits a random time up to this before it dials. */
  after?: number | undefined
}

/** A refusal as it arrives: a later version may have reasons that this one does not know. */
export interface ReceivedRefusal extends Omit<Refusal, 'why'> {
  why: string
}

/** The server announces a topic, or a new position in it: its next message is number `at` + 1. */
export interface TopicStart {
  topic: string
  /** The number that identifies the topic in the frames of this connection. */
  as: number
  epoch: string
  at: number
  /** The offset of the newest message at this time. */
  last: number
  /** The position to continue from, if the client has none of its own. */
  since?: string | undefined
}

export interface TopicData {
  as: number
  offset: number
  /** Absent: the next binary frame is the payload. */
  text?: string
}

export type Frame =
  | { type: 'data'; body: unknown }
  | { type: 'ack' | 'ping' | 'pong'; body: number }
  | { type: 'end' }
  | { type: 'hello'; body: Hello }
  | { type: 'welcome'; body: Welcome }
  | { type: 'refusal'; body: ReceivedRefusal }
  | { type: 'token'; body: string }
  | { type: 'challenge' }
  | { type: 'topic'; body: TopicStart }
  | { type: 'topic-data'; body: TopicData }
  | { type: 'topic-end'; body: number }
  /** Unknown, and with a capital letter: such frames may be ignored. */
  | { type: 'ignored' }
  | { type: 'malformed' }

export type FrameType = Frame['type']

const malformed: Frame = { type: 'malformed' }

export const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const isText = (value: unknown): value is string => typeof value === 'string'
const isOptional = (value: unknown, is: (value: unknown) => boolean) => value === undefined || is(value)
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A cursor: `<epoch>:<offset>`. */
export function parseCursor(cursor: unknown): { epoch: string; offset: number } | undefined {
  const [, epoch, digits] = /^([\w-]{1,40}):(\d{1,16})$/.exec(isText(cursor) ? cursor : '') ?? []
  const offset = Number(digits)
  return epoch !== undefined && isCount(offset) ? { epoch, offset } : undefined
}

export const cursorOf = (epoch: string, offset: number) => `${epoch}:${offset}`

const isHello = ({ v, id, n, got, auth, can, topics }: Record<string, unknown>) =>
  v === 1 &&
  isText(id) &&
  /^[\w-]{22,128}$/.test(id) &&
  isCount(n) &&
  n > 0 &&
  isOptional(got, isCount) &&
  isOptional(auth, isText) &&
  isOptional(can, Array.isArray) &&
  isOptional(topics, isRecord)

const isWelcome = ({ got, win, can }: Record<string, unknown>) =>
  isCount(got) &&
  Array.isArray(win) &&
  win.length >= 2 &&
  win.every((limit) => isCount(limit) && limit > 0) &&
  isOptional(can, Array.isArray)

const isRefusal = ({ why, got, after }: Record<string, unknown>) =>
  isText(why) && isOptional(got, isCount) && isOptional(after, (value) => Number(value) >= 0)

const isTopicStart = ({ topic, as, epoch, at, last, since }: Record<string, unknown>) =>
  isText(topic) && isCount(as) && isText(epoch) && isCount(at) && isCount(last) && isOptional(since, isText)

/** A whole number as the protocol writes it: no sign, no exponent, no leading zeros, no blanks. */
function readCount(text: string): number | undefined {
  const value = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : undefined
  return isCount(value) ? value : undefined
}

function readObject<Body>(text: string, is: (body: Record<string, unknown>) => boolean): Body | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return isRecord(body) && is(body) ? (body as Body) : undefined
  } catch {
    return undefined
  }
}

function numberFrame(type: 'ack' | 'ping' | 'pong' | 'topic-end', text: string): Frame {
  const body = readCount(text)
  return body === undefined ? malformed : ({ type, body } as Frame)
}

function objectFrame(type: 'hello' | 'welcome' | 'refusal' | 'topic', body: unknown): Frame {
  return body === undefined ? malformed : ({ type, body } as Frame)
}

function readTopicData(rest: string): Frame {
  const end = rest.indexOf(':')
  const next = rest.indexOf(':', end + 1)
  const as = readCount(rest.slice(0, Math.max(end, 0)))
  const offset = readCount(rest.slice(end + 1, next === -1 ? undefined : next))
  if (end < 0 || as === undefined || offset === undefined) return malformed
  return {
    type: 'topic-data',
    body: next === -1 ? { as, offset } : { as, offset, text: rest.slice(next + 1) },
  }
}

/** Reads one control frame: text that starts with a single `!`. */
export function decodeControl(text: string): Frame {
  const letter = text[1] ?? ''
  // The only control frame that may be large, because it carries application data.
  if (letter === 'm') return readTopicData(text.slice(2))
  if (text.length > CONTROL_LIMIT) return malformed
  const rest = text.slice(2)
  switch (letter) {
    case 'a':
      return numberFrame('ack', rest)
    case 'p':
      return numberFrame('ping', rest)
    case 'q':
      return numberFrame('pong', rest)
    case 'f':
      return rest ? malformed : { type: 'end' }
    case 'h':
      return objectFrame('hello', readObject(rest, isHello))
    case 'w':
      return objectFrame('welcome', readObject(rest, isWelcome))
    case 'x':
      return objectFrame('refusal', readObject(rest, isRefusal))
    case 't':
      return { type: 'token', body: rest }
    case 'c':
      return rest ? malformed : { type: 'challenge' }
    case 's':
      return objectFrame('topic', readObject(rest, isTopicStart))
    case 'u':
      return numberFrame('topic-end', rest)
    default:
      return letter >= 'A' && letter <= 'Z' ? { type: 'ignored' } : malformed
  }
}

const startsWithMark = (data: unknown): data is string => typeof data === 'string' && data[0] === '!'

/** Reads one frame. What is not text is data; `accepts` lists the control frames that the other end may send. */
export function decode(data: unknown, accepts: ReadonlySet<FrameType>): Frame {
  if (!startsWithMark(data)) return { type: 'data', body: data }
  if (data[1] === '!') return { type: 'data', body: data.slice(1) }
  const frame = decodeControl(data)
  return accepts.has(frame.type) ? frame : malformed
}

/** What a server may send, besides data. */
export const fromServer: ReadonlySet<FrameType> = new Set<FrameType>([
  'ack',
  'ping',
  'pong',
  'end',
  'welcome',
  'refusal',
  'challenge',
  'topic',
  'topic-data',
  'topic-end',
  'ignored',
])

/** What a client may send, besides data. */
export const fromClient: ReadonlySet<FrameType> = new Set<FrameType>([
  'ack',
  'ping',
  'pong',
  'end',
  'hello',
  'token',
  'ignored',
])

/** Application data as it goes on the wire: text that starts with `!` gets one more in front. */
export function escaped<Data>(data: Data): Data | string {
  return startsWithMark(data) ? `!${data}` : data
}

export const helloFrame = (body: Hello) => `!h${JSON.stringify(body)}`
export const welcomeFrame = (body: Welcome) => `!w${JSON.stringify(body)}`
export const refusalFrame = (body: Refusal) => `!x${JSON.stringify(body)}`
export const topicFrame = (body: TopicStart) => `!s${JSON.stringify(body)}`
