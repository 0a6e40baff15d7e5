import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FakeServer } from '../../src/testing/index.ts'

const root = join(import.meta.dirname, '../..')
const docs = readFileSync(join(root, 'docs/testing.md'), 'utf8')

describe('docs/testing.md', () => {
  const blocks = [...docs.matchAll(/<!-- (\S+) -->\n(?:<!-- .* -->\n)?```\w+\n([\s\S]*?)\n```\n/g)]

  test('shows every example that is executed', () => {
    const folder = 'test/testing/examples'
    const files = readdirSync(join(root, folder)).map((file) => `${folder}/${file}`)
    expect(blocks.map(([, path]) => path).sort()).toEqual(files.sort())
  })

  test.for(blocks.map(([, path = '', code = '']) => [path, code] as const))(
    'shows %s as it is',
    ([path, code]) => {
      expect(`${code}\n`).toBe(readFileSync(join(root, path), 'utf8'))
    },
  )

  test('names every method of the server', () => {
    const methods = Object.getOwnPropertyNames(FakeServer.prototype).filter((name) => name !== 'constructor')
    for (const name of methods) expect(docs).toMatch(new RegExp(`\\b${name}\\b`))
  })
})
