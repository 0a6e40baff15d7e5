import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'

/** Of the processor time is given out, in µs. Short, so that a process that has used up its share does not wait long. */
const PERIOD = 20_000
const GROUPS = '/sys/fs/cgroup/cpu'

/**
 * Limits a process to a share of one processor. Returns false where that is not possible: it needs Linux, control groups of
 * version 1, and root.
 */
export function limitProcessor(pid: number, share: number): boolean {
  const group = `${GROUPS}/holdfast-load-${pid}`
  try {
    mkdirSync(group)
    writeFileSync(`${group}/cpu.cfs_period_us`, `${PERIOD}`)
    writeFileSync(`${group}/cpu.cfs_quota_us`, `${Math.round(PERIOD * share)}`)
    writeFileSync(`${group}/cgroup.procs`, `${pid}`)
  } catch {
    return false
  }
  // A group without processes can be removed.
  process.on('exit', () => rmdirSync(group))
  return true
}
