/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 0) return duration(0)
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return both(minutes, 'min', seconds % 60, 's')
  const hours = Math.floor(minutes / 60)
  return hours < 24
    ? both(hours, 'h', minutes % 60, 'min')
    : both(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function both(large: number, unit: string, small: number, part: string): string {
  return small ? `${large} ${unit} ${small} ${part}` : `${large} ${unit}`
}

/** Whole seconds, for what is shown again every second. */
export function wholeSeconds(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000)
  return seconds < 10 ? `${seconds} s` : duration(seconds * 1000)
}

/** `17 B`, `1.4 kB`, `2.0 MB`. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`
  return count < 999_500
    ? `${(count / 1000).toFixed(count < 9950 ? 1 : 0)} kB`
    : `${(count / 1e6).toFixed(1)} MB`
}

/** `1 attempt`, `2 attempts`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `14:03:22`, of the viewer's own clock. */
export function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8)
}

/** `14:03:22.087` */
export function preciseClock(at: number): string {
  return `${clock(at)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`
}
