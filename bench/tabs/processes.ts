import { readdirSync, readFileSync } from 'node:fs'

/** What a browser's processes have used together. */
export interface Usage {
  /** Time on the processors, in ms. */
  cpu: number
  /** Memory, in bytes; shared pages are divided among the processes that share them. */
  memory: number
  processes: number
}

/** Linux counts in hundredths of a second. */
const TICK = 10

/** The processes of a browser are the descendants of the one that was started, and are found in /proc. */
export function usage(root: number): Usage {
  const parents = new Map<number, { parent: number; ticks: number }>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      // The second field is the name in parentheses, which may contain spaces.
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      parents.set(Number(name), { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) })
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOurs = (pid: number): boolean => pid === root || (pid > 1 && isOurs(parents.get(pid)?.parent ?? 0))
  const ours = [...parents].filter(([pid]) => isOurs(pid))
  return {
    cpu: ours.reduce((sum, [, { ticks }]) => sum + ticks * TICK, 0),
    memory: ours.reduce((sum, [pid]) => sum + proportionalMemory(pid), 0),
    processes: ours.length,
  }
}

function proportionalMemory(pid: number): number {
  try {
    const [, kB] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? []
    return Number(kB ?? 0) * 1_024
  } catch {
    return 0
  }
}
