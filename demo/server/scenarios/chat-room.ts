import type { Connection } from '../connection.ts'
import { BadInput, readName, readObject, readText } from '../input.ts'
import type { Scenario } from '../scenario.ts'

/** Scenario 4, a chat room in plain PHP: messages, and who comes and goes, are broadcast to everybody. */
export function chatRoom(): Scenario {
  const room = new Set<Connection>()
  const broadcast = (value: unknown) => {
    const text = JSON.stringify(value)
    for (const connection of room) connection.send(text)
  }
  return {
    join: (connection) => {
      room.add(connection)
      broadcast({ type: 'system', message: `${connection.address} connected` })
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
          room.delete(connection)
          broadcast({ type: 'system', message: `${connection.address} disconnected` })
        },
      }
    },
  }
}
