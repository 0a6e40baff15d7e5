/** Why the line ended, or was never there, as one would say it. */
export function closeWords({ cause, code, reason, error }, wasOpen) {
  switch (cause) {
    case 'silent':
      return 'The server fell silent'
    case 'wake':
      return 'The line did not survive the break'
    case 'timeout':
      return 'The server did not answer in time'
    case 'user':
      return 'You disconnected'
    case 'peer':
      if (code === 1006) return wasOpen ? 'The line broke' : 'The server let nobody in'
      return `The server closed the line (${code}${reason && `, “${reason}”`})`
    default:
      return error?.message || reason || 'The connection failed'
  }
}
