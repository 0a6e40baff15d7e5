// What 1,000,000 sessions cost, calculated from the figures of `npm run bench:load`, and a rolling deploy of 50 nodes under them,
// simulated. npm run bench:deploy
import { readFileSync } from 'node:fs'
import { save } from '../results.ts'
import { round } from '../statistics.ts'
import { table } from '../table.ts'
import { type Deploy, simulate } from './simulate.ts'

const NODES = 50
const SESSIONS = 1_000_000
/** Each client's heartbeat: a ping, a pong that acknowledges. In s. */
const HEARTBEAT = 25
/** A short frame with the headers of WebSocket, TLS, TCP and IPv4, in bytes. */
const FRAME = 100

const { setups } = JSON.parse(readFileSync(new URL('../load/results.json', import.meta.url), 'utf8'))
const figure = (name: string): number => setups['holdfast, Redis'][name].value

const pings = SESSIONS / HEARTBEAT
const cost = {
  /** Bytes, in all nodes and in Redis. */
  heap: round(SESSIONS * figure('heap'), 0),
  stored: round(SESSIONS * figure('stored'), 0),
  pings,
  /** A ping is a message in and one out. In processors, in all nodes. */
  pingProcessors: round((pings * figure('echo')) / 1_000, 1),
  /** Bytes a second, both directions. */
  pingBytes: 2 * pings * FRAME,
  /** One message to everybody: processor time in all nodes, in s. */
  publish: round((SESSIONS * figure('delivery')) / 1_000, 1),
}

/** A node gives half of one processor to clients that come back. */
const capacity = Math.floor(500 / figure('resume'))
const usual: Deploy = {
  nodes: NODES,
  sessions: SESSIONS,
  together: 5,
  after: 30_000,
  restart: 20_000,
  pause: 60_000,
  capacity,
  balance: 'least',
}
const deploys: Record<string, Deploy> = {
  'one node at a time, `after: 0`': { ...usual, together: 1, after: 0, pause: 30_000 },
  'one node at a time, `after: 10_000`': { ...usual, together: 1, after: 10_000, pause: 30_000 },
  'five at a time, `after: 30_000`': usual,
  'five at a time, `after: 30_000`, a balancer that chooses at random': { ...usual, balance: 'random' },
  '25 at a time, `after: 60_000`': { ...usual, together: 25, after: 60_000, pause: 90_000 },
  'all at once, `after: 0`': { ...usual, together: NODES, after: 0 },
}

const outcomes = Object.fromEntries(
  Object.entries(deploys).map(([name, deploy]) => {
    const { peak, longestAbsence, ...rest } = simulate(deploy)
    const redis = round(peak * figure('resumeCommands'), 0)
    return [name, { ...rest, peak, redis, longestAbsence: round(longestAbsence, 0) }]
  }),
)
table(
  `A deploy of ${NODES} nodes under ${SESSIONS} sessions; a node takes ${capacity} connections a second`,
  ['', 'connections/s, one node', 'all', 'Redis commands/s', 'told `busy`', 'longest absence, s', 'minutes'],
  Object.entries(outcomes).map(([name, { peakPerNode, peak, redis, busy, longestAbsence, duration }]) => [
    name,
    `${peakPerNode}`,
    `${peak}`,
    `${redis}`,
    `${busy}`,
    (longestAbsence / 1_000).toFixed(1),
    (duration / 60_000).toFixed(1),
  ]),
)
console.log(cost)
save('deploy', { nodes: NODES, sessions: SESSIONS, heartbeat: HEARTBEAT, capacity, cost, outcomes })
