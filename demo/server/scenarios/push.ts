import { BadInput, readField, readObject, readText } from '../input.ts'
import type { Router } from '../router.ts'
import type { Scenario } from '../scenario.ts'

const pushable = ['/echo', '/hello']

/**
 * The other side of scenario 1: pushes a text to one client of `/echo` or `/hello`, by its id or by the tag that it
 * gave itself (`/echo?tag=mine`), because a browser cannot see its own id.
 */
export function push(router: Router): Scenario {
  return {
    join: (connection) => ({
      text: (text) => {
        const order = readObject(text)
        const words = readText(order, 'text', 2_000)
        const to = readField(order, 'to')
        if (typeof to !== 'number' && typeof to !== 'string')
          throw new BadInput('The to is missing: an id or a tag.')
        const client = router
          .connections()
          .filter(({ url }) => pushable.includes(url.pathname))
          .find(({ id, url }) => id === to || (to !== '' && url.searchParams.get('tag') === to))
        connection.sendJson({ pushed: client !== undefined && router.push(client.id, words), to })
      },
      binary: () => {
        throw new BadInput('This path takes text only.')
      },
    }),
  }
}
