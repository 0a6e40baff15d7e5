import { BadInput, readField, readObject } from '../input.ts'
import type { Scenario } from '../scenario.ts'

/** The answer to the slow method takes so long, in ms. */
const SLOW = 3_000

/**
 * For the live examples of the documentation: it answers `ping` and requests with an `id`, sends every other text back, and
 * causes a fault on this connection when asked to.
 */
export function live(): Scenario {
  return {
    join: (connection) => {
      const timers = new Set<NodeJS.Timeout>()
      const answer = (id: number, method: unknown) => {
        if (method === 'time') return connection.sendJson({ id, result: new Date().toISOString() })
        if (method !== 'slow') return connection.sendJson({ id, error: 'The method is time or slow.' })
        const timer = setTimeout(() => {
          timers.delete(timer)
          connection.sendJson({ id, result: 'slow, but here' })
        }, SLOW)
        timers.add(timer)
      }
      return {
        text: (text) => {
          if (text === 'ping') return connection.send('pong')
          if (!text.startsWith('{')) return connection.send(text)
          const order = readObject(text)
          const id = readField(order, 'id')
          if (typeof id === 'number') return answer(id, readField(order, 'method'))
          const type = readField(order, 'type')
          if (type === 'drop') return connection.terminate()
          if (type === 'silence') return connection.stopResponding()
          throw new BadInput('An object has an id and a method, or the type drop or silence.')
        },
        left: () => {
          for (const timer of timers) clearTimeout(timer)
        },
      }
    },
  }
}
