import type { Scenario } from '../scenario.ts'
import { nextGuest } from './guests.ts'

/** Scenario 6, Ratchet in PHP: a first frame that is not JSON, then one guest for each message. */
export function guestOnDemand(): Scenario {
  return {
    join: (visit) => {
      visit.send('The server is listening to you now.')
      return { text: () => visit.sendJson(nextGuest()), binary: () => visit.sendJson(nextGuest()) }
    },
  }
}
