/** What the docs say about the figures, by the name of their marks. */
export const sections = { compare, sizes, bench, herd, faults, runtimes, load, million, deploy }

const kB = (bytes) => `${(bytes / 1_000).toFixed(1)} kB`

const table = (head, rows) =>
  [head, head.map((_, column) => (column ? '--:' : '---')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')

const ratio = (figure) => (figure ? figure.ratio.toFixed(2) : '–')
const name = (peer) => (peer.startsWith('holdfast') ? `**${peer}**` : peer)
const seconds = (ms) => (ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`)
const percent = (share) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
const thousands = (count) => count.toLocaleString('en-US')

/** Our own size is that of this very build; what is on top of another entry is added to it. */
function ownSize(sizes, peer) {
  const of = (entry) => sizes.find(({ name }) => name === entry)?.brotli ?? 0
  return peer === 'holdfast, session' ? of('{ Socket }') + of('+ session') : of('{ Socket }')
}

/** The short table of README.md. */
function compare({ sizes, results }) {
  const { size, faults, herd, idle } = results
  const rows = Object.entries(faults).map(([peer, { silent, outages, delivery }]) => [
    name(peer),
    kB(peer.startsWith('holdfast') ? ownSize(sizes, peer) : size[peer].brotli),
    ratio(idle.chromium[peer]),
    silent === null ? 'not in 30 s' : seconds(silent),
    herd[peer] ? percent(herd[peer].peak) : '–',
    seconds(outages.at(-1).median),
    `${thousands(delivery.lost)} / ${thousands(delivery.doubled)}`,
  ])
  const head = [
    '',
    'brotli',
    'idle heap × raw',
    'silent peer noticed',
    '100,000 clients reconnect: busiest 100 ms',
    'back after 30 s down',
    'of 20,000 messages while connections break: lost / doubled',
  ]
  return table(head, rows)
}

function sizes({ sizes }) {
  const rows = sizes.map(({ name, minified, gzip, brotli }) => [
    `\`${name}\``,
    ...[minified, gzip, brotli].map(kB),
  ])
  return `${table(['imported', 'minified', 'gzip', 'brotli'], rows)}\n\nmitt, the only dependency, is included.`
}

function bench({ sizes, results }) {
  const { cost, size, machine, rounds } = results
  const [connect, idle, trip] = [results.connect, results.idle, results['round-trip']].map(
    (part) => part.chromium,
  )
  const tasks = ['receive text', 'receive json', 'receive binary', 'send text']
  const rows = Object.keys(idle).map((peer) => [
    name(peer),
    ...tasks.map((task) => ratio(cost[task].chromium[peer])),
    ratio(trip[peer].p50),
    ratio(connect[peer]),
    ratio(connect[peer].cpu),
    ratio(idle[peer]),
    `${idle[peer].timers}`,
    peer.startsWith('holdfast') ? kB(ownSize(sizes, peer)) : size[peer] ? kB(size[peer].brotli) : '–',
  ])
  const head = ['', ...tasks, 'round trip', 'connect', 'connect, CPU', 'heap, idle', 'timers', 'brotli']
  const worst = Math.max(...tasks.map((task) => cost[task].chromium.holdfast.error))
  const errors = [worst, trip.holdfast.p50.error, connect.holdfast.error].map((error) => error.toFixed(2))
  const { received, watched, sent, object } = results.allocation
  const amount = (bytes) => (bytes ? `${bytes} bytes` : 'nothing')
  const { timers } = idle.holdfast
  const us = (peer) => `${cost['receive text'].node[peer].us.toFixed(2)} µs`
  const notes = [
    `The first two rows are the same socket and their mean is 1: their difference is the noise. They use the \`on…\` attributes; with \`addEventListener\` Chromium does less work (third row). The standard error of Holdfast's median is at most ${errors[0]} for messages, ${errors[1]} for round trips and ${errors[2]} for connections.`,
    timers > 0 && timers < 1 ? 'All sockets of a page share one timer.' : '',
    `Apart from its event, a received message allocates ${amount(received)}, with a heartbeat ${amount(watched)}; a sent message allocates ${amount(sent)} (in Node, where a small object takes ${object} bytes).`,
    `Node itself spends less time on a message, so the same work of the library is a larger share: receiving a text costs ${us('raw')} raw and ${us('holdfast')} with Holdfast.`,
    `Measured with Node ${machine.node.slice(1)}; ${rounds.cost} rounds of messages, ${rounds['round-trip']} of round trips, ${rounds.connect} of connections.`,
  ]
  return `${table(head, rows)}\n\n${notes.filter(Boolean).join(' ')}`
}

function herd({ results }) {
  const rows = Object.entries(results.herd).map(([peer, { peak, allBack, attempts, back }]) => [
    name(peer),
    `${(peak * 100).toFixed(1)} %`,
    seconds(allBack),
    attempts.toFixed(1),
    ...back.map(seconds),
  ])
  const head = [
    '',
    'peak per 100 ms',
    'all back',
    'attempts each',
    '1 s down: back after',
    '5 s down',
    '30 s down',
  ]
  const real = Object.entries(results['herd of real clients']).map(
    ([peer, { peak, allBack, attempts }]) =>
      `${peer} ${(peak * 100).toFixed(0)} %, ${allBack === null ? 'not within 2 minutes' : seconds(allBack)}, ${attempts.toFixed(1)}`,
  )
  return `${table(head, rows)}\n\nWith 500 real clients and 10 connections a second (peak, all back, attempts each): ${real.join('; ')}.`
}

function faults({ results }) {
  const rows = Object.entries(results.faults).map(([peer, { silent, outages, dials, delivery }]) => [
    name(peer),
    silent === null ? 'not in 30 s' : seconds(silent),
    ...outages.map(({ median, attempts }) => `${seconds(median)} (${attempts.toFixed(1)})`),
    `${dials}`,
    `${thousands(delivery.lost)} / ${thousands(delivery.doubled)} / ${thousands(delivery.outOfOrder)}`,
  ])
  const down = [1, 5, 30].map((each) => `${each} s down: back after (attempts)`)
  return table(
    [
      '',
      'silent peer noticed',
      ...down,
      'accept-then-close: attempts in 3 s',
      'of 20,000 messages through cuts: lost / doubled / out of order',
    ],
    rows,
  )
}

function runtimes({ runtimes }) {
  const rows = runtimes.map(({ name, version, source }) => [name, version, source])
  const done = [...new Set(runtimes.flatMap(({ passed }) => passed))]
  return `${table(['runtime', 'version tested', '`WebSocket` comes from'], rows)}\n\nDone in each: ${done.join(', ')}.`
}

function load({ load: { size, rounds, share, machine, scaling, setups } }) {
  const us = (ms) => `${Math.round(ms * 1_000)}`
  const rows = Object.entries(setups).map(
    ([setup, { connect, heap, echo, delivery, delay, late, storm, resume, writes }]) => [
      name(setup),
      `${us(connect.value)} (×${connect.ratio.toFixed(1)})`,
      `${us(storm.value)} (×${storm.ratio.toFixed(1)})`,
      `${us(resume.value)} (×${resume.ratio.toFixed(1)})`,
      `${us(echo.value)} (×${echo.ratio.toFixed(1)})`,
      `${us(delivery.value)} (×${delivery.ratio.toFixed(1)})`,
      `${Math.round(delay.value)} / ${Math.round(late.value)}`,
      `${(heap.value / 1_000).toFixed(1)} (×${heap.ratio.toFixed(1)})`,
      setup.includes('Redis') ? `${writes.value}` : '–',
    ],
  )
  const head = [
    '',
    'connect, µs',
    'reconnect, µs',
    'reconnect with 5 missed messages, µs',
    'echo, µs',
    'deliver a published message, µs',
    'delay of a published message, median / p99, ms',
    'heap per connection, kB',
    'writes per published message',
  ]
  const { capacity, limited } = scaling.holdfast
  const measured = limited
    ? ` Measured with ${share * 100} % of a processor for each server process, two processes deliver ×${limited.toFixed(1)} as many messages a second as one.`
    : ''
  return `${table(head, rows)}

Processor time of the servers for each connection or message, after all clients have connected and left several times. In brackets is the ratio to \`ws\`, which stores nothing: its clients miss what was published while they were disconnected. *Hello and answer* is \`ws\` with one message from each client, which identifies it, and the answer: the least that a server does that identifies its clients. ${thousands(size)} clients, median of ${rounds} round${rounds === 1 ? '' : 's'}, Node ${machine.node.slice(1)}, ${machine.cores} processors for servers, Redis and clients together.

Calculated, two processes over Redis have ×${capacity.toFixed(1)} the capacity of one, with the same number of clients. Capacity is the number of processes, divided by the processor time that one delivery takes in all processes together.${measured}`
}

function million({
  results: {
    deploy: { nodes, sessions, heartbeat, cost },
  },
}) {
  const GB = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`
  const rows = [
    ['heap of the servers', `${GB(cost.heap)}, ${GB(cost.heap / nodes)} on each of ${nodes} nodes`],
    ['memory of Redis', GB(cost.stored)],
    [
      'heartbeats',
      `${thousands(cost.pings)} pings and as many pongs a second (every ${heartbeat} s); a pong is also an acknowledgement. ${cost.pingProcessors} processors and ${(cost.pingBytes / 1e6).toFixed(0)} MB/s in all`,
    ],
    [
      'one message to everybody',
      `${cost.publish} s of processor time, ${((cost.publish / nodes) * 1_000).toFixed(0)} ms on each node; one write`,
    ],
  ]
  return table([`${thousands(sessions)} sessions`, ''], rows)
}

function deploy({
  results: {
    deploy: { nodes, sessions, capacity, outcomes },
  },
}) {
  const rows = Object.entries(outcomes).map(
    ([how, { peakPerNode, peak, redis, busy, longestAbsence, crowded, duration }]) => [
      how,
      thousands(peakPerNode),
      thousands(peak),
      thousands(redis),
      thousands(busy),
      seconds(longestAbsence),
      `×${crowded.toFixed(1)}`,
      `${(duration / 60_000).toFixed(0)} min`,
    ],
  )
  const head = [
    'nodes replaced',
    'connections a second: busiest node',
    'all nodes',
    'Redis commands a second',
    'refused with `busy`',
    'longest absence',
    'fullest node, relative to the average',
    'duration',
  ]
  return `${table(head, rows)}

Simulated (seeded): ${nodes} nodes, ${thousands(sessions)} sessions, 20 s until a new node is up, and each node accepts ${thousands(capacity)} connections a second.`
}
