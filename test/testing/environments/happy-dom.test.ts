// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import { contract } from '../../support/contract.ts'
import { fakeEngine } from '../../support/fakeEngine.ts'

test('this is happy-dom', () => {
  expect(navigator.userAgent).toContain('HappyDOM')
})

contract('the fake in happy-dom', fakeEngine)
