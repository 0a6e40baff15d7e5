import type { Connection } from '../connection.ts'
import { BadInput, readField } from '../input.ts'

/** Causes the fault that a visitor asks for. `restart` restarts the server and returns 0, or returns in how many ms it may. */
export function injectFault(connection: Connection, order: object, restart: () => number) {
  const kind = readField(order, 'kind')
  if (kind === 'drop') return connection.terminate()
  if (kind === 'silence') return connection.stopResponding()
  if (kind !== 'restart') throw new BadInput('The kind of fault is drop, silence or restart.')
  const wait = restart()
  if (wait > 0)
    throw new BadInput(`The server has just restarted. It can again in ${Math.ceil(wait / 1_000)} s.`)
}
