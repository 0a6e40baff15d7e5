import { BadInput } from '../input.ts'
import type { Scenario } from '../scenario.ts'

/** Scenarios 1 and 2, a Swoole tutorial: every text gets the same answer. Pushes are sent through `/push`. */
export function echo(): Scenario {
  return {
    refuse: ({ url }) => {
      const tag = url.searchParams.get('tag')
      return tag === null || /^[\w-]{1,40}$/.test(tag)
        ? undefined
        : 'A tag is 1 to 40 letters, digits, _ or -.'
    },
    join: (connection) => ({
      text: (text) => {
        connection.log(`text ${JSON.stringify(text.slice(0, 200))}`)
        connection.send('this is server')
      },
      binary: () => {
        throw new BadInput('This path takes text only.')
      },
    }),
  }
}
