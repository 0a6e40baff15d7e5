/** A figure as a ratio to the raw socket of the same round, and how far it is to be trusted. */
export interface Ratio {
  ratio: number
  /** Standard error of the median, from the spread of the rounds. */
  error: number
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] ?? Number.NaN
  const high = sorted[Math.ceil(place)] ?? Number.NaN
  return low + (high - low) * (place % 1)
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** `digits` after the point: what lies beyond is noise, and would make every run a difference. */
export const round = (value: number, digits = 3): number => Number(value.toFixed(digits))

/**
 * Each round's value over the floor of that round, and the median of these: what disturbs a whole round disturbs
 * nothing. For a normal spread the quartiles are 1.35 deviations apart, and a median errs by 1.25 deviations / √n.
 */
export function ratio(values: readonly number[], floor: readonly number[]): Ratio {
  const ratios = values.map((value, index) => value / (floor[index] ?? Number.NaN))
  const spread = (quantile(ratios, 0.75) - quantile(ratios, 0.25)) / 1.35
  return { ratio: round(median(ratios)), error: round((1.25 * spread) / Math.sqrt(ratios.length)) }
}

/** Who comes first changes from round to round, and so does the direction: nobody always follows the same one. */
export function order(names: readonly string[], turn: number): string[] {
  const start = Math.floor(turn / 2) % names.length
  const turned = [...names.slice(start), ...names.slice(0, start)]
  return turn % 2 ? turned.reverse() : turned
}
