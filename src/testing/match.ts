import { copyBytes, type Message } from './payload.ts'

/**
 * A message that is waited for: the exact text, a text that matches a regular expression, the exact bytes, a function
 * that decides, or an object, array or other value that equals the parsed JSON text. The matchers of vitest and jest,
 * such as `expect.objectContaining`, may stand for the value or for parts of it.
 */
export type Expected =
  | string
  | RegExp
  | ArrayBuffer
  | ArrayBufferView
  | ((message: Message) => boolean)
  | object
  | number
  | boolean
  | null

interface AsymmetricMatcher {
  asymmetricMatch(actual: unknown): boolean
}

const isMatcher = (value: unknown): value is AsymmetricMatcher =>
  typeof (value as AsymmetricMatcher | null | undefined)?.asymmetricMatch === 'function'

/** Whether two JSON values are equal. */
function equal(expected: unknown, actual: unknown): boolean {
  if (isMatcher(expected)) return expected.asymmetricMatch(actual)
  if (typeof expected !== 'object' || typeof actual !== 'object' || !expected || !actual)
    return Object.is(expected, actual)
  if (Array.isArray(expected) !== Array.isArray(actual)) return false
  // JSON has no undefined: such a member was not sent.
  const wanted = Object.entries(expected).filter(([, value]) => value !== undefined)
  const members = new Map<string, unknown>(Object.entries(actual))
  return (
    wanted.length === members.size &&
    wanted.every(([key, value]) => members.has(key) && equal(value, members.get(key)))
  )
}

/** Not `instanceof`: a test may run in another realm than this module. */
const isRegExp = (value: unknown): value is RegExp =>
  Object.prototype.toString.call(value) === '[object RegExp]'

export function matches(expected: Expected, message: Message): boolean {
  if (typeof expected === 'string') return expected === message
  // A matcher may be a function, too.
  if (typeof expected === 'function' && !isMatcher(expected)) return expected(message) === true
  if (isRegExp(expected)) return typeof message === 'string' && new RegExp(expected).test(message)
  const bytes = copyBytes(expected)
  if (bytes)
    return (
      typeof message !== 'string' &&
      bytes.length === message.length &&
      bytes.every((byte, index) => byte === message[index])
    )
  if (isMatcher(expected) && expected.asymmetricMatch(message)) return true
  if (typeof message !== 'string') return false
  try {
    return equal(expected, JSON.parse(message))
  } catch {
    return false
  }
}

/** The expectation as an error message shows it. */
export function describeExpected(expected: Expected): string {
  if (typeof expected === 'function') return `a message that satisfies ${expected.name || 'the function'}`
  if (isRegExp(expected)) return `a text that matches ${expected}`
  const bytes = copyBytes(expected)
  if (bytes) return `the bytes [${[...bytes.subarray(0, 16)].join(', ')}${bytes.length > 16 ? ', …' : ''}]`
  if (isMatcher(expected)) return String(expected)
  return JSON.stringify(expected)
}
