import { type Act, perform } from './acts.ts'
import { Clock, chance } from './clock.ts'
import { World } from './world.ts'

export interface Tally {
  violations: string[]
  up: number
  topics: number
  gaps: number
  ends: number
  down: number
  lines: number
  sessions: number
}

/** One run of everything that can happen, decided by its seed. */
export async function run(seed: number, steps = 60, trace?: (what: string) => void): Promise<Tally> {
  const random = chance(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const clock = new Clock(random)
  const { error } = console
  console.error = () => {}
  try {
    const world = new World(random)
    if (trace) world.trace(trace)
    let counted = 0
    const message = (): string | Uint8Array<ArrayBuffer> => {
      const text = `${++counted}`
      const kinds = [text, text, `!${text}`, `!!${text}`, '', '!', '!!', '!a1', '!f']
      const kind = below(14)
      if (kind < kinds.length) return kinds[kind] as string
      if (kind === 9) return new Uint8Array()
      if (kind === 10) return new Uint8Array([33])
      if (kind === 11) return 'x'.repeat(below(60)) + text
      return new Uint8Array(Buffer.from(text))
    }
    const some = () => world.lines[Math.max(0, world.lines.length - 1 - below(random() < 0.7 ? 1 : 4))]
    const acts: Act[] = [
      [20, () => world.up(message())],
      [20, () => world.down(message())],
      [10, () => world.publish(message())],
      [4, () => world.subscribe()],
      [6, () => world.unsubscribe()],
      [
        14,
        () => {
          const line = world.lines.at(-1)
          if (line) world.accept(line)
        },
      ],
      [
        22,
        () => {
          const line = some()
          for (let n = below(6); n >= 0; n--) line?.arrive('up')
        },
      ],
      [
        22,
        () => {
          const line = some()
          for (let n = below(6); n >= 0; n--) line?.arrive('down')
        },
      ],
      [
        4,
        () => {
          const line = some()
          line?.lose('client')
          line?.lose('server')
        },
      ],
      [3, () => some()?.lose('client')],
      [3, () => some()?.lose('server')],
      [
        2,
        () => {
          const line = some()
          if (line) line.hole = true
        },
      ],
      [2, () => world.client.reconnect()],
      [
        3,
        // A new connection overtakes what is still on its way on the old one, its hello included.
        async () => {
          const old = world.lines.at(-1)
          world.client.reconnect()
          await clock.settle()
          const line = world.lines.at(-1)
          if (!old || !line || line === old) return
          world.accept(line)
          await clock.settle()
          line.arrive('up')
          await clock.settle()
          while (old.up.length) old.arrive('up')
          await clock.settle()
          for (let n = below(6); n >= 0; n--) old.arrive('down')
        },
      ],
      [14, () => clock.advance(below(400))],
      [6, () => clock.advance(1_000 + below(3_000))],
      [2, () => clock.advance(40_000)],
      [0.6, () => clock.advance(130_000)],
      [0.3, () => world.crash()],
      [0.3, () => world.finish()],
      [0.3, () => world.close()],
      [1, () => world.client.open()],
    ]
    await perform({ acts, steps, random, clock })
    await heal(world, clock)
    world.check(true)
    // A listener may have closed it meanwhile.
    if (world.client.status !== 'closed' && !world.caughtUp)
      world.violations.push('the topic is not caught up')
    if (world.client.status !== 'closed' && !world.knowsSubscription)
      world.violations.push('the client does not know whether it is subscribed')
    const sum = (which: 'up' | 'down') =>
      world.epochs.reduce((count, epoch) => count + epoch[which].got.length, 0)
    const tally = {
      violations: world.violations,
      up: sum('up'),
      topics: world.topicMessages,
      gaps: world.gaps,
      ends: world.ends,
      down: sum('down'),
      lines: world.lines.length,
      sessions: world.epochs.length,
    }
    world.client.close()
    void world.server.shutdown()
    return tally
  } finally {
    console.error = error
    clock.restore()
  }
}

/** No more faults: whatever is left to be said gets through. */
async function heal(world: World, clock: Clock) {
  world.client.open()
  // A client whose connections ended silent again and again waits up to eight times as long for the next answer.
  for (let round = 0; round < 300; round++) {
    for (const line of world.lines) {
      world.accept(line)
      await clock.settle()
      while (line.up.length || line.down.length) {
        line.arrive('up')
        line.arrive('down')
        await clock.settle()
      }
    }
    const { up, down } = world.epoch
    if (
      round > 8 &&
      world.client.status === 'open' &&
      up.got.length === up.sent.length &&
      down.got.length === down.sent.length &&
      world.caughtUp &&
      world.knowsSubscription
    )
      break
    await clock.advance(500)
  }
}
