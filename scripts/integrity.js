// Writes dist/integrity.json: the Subresource Integrity hash of every file that is made for a script tag.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const folder = 'dist'
const hashes = readdirSync(folder)
  .filter((file) => file.endsWith('.umd.min.js'))
  .sort()
  .map((file) => [
    file,
    `sha384-${createHash('sha384')
      .update(readFileSync(`${folder}/${file}`))
      .digest('base64')}`,
  ])

writeFileSync(`${folder}/integrity.json`, `${JSON.stringify(Object.fromEntries(hashes), null, 2)}\n`)
