/** Input that is not valid. Its message is sent to that client only. */
export class BadInput extends Error {}

/** Parses a text frame as a plain object. Throws `BadInput` for anything else. */
export function readObject(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new BadInput('This is not JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadInput('A JSON object is expected.')
  }
  return value
}

/** Reads an own field. `__proto__` and `constructor` must not stand in for a field that is missing. */
export function readField(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value
}

/** Reads a text of 1 to `max` characters, at least one of them visible, without blanks around it. */
export function readText(object: object, key: string, max: number): string {
  const value = readField(object, key)
  const text = typeof value === 'string' ? value.replace(unprintable, '').trim() : ''
  if (text.replace(invisible, '').trim() === '') throw new BadInput(`The ${key} is missing.`)
  if (text.length > max) throw new BadInput(`The ${key} is too long: at most ${max} characters.`)
  return text
}

/** Reads a name. Invisible characters are removed, because people tell names apart by what they see. */
export function readName(object: object, key: string, max: number): string {
  return readText(object, key, max).replace(invisible, '').trim()
}

// Control characters and bidirectional overrides let a nickname pose as another one, or a log line as two.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go; line breaks and tabs may stay.
const unprintable = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g
// Zero-width spaces and joiners, U+200B to U+200F, U+2060, U+FEFF and their kin. In a text they may stay: emoji and Persian
// are joined by them.
const invisible = /\p{Default_Ignorable_Code_Point}/gu
