import { median } from '../statistics.ts'
import type { Formula, Wait } from './formulas.ts'

/** A server and those who want to come back to it. Times in ms. */
export interface Herd {
  clients: number
  /** How long the server is away; everybody notices at the start. */
  down: number
  /** How many it takes in 100 ms; it refuses the others at once. */
  room: number
  /** When to stop looking. */
  end: number
}

export interface Outcome {
  /** Of all clients, the share that dials in the worst 100 ms. */
  peak: number
  /** When the last one was back; `null`: not all are at the end. */
  allBack: number | null
  /** Dials per client. */
  attempts: number
  /** After the server was up again, until half of them were back. */
  median: number
}

const SLOT = 100
/** A dial to a server that refuses takes this long. */
const REFUSAL = 1

export function simulate(formula: Formula, { clients, down, room, end }: Herd): Outcome {
  const waits: Wait[] = Array.from({ length: clients }, () => formula())
  const failures = new Uint32Array(clients)
  const backAt = new Float64Array(clients).fill(Number.POSITIVE_INFINITY)
  const dialsAt = new Map<number, number[]>()
  const slots = new Map<number, { dials: number; taken: number }>()
  let left = clients
  let dials = 0

  const schedule = (client: number, from: number) => {
    const wait = waits[client]?.(failures[client] ?? 0)
    if (wait === null || wait === undefined) return
    const at = Math.round(from + wait)
    const there = dialsAt.get(at)
    if (there) there.push(client)
    else dialsAt.set(at, [client])
  }

  for (let client = 0; client < clients; client++) schedule(client, 0)
  for (let now = 0; now < end && left && dialsAt.size; now++) {
    const dialling = dialsAt.get(now)
    if (!dialling) continue
    dialsAt.delete(now)
    const number = Math.floor(now / SLOT)
    const slot = slots.get(number) ?? { dials: 0, taken: 0 }
    slots.set(number, slot)
    for (const client of dialling) {
      dials++
      slot.dials++
      if (now >= down && slot.taken < room) {
        slot.taken++
        left--
        backAt[client] = now
      } else {
        failures[client] = (failures[client] ?? 0) + 1
        schedule(client, now + REFUSAL)
      }
    }
  }
  const peak = Math.max(...[...slots.values()].map((slot) => slot.dials)) / clients
  const last = backAt.reduce((latest, at) => Math.max(latest, at), 0)
  return {
    peak,
    allBack: left ? null : last,
    attempts: dials / clients,
    median: median([...backAt]) - down,
  }
}
