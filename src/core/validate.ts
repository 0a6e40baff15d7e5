/** One option of a group: what it is when not given, and what it may be. */
export interface OptionRule {
  default?: unknown
  accepts: (value: unknown) => boolean
  /** Completes the sentence "… must be". */
  expected: string
  /** Numbers out of range throw a `RangeError`, all else a `TypeError`. */
  isRange?: boolean
}

export type OptionRules = Record<string, OptionRule>

/** A number of at least `least`. NaN is none. */
export const numberFrom = (least: number, fallback?: number): OptionRule => ({
  default: fallback,
  accepts: (value) => typeof value === 'number' && value >= least,
  expected: `a number of at least ${least}`,
  isRange: true,
})

export const oneOf = (choices: readonly string[], fallback?: string): OptionRule => ({
  default: fallback,
  accepts: (value) => choices.includes(value as string),
  expected: choices.map((choice) => `'${choice}'`).join(' or '),
  isRange: true,
})

export const ofType = (type: 'function' | 'boolean' | 'string', fallback?: unknown): OptionRule => ({
  default: fallback,
  accepts: (value) => typeof value === type,
  expected: `a ${type}`,
})

export const abortSignal: OptionRule = {
  accepts: (value) => {
    const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
    return typeof aborted === 'boolean' && typeof addEventListener === 'function'
  },
  expected: 'an AbortSignal',
}

/** How a value is shown in an error message. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}

/**
 * Checks the options of one group and fills in the defaults.
 *
 * @param path what stands in front of the names in messages: `''`, or `'reconnect.'`
 * @returns a new object with every option of the group
 * @throws {TypeError | RangeError} for an unknown option, or a value that is not accepted
 */
export function resolveGroup(path: string, given: object, rules: OptionRules): Record<string, unknown> {
  rejectUnknown(path, given, Object.keys(rules))
  const resolved: Record<string, unknown> = {}
  for (const [name, rule] of Object.entries(rules)) {
    const value = (given as Record<string, unknown>)[name]
    if (value !== undefined && !rule.accepts(value)) {
      const message = `holdfast: ${path}${name}: must be ${rule.expected}, not ${shown(value)}`
      throw rule.isRange ? new RangeError(message) : new TypeError(message)
    }
    resolved[name] = value ?? rule.default
  }
  return resolved
}

/** @throws {TypeError} for a name that is not known, with the nearest one that is */
export function rejectUnknown(path: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    const cure = near ? `Did you mean ${path}${near}?` : `Known are: ${known.join(', ')}.`
    throw new TypeError(`holdfast: ${path}${name}: there is no such option. ${cure}`)
  }
}

/** The name that differs least, if it differs by no more than half of its letters. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(name.length / 2)) + 1
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

/** Levenshtein distance: how many letters to insert, remove or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
