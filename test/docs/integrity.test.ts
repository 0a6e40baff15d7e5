import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const scripts = () => readdirSync('dist').filter((file) => file.endsWith('.umd.min.js'))

test('the build has written the hash of every file for script tags', () => {
  const written: Record<string, string> = JSON.parse(readFileSync('dist/integrity.json', 'utf8'))
  const hashes = scripts().map((file) => {
    const hash = createHash('sha384')
      .update(readFileSync(`dist/${file}`))
      .digest('base64')
    return [file, `sha384-${hash}`]
  })
  expect(hashes.length).toBeGreaterThan(0)
  expect(written).toEqual(Object.fromEntries(hashes))
})

test('the page about releases names every file for script tags', () => {
  const page = readFileSync('docs/release.md', 'utf8')
  expect(scripts().filter((file) => !page.includes(file))).toEqual([])
})
