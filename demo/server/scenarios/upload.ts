import { BadInput } from '../input.ts'
import type { Scenario } from '../scenario.ts'
import type { Uploads } from '../uploads.ts'

/** Scenario 7: a binary message becomes a file; the text `again` has the last one sent back. */
export function upload(uploads: Uploads, limit: number): Scenario {
  return {
    limit,
    ownPagesOnly: true,
    join: (connection) => {
      let last: string | undefined
      return {
        binary: async (bytes) => {
          if (bytes.length === 0) throw new BadInput('The file is empty.')
          const name = await uploads.save(bytes).catch((error: Error) => {
            connection.log(error.message)
            throw new BadInput('The file could not be saved.')
          })
          last = name
          connection.sendJson({ type: 'saved', name, bytes: bytes.length, url: `/uploads/${name}` })
        },
        text: async (text) => {
          if (text !== 'again') throw new BadInput('Send a file as a binary message, or the text "again".')
          const bytes = last === undefined ? undefined : await uploads.read(last)
          if (!bytes) throw new BadInput('There is no file of yours to send back.')
          connection.send(bytes)
        },
      }
    },
  }
}
