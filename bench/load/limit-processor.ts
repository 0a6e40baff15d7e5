import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'

/** The period of the quota, in µs. Short, so that a process that has used up its quota does not wait long. */
const PERIOD = 20_000
const GROUPS = '/sys/fs/cgroup/cpu'

/**
 * Limits a process to a share of one processor. Returns a function that removes the limit's control group, to be called when
 * the process has ended. Returns undefined where this is not possible: it needs Linux, control groups of version 1, and root.
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
  // Not before the process has ended: a group that has processes cannot be removed.
  return () => rmdirSync(group)
}
