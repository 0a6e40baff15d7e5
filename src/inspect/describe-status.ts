import { describeClose } from './close-words.ts'
import type { RecordedStatus } from './entries.ts'
import type { Recorder } from './recorder.ts'
import { attemptsOf, type Period, timeline } from './timeline.ts'
import { duration, plural, wholeSeconds } from './words.ts'

/** The present state, as the header shows it. */
export interface StatusDescription {
  /** Decides the colour. */
  tone: 'ok' | 'busy' | 'warn' | 'bad' | 'off'
  title: string
  sentence: string
}

const inWords: Record<RecordedStatus, [StatusDescription['tone'], string]> = {
  idle: ['off', 'Not opened'],
  connecting: ['busy', 'Connecting'],
  open: ['ok', 'Connected'],
  waiting: ['warn', 'Reconnecting'],
  suspended: ['off', 'Suspended'],
  closed: ['bad', 'Closed'],
}

/** How the connection or the last attempt ended. */
export function endOf(period: Period): { summary: string; hint: string } | undefined {
  const { close, lasted } = period
  return close && describeClose(close, { opened: lasted > 0, lasted })
}

export function describeStatus(
  { socket, transitions }: Recorder,
  now: number,
  offline: boolean,
): StatusDescription {
  const [tone, title] = inWords[socket.status]
  const period = timeline(transitions).at(-1)
  const last = transitions.at(-1)
  const since = last ? now - last.at : 0
  switch (socket.status as RecordedStatus) {
    case 'idle':
      return { tone, title, sentence: 'The page has not opened the connection yet.' }
    case 'connecting': {
      const count = period ? attemptsOf(period).length : 0
      const again = period?.close ? 'Reconnecting' : title
      return { tone, title: again, sentence: `Attempt ${Math.max(1, count)}, for ${wholeSeconds(since)}.` }
    }
    case 'open':
      return { tone, title, sentence: `For ${wholeSeconds(since)}.` }
    case 'waiting': {
      if (offline) return { tone, title: 'Offline', sentence: 'It connects when the network is back.' }
      const rest = (last?.delay ?? 0) - since
      const failed = last?.attempt ? `, after ${plural(last.attempt, 'failure')}` : ''
      return {
        tone,
        title,
        sentence: rest > 500 ? `Next attempt in ${wholeSeconds(rest + 500)}${failed}.` : 'Next attempt now.',
      }
    }
    case 'suspended':
      return {
        tone,
        title,
        sentence: `For ${wholeSeconds(since)}. Messages wait until the page opens it again.`,
      }
    case 'closed': {
      const user = last?.close?.cause === 'user' || last?.close?.cause === 'signal'
      const end = period && endOf(period)
      return { tone: user ? 'off' : tone, title, sentence: `${end?.summary ?? ''} No more attempts.`.trim() }
    }
  }
}

/** The text for screen readers: announces the beginning and the end of an outage, not each attempt in it. */
export function announcement(period: Period, before: Period | undefined): string {
  switch (period.kind) {
    case 'connected':
      return before?.kind === 'outage' && before.close
        ? `Connected again after ${duration(period.start - before.start)}.`
        : 'Connected.'
    case 'outage':
      return period.close ? `Connection lost. ${endOf(period)?.summary ?? ''}` : ''
    case 'suspended':
      return 'Connection suspended.'
    case 'closed':
      return `Connection closed. ${endOf(period)?.summary ?? ''}`
    case 'idle':
      return ''
  }
}
