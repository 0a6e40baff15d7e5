import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'

const file = new URL('results.json', import.meta.url)

/** By the name of the part. */
export interface Results extends Record<string, unknown> {
  /** How many rounds each part has made. */
  rounds?: Record<string, number | undefined>
}

export const load = (): Results => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {})

/** Puts the figures of one part into bench/results.json; those of the other parts stay. */
export function save(part: string, figures: unknown): void {
  const results = { ...load(), [part]: figures }
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
}

/** What the figures were made on: others will get others. */
export const machine = () => ({
  node: process.version,
  processors: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
})
