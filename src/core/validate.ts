/** One option of a group: its default, and what it may be. `Value` includes `undefined` where there is no default. */
export interface OptionRule<Value> {
  default?: Value
  accepts: (value: unknown) => boolean
  /** Completes the sentence "… must be". */
  expected: string
  /** Numbers out of range throw a `RangeError`, all else a `TypeError`. */
  isRange?: boolean
}

/** The rules of a group, by the names of its options. `Group` is the type of the resolved options. */
export type OptionRules<Group> = { [Name in keyof Group]-?: OptionRule<Group[Name]> }

export function numberFrom(least: number, fallback: number): OptionRule<number>
export function numberFrom(least: number): OptionRule<number | undefined>
/** Accepts a number that is at least `least`, but not NaN. */
export function numberFrom(least: number, fallback?: number): OptionRule<number | undefined> {
  return {
    default: fallback,
    accepts: (value) => typeof value === 'number' && value >= least,
    expected: `a number of at least ${least}`,
    isRange: true,
  }
}

export const oneOf = <Choice extends string>(
  choices: readonly Choice[],
  fallback: Choice,
): OptionRule<Choice> => ({
  default: fallback,
  accepts: (value) => choices.includes(value as Choice),
  expected: choices.map((choice) => `'${choice}'`).join(' or '),
  isRange: true,
})

export function ofType<Value>(type: string, fallback: Value): OptionRule<Value>
export function ofType<Value>(type: string): OptionRule<Value | undefined>
/** Accepts a value whose `typeof` is `type`. */
export function ofType<Value>(type: string, fallback?: Value): OptionRule<Value | undefined> {
  return { default: fallback, accepts: (value) => typeof value === type, expected: `a ${type}` }
}

export const abortSignal: OptionRule<AbortSignal | undefined> = {
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
 * @param path the prefix of the option's name in messages: `''`, or `'reconnect.'`
 * @returns a new object with every option of the group
 * @throws {TypeError | RangeError} for an unknown option, or a value that is not accepted
 */
export function resolveGroup<Group>(path: string, given: object, rules: OptionRules<Group>): Group {
  const names = Object.keys(rules) as (keyof Group & string)[]
  rejectUnknown(path, given, names)
  const resolved: Record<string, unknown> = {}
  for (const name of names) {
    const rule: OptionRule<unknown> = rules[name]
    const value = (given as Record<string, unknown>)[name]
    if (value !== undefined && !rule.accepts(value)) {
      const message = `holdfast: ${path}${name}: must be ${rule.expected}, not ${shown(value)}`
      throw rule.isRange ? new RangeError(message) : new TypeError(message)
    }
    resolved[name] = value ?? rule.default
  }
  return resolved as Group
}

/** @throws {TypeError} for a name that is not known, with the nearest one that is */
export function rejectUnknown(path: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) {
    const of = path && `${path.slice(0, -1)}: `
    throw new TypeError(`holdfast: ${of}the options must be an object, not ${shown(given)}`)
  }
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    const cure = near ? `Did you mean ${path}${near}?` : `Known are: ${known.join(', ')}.`
    throw new TypeError(`holdfast: ${path}${name}: there is no such option. ${cure}`)
  }
}

/** The known name with the smallest edit distance, if at most half of its letters differ. */
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
