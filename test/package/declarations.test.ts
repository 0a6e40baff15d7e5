import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const dist = join(import.meta.dirname, '../../dist')

test('the built declarations give no type argument to views, which have had one since TypeScript 5.7 only', () => {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.d\.c?ts$/.test(name),
  )
  expect(files, 'The build is missing: run "npm run build" first').toContain('index.d.ts')
  const newer = files.filter((name) =>
    /\b(ArrayBufferView|DataView|U?[Ii]nt\d+\w*Array|Float\d+Array)</.test(
      readFileSync(join(dist, name), 'utf8'),
    ),
  )
  expect(newer).toEqual([])
})
