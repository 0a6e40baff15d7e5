import type { Scenario } from '../scenario.ts'
import { nextGuest } from './guests.ts'

/** Scenario 6, Ratchet in PHP: a first frame that is not JSON, then one guest for each message. */
export function guestOnDemand(): Scenario {
  return {
    join: (connection) => {
      connection.send('The server is listening to you now.')
      return { text: () => connection.sendJson(nextGuest()), binary: () => connection.sendJson(nextGuest()) }
    },
  }
}
