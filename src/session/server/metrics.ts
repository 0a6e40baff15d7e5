import type { Counters } from './limits.ts'

/** Durations: how many were measured, and their sum in s. */
export class Duration {
  count = 0
  seconds = 0

  add(milliseconds: number): void {
    this.count++
    this.seconds += milliseconds / 1_000
  }

  /** Measures until the promise settles. */
  async of<Value>(promise: PromiseLike<Value> | Value): Promise<Value> {
    const begun = performance.now()
    try {
      return await promise
    } finally {
      this.add(performance.now() - begun)
    }
  }
}

/** Values of the present state. */
export interface Gauges {
  sessions: number
  connected: number
  connections: number
  pending: number
  topics: number
}

/** Everything that `sessions.metrics()` shows. */
export interface Measured {
  counters: Counters
  gauges: Gauges
  refusals: ReadonlyMap<string, number>
  handler: Duration
  store: Duration
}

type Labels = Record<string, string | number>

const labelled = (labels: Labels) => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  return pairs.length ? `{${pairs.join(',')}}` : ''
}

/** Source: Prometheus text exposition format 0.0.4. */
function metric(
  name: string,
  type: 'counter' | 'gauge' | 'summary',
  help: string,
  values: [string, Labels, number][],
) {
  return [
    `# HELP holdfast_${name} ${help}`,
    `# TYPE holdfast_${name} ${type}`,
    ...values.map(([suffix, labels, value]) => `holdfast_${name}${suffix}${labelled(labels)} ${value}`),
  ].join('\n')
}

const total = (name: string, help: string, value: number) =>
  metric(`${name}_total`, 'counter', help, [['', {}, value]])
const gauge = (name: string, help: string, value: number) => metric(name, 'gauge', help, [['', {}, value]])
const summary = (name: string, help: string, { count, seconds }: Duration) =>
  metric(name, 'summary', help, [
    ['_sum', {}, seconds],
    ['_count', {}, count],
  ])

export function prometheus({ counters, gauges, refusals, handler, store }: Measured): string {
  const parts = [
    gauge('sessions', 'Sessions held by this process.', gauges.sessions),
    gauge('sessions_connected', 'Sessions whose client is connected.', gauges.connected),
    gauge('connections', 'Open connections.', gauges.connections),
    gauge('connections_pending', 'Open connections that have not been welcomed.', gauges.pending),
    gauge('topics', 'Topics that this process follows.', gauges.topics),
    total('connections_accepted', 'Connections accepted.', counters.connections),
    total('sessions_opened', 'Sessions created.', counters.opened),
    total('sessions_resumed', 'Sessions that went on over a new connection.', counters.resumed),
    total('sessions_taken', 'Connections that a newer one of the same session replaced.', counters.taken),
    total('sessions_expired', 'Sessions that ended because their client stayed away.', counters.expired),
    total(
      'sessions_overflowed',
      'Sessions that ended because their client was too slow.',
      counters.overflowed,
    ),
    metric(
      'refused_total',
      'counter',
      'Connections refused, by reason.',
      [...refusals].map(([why, count]) => ['', { why }, count]),
    ),
    total('malformed', 'Connections ended for a protocol error.', counters.malformed),
    total('silent', 'Connections dropped because nothing was received.', counters.silent),
    metric('messages_total', 'counter', 'Messages of sessions, by direction.', [
      ['', { direction: 'in' }, counters.received],
      ['', { direction: 'out' }, counters.sent],
    ]),
    metric('bytes_total', 'counter', 'Payload bytes of sessions, by direction.', [
      ['', { direction: 'in' }, counters.receivedBytes],
      ['', { direction: 'out' }, counters.sentBytes],
    ]),
    total('messages_resent', 'Messages written again after a connection broke.', counters.resent),
    total('topic_messages_published', 'Messages published to topics by this process.', counters.published),
    total('topic_messages_sent', 'Topic messages written to clients.', counters.topicMessages),
    total('topic_log_reads', 'Reads of a log of a topic.', counters.logReads),
    total('topic_gaps', 'Gaps in topics that were reported to clients.', counters.gaps),
    summary('handler_seconds', 'Time from a message to the end of its handler.', handler),
    summary('store_seconds', 'Round trips to the store for a hello.', store),
  ]
  return `${parts.join('\n')}\n`
}
