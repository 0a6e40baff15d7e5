import { type Act, perform } from './acts.ts'
import { Clock, chance } from './clock.ts'
import { Cluster } from './cluster.ts'
import { scriptsAreNamed } from './redis.ts'

export interface ClusterTally {
  violations: string[]
  up: number
  down: number
  topics: number
  gaps: number
  ends: number
  repeated: number
  lines: number
  sessions: number
}

/** One run with several processes, decided by its seed. */
export async function runCluster(
  seed: number,
  steps = 60,
  trace?: (what: string) => void,
): Promise<ClusterTally> {
  await scriptsAreNamed
  const random = chance(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const clock = new Clock(random)
  const { error } = console
  console.error = () => {}
  try {
    const world = new Cluster(random, clock)
    if (trace) world.trace(trace)
    for (let count = 1 + below(3); count > 0; count--) await world.start()
    const some = () => world.lines[Math.max(0, world.lines.length - 1 - below(random() < 0.7 ? 1 : 4))]
    const acts: Act[] = [
      [20, () => world.up()],
      [20, () => world.down()],
      [10, () => world.publish()],
      [8, () => world.change(true)],
      [12, () => world.change(false)],
      [14, () => world.accept()],
      [22, () => world.arrive(some(), 'up', 1 + below(6))],
      [22, () => world.arrive(some(), 'down', 1 + below(6))],
      [3, () => world.lose(some(), 'client')],
      [3, () => world.lose(some(), 'server')],
      [
        1,
        () => {
          const line = some()
          if (line) line.hole = true
        },
      ],
      [3, () => world.client.reconnect()],
      [30, () => clock.advance(below(20))],
      [14, () => clock.advance(below(400))],
      [6, () => clock.advance(1_000 + below(3_000))],
      [1, () => clock.advance(30_000)],
      [1, () => world.kill()],
      [0.5, () => world.shutdown()],
      [1.5, () => world.stall()],
      [0.5, () => world.overtake()],
      [3, () => world.checkpoint()],
      [0.5, () => world.loseTail()],
      [0.5, () => world.loseUnread()],
      [0.5, () => world.race()],
      [1, () => world.redis.cut()],
    ]
    await perform({ acts, steps, random, clock, trace })
    await heal(world, clock)
    world.check()
    await world.end()
    const sum = (count: (epoch: (typeof world.epochs)[number]) => number) =>
      world.epochs.reduce((all, epoch) => all + count(epoch), 0)
    return {
      violations: world.violations,
      up: sum(({ up }) => up.got.length),
      down: sum(({ down }) => down.got.length),
      topics: world.topicMessages,
      gaps: world.gaps,
      ends: world.ends,
      repeated: world.repeated,
      lines: world.lines.length,
      sessions: world.epochs.length,
    }
  } finally {
    console.error = error
    clock.restore()
  }
}

/** No more faults: whatever is left to be said gets through. */
async function heal(world: Cluster, clock: Clock): Promise<void> {
  world.resumeAll()
  for (let round = 0; round < 400; round++) {
    for (const line of world.lines) {
      await world.accept(line)
      for (let frames = 0; frames < 100 && (line.up.length || line.down.length); frames++) {
        await world.arrive(line, 'up')
        await world.arrive(line, 'down')
        if (clock.isStopped(line.process)) break
      }
    }
    if (round > 8 && world.quiet) return
    await clock.advance(round < 20 ? 100 : 500)
  }
}
