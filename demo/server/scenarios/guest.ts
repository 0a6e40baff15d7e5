import type { Scenario } from '../scenario.ts'
import { nextGuest } from './guests.ts'

/** Scenario 5, a ticker on Node: a guest at once, then another after a random time. It reads texts and does not answer. */
export function guest([shortest, longest]: readonly [number, number]): Scenario {
  return {
    join: (connection) => {
      let timer: NodeJS.Timeout
      const tick = () => {
        connection.sendJson(nextGuest())
        timer = setTimeout(tick, shortest + Math.random() * (longest - shortest))
      }
      tick()
      return {
        text: (text) => connection.log(`text ${JSON.stringify(text.slice(0, 200))}`),
        left: () => clearTimeout(timer),
      }
    },
  }
}
