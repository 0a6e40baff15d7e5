import type { Visit } from '../visit.ts'
import { BadInput, readField } from '../wire.ts'

/** Does what a visitor asks for to see the client heal. `restart` says in how many ms it may, or 0: it does. */
export function trouble(visit: Visit, order: object, restart: () => number) {
  const kind = readField(order, 'kind')
  if (kind === 'drop') return visit.drop()
  if (kind === 'silence') return visit.mute()
  if (kind !== 'restart') throw new BadInput('The kind of trouble is drop, silence or restart.')
  const wait = restart()
  if (wait > 0)
    throw new BadInput(`The server has just restarted. It can again in ${Math.ceil(wait / 1_000)} s.`)
}
