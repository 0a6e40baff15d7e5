const names = [
  'Ada',
  'Barbara',
  'Claudia',
  'Dennis',
  'Edsger',
  'Frances',
  'Grace',
  'Hedy',
  'Ken',
  'Margaret',
  'Radia',
  'Tim',
]

export interface Guest {
  guest: string
  /** The time of day, such as `15:26:01`. */
  time: string
}

/** A random guest who arrives now. */
export function nextGuest(): Guest {
  const guest = names[Math.floor(Math.random() * names.length)] ?? 'Nobody'
  return { guest, time: new Date().toTimeString().slice(0, 8) }
}
