import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Files, faults } from './house.ts'

const src = join(import.meta.dirname, '../../src')

test('the arrows of src/ point one way', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  expect(files).toContain('index.ts')
  const house = Object.fromEntries(files.map((file) => [file, readFileSync(join(src, file), 'utf8')]))
  expect(faults(house)).toEqual([])
})

describe('the checker turns red on', () => {
  const house: Files = {
    'index.ts': `export { Socket } from './socket.ts'`,
    'socket.ts': `import { Supervisor } from './supervisor.ts'`,
    'supervisor.ts': `import { Connection } from './connection.ts'`,
    'connection.ts': `import type { Data } from './types.ts'\nimport { backoff } from './policy/backoff.ts'`,
    'types.ts': 'export type Data = string',
    'emitter.ts': `import mitt from 'mitt'`,
    'wake.ts': 'globalThis.window',
    'upload.ts': `import type { Wire } from './types.ts'`,
    'policy/backoff.ts': `import type { Failure } from '../types.ts'`,
    'session/client.ts': `import { Socket } from '../socket.ts'`,
    'websocket/index.ts': `import { Socket } from '../index.ts'`,
  }

  test('nothing in a house that is right', () => {
    expect(faults(house)).toEqual([])
  })

  test.for<[what: string, file: string, line: string, fault: string]>([
    ['an arrow up', 'connection.ts', `import './supervisor.ts'`, 'is not below it'],
    ['a type that comes from above', 'upload.ts', `import type { S } from './socket.ts'`, 'is not below it'],
    ['a lazy import from above', 'connection.ts', `await import('./socket.ts')`, 'is not below it'],
    ['a leaf that knows more', 'wake.ts', `import './connection.ts'`, 'more than this leaf may know'],
    ['a policy that knows the socket', 'policy/backoff.ts', `import '../socket.ts'`, 'more than a policy'],
    ['a policy with a timer', 'policy/backoff.ts', 'setTimeout(f, 1)', 'uses setTimeout'],
    ['a policy with a clock', 'policy/backoff.ts', 'const now = Date.now()', 'uses Date'],
    ['a policy with chance', 'policy/backoff.ts', 'const r = Math.random()', 'uses Math.random'],
    ['folders that know each other', 'session/client.ts', `import '../websocket/index.ts'`, 'another folder'],
    ['a core that knows a folder', 'socket.ts', `export { c } from './session/client.ts'`, 'over the core'],
    ['a second package', 'socket.ts', `import x from 'lodash'`, 'is not in the house'],
    ['mitt elsewhere', 'socket.ts', `import mitt from 'mitt'`, 'for emitter.ts only'],
    ['a circle', 'types.ts', `import './upload.ts'`, 'types.ts → upload.ts → types.ts'],
    ['the window', 'socket.ts', 'globalThis.window?.addEventListener', 'knows window'],
    ['a default export', 'socket.ts', 'export default 1', 'default export'],
    ['a default export of a class', 'socket.ts', 'export default class {}', 'default export'],
    ['a list without names', 'index.ts', `export * from './types.ts'`, 'export *'],
    ['a long file', 'socket.ts', '\n'.repeat(201), 'look for the second idea'],
  ])('%s', ([, file, line, fault]) => {
    const found = faults({ ...house, [file]: `${house[file]}\n${line}` })
    expect(found.join('\n')).toContain(fault)
  })

  test('neither words in comments and texts, nor the default of a switch', () => {
    const line = `// the window\nconst text = 'document'\nswitch (1) { default: }`
    expect(faults({ ...house, 'socket.ts': line })).toEqual([])
  })
})
