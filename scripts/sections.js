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

/** `raw again` is how far one raw socket is from another: whatever differs by less is the same. */
const ratio = (figure) => (figure ? figure.ratio.toFixed(2) : '–')
const name = (peer) => (peer.startsWith('holdfast') ? `**${peer}**` : peer)

function bench({ results }) {
  const { cost, size, machine } = results
  const [connect, idle, trip] = [results.connect, results.idle, results['round-trip']].map(
    (part) => part.chromium,
  )
  const tasks = ['receive text', 'receive json', 'receive binary', 'send text']
  const peers = Object.keys(idle).filter((peer) => peer !== 'raw')
  const rows = peers.map((peer) => [
    name(peer),
    ...tasks.map((task) => ratio(cost[task].chromium[peer])),
    ratio(trip[peer].p50),
    ratio(connect[peer]),
    ratio(idle[peer]),
    `${idle[peer].timers}`,
    size[peer] ? kB(size[peer].brotli) : '–',
  ])
  const head = ['', ...tasks, 'round trip', 'connect', 'heap, idle', 'timers', 'brotli']
  const worst = Math.max(...tasks.map((task) => cost[task].chromium.holdfast.error))
  const noise = `The first row is the noise. Holdfast's own figures err by ${worst.toFixed(2)} at most (standard error of the median).`
  const { received, sent, object } = results.allocation
  const allocated = `A message allocates ${received} bytes beside its event, and a sent one ${sent}: the number that the clock answers with. (A small object is ${object}.)`
  return `${table(head, rows)}\n\n${noise} ${allocated} Node ${machine.node.slice(1)}, ${machine.rounds} rounds.`
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
