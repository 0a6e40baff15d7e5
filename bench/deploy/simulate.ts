import { seeded } from '../herd/random.ts'

/** A rolling deploy of servers under sessions that stay connected all the time. */
export interface Deploy {
  nodes: number
  sessions: number
  /** How many nodes are replaced at the same time. */
  together: number
  /** The `after` of `shutdown`: clients come back at a random time of this length, in ms. */
  after: number
  /** From the end of a node until its successor accepts connections, in ms. */
  restart: number
  /** From one group of nodes to the next, in ms. At least `after` and `restart`: else two groups overlap. */
  pause: number
  /** How many connections a node accepts in a second; the rest is told `busy` and comes back with backoff. */
  capacity: number
  /** `least`: a load balancer that sends a connection to the node with the fewest. `random`: any that is up. */
  balance: 'least' | 'random'
}

export interface Outcome {
  /** The most connections that one node accepted in one second. */
  peakPerNode: number
  /** The most that all of them accepted in one second. */
  peak: number
  /** How often a client was told to come later, or found no node. */
  busy: number
  /** The longest time that a session was without a connection, in ms. */
  longestAbsence: number
  /** Absences in all: with a careless balance a session moves more than once. */
  moves: number
  /** The most sessions on one node, to the average. */
  crowded: number
  /** How long the deploy takes, in ms. */
  duration: number
}

const SECOND = 1_000
/** The handshake and the resume, in ms: two round trips of a phone. */
const HANDSHAKE = 200
/** The client's backoff after `busy`: full jitter up to a limit, in ms, as the defaults of `reconnect`. */
const BACKOFF = [2_000, 6_000, 10_000]

/** Simulates one deploy, in steps of one second. The same seed gives the same outcome. */
export function simulate(deploy: Deploy, seed = 1): Outcome {
  const { nodes, sessions, together, after, restart, pause, capacity, balance } = deploy
  const random = seeded(seed)
  const load = new Int32Array(nodes).fill(Math.floor(sessions / nodes))
  /** From when on a node accepts connections, in ms. */
  const upFrom = new Float64Array(nodes)
  const groups = Math.ceil(nodes / together)
  /** Clients that dial in a second: when they lost their connection, and how often they were told `busy`. */
  const dials: { lostAt: number; failures: number }[][] = []
  const dial = (at: number, client: { lostAt: number; failures: number }) => {
    const second = Math.floor(at / SECOND)
    dials[second] ??= []
    dials[second]?.push(client)
  }
  const outcome: Outcome = {
    peakPerNode: 0,
    peak: 0,
    busy: 0,
    longestAbsence: 0,
    moves: 0,
    crowded: 1,
    duration: 0,
  }

  const shutDown = (node: number, now: number) => {
    const left = load[node] ?? 0
    load[node] = 0
    upFrom[node] = now + restart
    for (let client = 0; client < left; client++) dial(now + random() * after, { lostAt: now, failures: 0 })
    outcome.moves += left
  }

  /** A node that is up, or -1 where none is. */
  const pick = (now: number): number => {
    let best = -1
    if (upFrom.every((from) => from > now)) return best
    // The best of two is as good as the least of all, and what balancers do.
    for (let tries = 0; tries < (balance === 'least' ? 2 : 1); ) {
      const node = Math.floor(random() * nodes)
      if ((upFrom[node] ?? 0) > now) continue
      tries++
      if (best < 0 || (load[node] ?? 0) < (load[best] ?? 0)) best = node
    }
    return best
  }

  let waiting = 0
  for (let second = 0, group = 0; group < groups || waiting > 0; second++) {
    const now = second * SECOND
    if (group < groups && now >= group * pause) {
      const first = group++ * together
      for (let node = first; node < Math.min(nodes, first + together); node++) {
        waiting += load[node] ?? 0
        shutDown(node, now)
      }
    }
    const accepted = new Int32Array(nodes)
    for (const client of dials[second] ?? []) {
      const node = pick(now)
      if (node < 0 || (accepted[node] ?? 0) >= capacity) {
        outcome.busy++
        const limit = BACKOFF[Math.min(client.failures, BACKOFF.length - 1)] ?? 0
        dial(now + SECOND + random() * limit, { ...client, failures: client.failures + 1 })
        continue
      }
      accepted[node] = (accepted[node] ?? 0) + 1
      load[node] = (load[node] ?? 0) + 1
      waiting--
      outcome.longestAbsence = Math.max(outcome.longestAbsence, now + SECOND + HANDSHAKE - client.lostAt)
    }
    delete dials[second]
    outcome.peakPerNode = Math.max(outcome.peakPerNode, Math.max(...accepted))
    outcome.peak = Math.max(
      outcome.peak,
      accepted.reduce((sum, count) => sum + count, 0),
    )
    outcome.crowded = Math.max(outcome.crowded, (Math.max(...load) * nodes) / sessions)
    outcome.duration = now + SECOND
  }
  return outcome
}
