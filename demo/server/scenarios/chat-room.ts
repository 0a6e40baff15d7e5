import type { Scenario } from '../scenario.ts'
import type { Visit } from '../visit.ts'
import { BadInput, readName, readObject, readText } from '../wire.ts'

/** Scenario 4, a chat room in plain PHP: everybody hears everybody, and who comes and goes. */
export function chatRoom(): Scenario {
  const room = new Set<Visit>()
  const broadcast = (value: unknown) => {
    const text = JSON.stringify(value)
    for (const visit of room) visit.send(text)
  }
  return {
    join: (visit) => {
      room.add(visit)
      broadcast({ type: 'system', message: `${visit.address} connected` })
      return {
        text: (text) => {
          const message = readObject(text)
          broadcast({
            type: 'usermsg',
            name: readName(message, 'name', 40),
            message: readText(message, 'message', 2_000),
          })
        },
        binary: () => {
          throw new BadInput('This path takes text only.')
        },
        left: () => {
          room.delete(visit)
          broadcast({ type: 'system', message: `${visit.address} disconnected` })
        },
      }
    },
  }
}
