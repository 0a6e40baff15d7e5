/** What README.md says about the figures, by the name of its marks. */
export const sections = { sizes, bench, herd, faults }

const kB = (bytes) => `${(bytes / 1_000).toFixed(1)} kB`

const table = (head, rows) =>
  [head, head.map((_, column) => (column ? '--:' : '---')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')

function sizes({ sizes }) {
  const rows = sizes.map(({ name, minified, gzip, brotli }) => [
    `\`${name}\``,
    ...[minified, gzip, brotli].map(kB),
  ])
  return `${table(['imported', 'minified', 'gzip', 'brotli'], rows)}\n\nEverything included, mitt too.`
}

const ratio = (figure) => (figure ? figure.ratio.toFixed(2) : '–')
const name = (peer) => (peer.startsWith('holdfast') ? `**${peer}**` : peer)

function bench({ sizes, results }) {
  const { brotli: socket } = sizes.find(({ name }) => name === '{ Socket }')
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
    ratio(idle[peer]),
    `${idle[peer].timers}`,
    // Ours is of this very build, as above.
    peer === 'holdfast' ? kB(socket) : size[peer] ? kB(size[peer].brotli) : '–',
  ])
  const head = ['', ...tasks, 'round trip', 'connect', 'heap, idle', 'timers', 'brotli']
  const worst = Math.max(...tasks.map((task) => cost[task].chromium.holdfast.error))
  const errors = [worst, trip.holdfast.p50.error, connect.holdfast.error].map((error) => error.toFixed(2))
  const noise = `The first two rows are the same socket, and their mean is 1: how far they are apart is the noise. Holdfast's own figures err by ${errors[0]} at most for messages, ${errors[1]} for round trips and ${errors[2]} for connections (standard error of the median).`
  const { received, watched, sent, object } = results.allocation
  const amount = (bytes) => (bytes ? `${bytes} bytes` : 'nothing')
  const allocated = `Beside its event a message received allocates ${amount(received)}, with a heartbeat ${amount(watched)}, a message sent ${amount(sent)} (in Node; a small object is ${object}).`
  const { timers } = idle.holdfast
  const shared = timers > 0 && timers < 1 ? ' Its timer is one for all sockets of a page.' : ''
  const us = (peer) => `${cost['receive text'].node[peer].us.toFixed(2)} µs`
  const node = `Node itself takes less for a message, so that the same work weighs more: a text received costs ${us('raw')} raw and ${us('holdfast')} with Holdfast.`
  return `${table(head, rows)}\n\n${noise}${shared} ${allocated} ${node} Node ${machine.node.slice(1)}; ${rounds.cost} rounds of messages, ${rounds['round-trip']} of round trips, ${rounds.connect} of connections.`
}

const seconds = (ms) => (ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`)

function herd({ results }) {
  const rows = Object.entries(results.herd).map(([peer, { peak, allBack, attempts, back }]) => [
    name(peer),
    `${(peak * 100).toFixed(1)} %`,
    seconds(allBack),
    attempts.toFixed(1),
    ...back.map(seconds),
  ])
  const head = ['', 'peak per 100 ms', 'all back', 'dials each', 'after 1 s down', 'after 5 s', 'after 30 s']
  const real = Object.entries(results['herd of real clients']).map(
    ([peer, { peak, allBack, attempts }]) =>
      `${peer} ${(peak * 100).toFixed(0)} %, ${allBack === null ? 'not within 2 minutes' : seconds(allBack)}, ${attempts.toFixed(1)}`,
  )
  return `${table(head, rows)}\n\nWith 500 real clients at 10 connections a second (peak, all back, dials each): ${real.join('; ')}.`
}

function faults({ results }) {
  const rows = Object.entries(results.faults).map(([peer, { silent, outages, dials, delivery }]) => [
    name(peer),
    silent === null ? 'not in 30 s' : seconds(silent),
    ...outages.map(({ median, attempts }) => `${seconds(median)} (${attempts.toFixed(1)})`),
    `${dials}`,
    `${delivery.lost} / ${delivery.doubled} / ${delivery.outOfOrder}`,
  ])
  const down = [1, 5, 30].map((each) => `down ${each} s: back after (dials)`)
  return table(
    [
      '',
      'silent peer noticed',
      ...down,
      'accept-then-close: dials in 3 s',
      'of 20,000 messages through cuts: lost / doubled / out of order',
    ],
    rows,
  )
}
