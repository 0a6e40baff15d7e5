import type { Connection } from '../connection.ts'
import { BadInput, readField, readObject, readText } from '../input.ts'
import type { Scenario } from '../scenario.ts'

/**
 * For the page about tabs. The connections of one browser, which names itself by `?browser=`, form a group. Each is told how
 * many connections the group has, and receives every message of the group.
 */
export function sharedConnection(): Scenario {
  const groups = new Map<string, Set<Connection>>()
  const browserOf = (url: URL) => url.searchParams.get('browser') ?? ''
  const broadcast = (group: ReadonlySet<Connection>, value: object) => {
    const text = JSON.stringify(value)
    for (const connection of group) connection.send(text)
  }
  return {
    refuse: ({ url }) =>
      /^[\w-]{8,64}$/.test(browserOf(url))
        ? undefined
        : 'The parameter browser is 8 to 64 letters or digits.',
    join: (connection) => {
      const browser = browserOf(connection.url)
      const group = groups.get(browser) ?? new Set()
      groups.set(browser, group.add(connection))
      const tellCount = () => broadcast(group, { type: 'connections', connections: group.size })
      tellCount()
      return {
        text: (text) => {
          if (text === 'ping') return connection.send('pong')
          const order = readObject(text)
          const type = readField(order, 'type')
          if (type === 'drop') return connection.terminate()
          if (type !== 'message') throw new BadInput('The type is message or drop.')
          const [from, words] = [readText(order, 'from', 40), readText(order, 'text', 500)]
          broadcast(group, { type: 'message', from, text: words })
        },
        left: () => {
          group.delete(connection)
          if (group.size === 0) groups.delete(browser)
          tellCount()
        },
      }
    },
  }
}
