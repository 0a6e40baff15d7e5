import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'

/** How often the share is given out, in µs. Short, so that a process that has used it up does not wait long. */
const PERIOD = 20_000
const GROUPS = '/sys/fs/cgroup/cpu'

/**
 * Limits a process to a share of one processor. Returns a function that cleans up once the process has ended; undefined where
 * this is not possible: it needs Linux, control groups of version 1, and root.
 */
export function limitProcessor(pid: number, share: number): (() => void) | undefined {
  const group = `${GROUPS}/holdfast-load-${pid}`
  try {
    mkdirSync(group)
    writeFileSync(`${group}/cpu.cfs_period_us`, `${PERIOD}`)
    writeFileSync(`${group}/cpu.cfs_quota_us`, `${Math.round(PERIOD * share)}`)
    writeFileSync(`${group}/cgroup.procs`, `${pid}`)
  } catch {
    return undefined
  }
  // A group that has processes cannot be removed.
  return () => rmdirSync(group)
}
