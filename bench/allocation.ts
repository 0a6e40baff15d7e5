import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Bytes on the heap per message, beside the event itself. */
export interface Allocation {
  received: number
  /** The same with a heartbeat, which notes the time. */
  watched: number
  sent: number
  /** What one object per message would take: so that nobody needs to know what a small number is. */
  object: number
}

/** A young generation that is never collected during a run, so that nothing allocated can hide. */
const flags = ['--expose-gc', '--min-semi-space-size=512', '--max-semi-space-size=512']

export async function measureAllocation(): Promise<Allocation> {
  const file = fileURLToPath(new URL('.built/allocation.js', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file])
  return JSON.parse(stdout)
}
