import { expect, test } from 'vitest'
import { check } from './compile.ts'

test('every block of TypeScript, JavaScript and HTML in the docs compiles against the source', () => {
  const { count, errors } = check()
  expect(errors).toEqual([])
  expect(count).toBeGreaterThan(0)
})
