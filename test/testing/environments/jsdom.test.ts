// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { contract } from '../../support/contract.ts'
import { fakeEngine } from '../../support/fakeEngine.ts'

test('this is jsdom', () => {
  expect(navigator.userAgent).toContain('jsdom')
})

contract('the fake in jsdom', fakeEngine)
