import type { RecordedClose, Transition } from './entries.ts'

/** One part of an outage: a wait, or an attempt to connect. */
export interface Step {
  kind: 'waiting' | 'connecting'
  start: number
  /** Absent while it is under way. */
  end?: number
  /** For `waiting`: how long it was meant to be, in ms. */
  delay?: number
  /** For `connecting`: how the attempt failed, if it did. */
  close?: RecordedClose
  url?: string
}

/** A span of time in one state, as the timeline shows it: an outage includes all of its waits and attempts. */
export interface Period {
  kind: 'connected' | 'outage' | 'closed' | 'suspended' | 'idle'
  /** The id of its first transition: the same for as long as the period is in the record. */
  id: number
  /** In ms since the epoch. */
  start: number
  /** Absent for the current period. */
  end?: number
  /** How the connection or attempt before it ended. For an outage: why it began; absent for the first connection. */
  close?: RecordedClose
  /** How long the connection that `close` ended had lasted, in ms. 0 if it had not been open. */
  lasted: number
  /** For an outage: waits and attempts, in order. */
  steps: Step[]
  /** For `connected`. */
  protocol?: string
  session?: 'resumed' | 'fresh'
}

const kinds = {
  idle: 'idle',
  connecting: 'outage',
  open: 'connected',
  waiting: 'outage',
  suspended: 'suspended',
  closed: 'closed',
} as const

/** Connections and outages, oldest first, from a record of transitions. */
export function timeline(transitions: readonly Transition[]): Period[] {
  const periods: Period[] = []
  for (const { id, status, at, url, delay, close, protocol, session } of transitions) {
    const before = periods.at(-1)
    const step = before?.steps.at(-1)
    if (step) {
      step.end ??= at
      if (close && step.kind === 'connecting' && status !== 'open') step.close = close
    }
    const kind = kinds[status]
    let period = before
    if (!period || kind !== 'outage' || period.kind !== 'outage') {
      if (before) before.end = at
      const lasted = before?.kind === 'connected' ? Math.max(1, at - before.start) : 0
      period = { kind, id, start: at, lasted, steps: [] }
      if (close) period.close = close
      if (protocol) period.protocol = protocol
      if (session) period.session = session
      periods.push(period)
    }
    if (status === 'waiting' || status === 'connecting') {
      const next: Step = { kind: status, start: at }
      if (delay !== undefined) next.delay = delay
      if (url !== undefined) next.url = url
      period.steps.push(next)
    }
  }
  return periods
}

/** The attempts of an outage. */
export function attemptsOf({ steps }: Period): Step[] {
  return steps.filter(({ kind }) => kind === 'connecting')
}
