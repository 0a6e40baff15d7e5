import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Files, violations } from './rules.ts'

const src = join(import.meta.dirname, '../../src')

test('the imports of src/ point one way', () => {
  const names = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(?<!\.d)\.tsx?$/.test(name),
  )
  for (const known of ['index.ts', 'core/socket.ts', 'session/client/session.ts'])
    expect(names).toContain(known)
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(src, name), 'utf8')]))
  expect(violations(files)).toEqual([])
})

test('other entries take only public values from core/socket.ts: their UMD files read them from the global', () => {
  const exported = readFileSync(join(src, 'index.ts'), 'utf8')
  const taken = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('core') && name !== 'index.ts')
    .flatMap((name) => {
      const text = readFileSync(join(src, name), 'utf8')
      return [...text.matchAll(/import \{([^}]+)\} from '[./]+\/core\/socket\.ts'/g)].map(([, list]) => list)
    })
    .flatMap((list) => (list ?? '').split(',').map((name) => name.trim()))
    .filter((name) => name && !name.startsWith('type '))
  expect(taken).toContain('Socket')
  for (const name of taken) expect(exported).toMatch(new RegExp(`\\b${name}\\b`))
})

describe('a violation is found:', () => {
  const files: Files = {
    'index.ts': `export { Socket } from './core/socket.ts'\nexport { upload } from './helpers/upload.ts'`,
    'core/socket.ts': `import { Connection } from './connection.ts'`,
    'core/connection.ts': `import type { Data } from './events.ts'\nimport { backoff } from './policy/backoff.ts'`,
    'core/events.ts': 'export type Data = string',
    'core/emitter.ts': `import mitt from 'mitt'`,
    'core/page.ts': 'globalThis.document',
    'core/local-network.ts': 'globalThis.navigator; globalThis.location',
    'core/resolve-options.ts': 'globalThis.location',
    'core/policy/backoff.ts': 'export const backoff = 1',
    'helpers/upload.ts': `import type { Data } from '../core/events.ts'`,
    'websocket/index.ts': `import { Socket } from '../index.ts'`,
    'react/use-socket.tsx': `import { Socket } from '../index.ts'\nimport { useState } from 'react'`,
    'vue/index.ts': `import { ref } from 'vue'`,
    'tabs/index.ts': `import type { Socket } from '../index.ts'`,
    'testing/index.ts': `import { Socket } from '../index.ts'`,
    'inspect/index.ts': `import { Socket } from '../index.ts'\ndocument.body`,
    'session/protocol/frames.ts': `import { isFinal } from '../../core/policy/backoff.ts'`,
    'session/client/session.ts': `import '../protocol/frames.ts'\nimport '../../core/socket.ts'`,
    'session/server/sessions.ts': `import '../protocol/frames.ts'`,
    'session/redis/redis.ts': `import '../server/sessions.ts'`,
  }

  test('none in files that keep the rules', () => {
    expect(violations(files)).toEqual([])
  })

  test.for<[what: string, file: string, line: string, violation: string]>([
    ['the core imports the list', 'core/socket.ts', `import '../index.ts'`, 'is not below core'],
    ['the core imports a helper', 'core/socket.ts', `import '../helpers/upload.ts'`, 'is not below core'],
    [
      'the core imports a session',
      'core/socket.ts',
      `export { s } from '../session/client/session.ts'`,
      'is not below core',
    ],
    [
      'only a type comes from above',
      'helpers/upload.ts',
      `import type { S } from '../index.ts'`,
      'is not below helpers',
    ],
    [
      'a type is imported in place',
      'core/events.ts',
      `type S = import('../helpers/upload.ts').S`,
      'is not below core',
    ],
    ['a lazy import from above', 'core/connection.ts', `await import('../index.ts')`, 'is not below core'],
    [
      'a policy imports the core',
      'core/policy/backoff.ts',
      `import '../events.ts'`,
      'is not below core/policy',
    ],
    ['a policy sets a timer', 'core/policy/backoff.ts', 'setTimeout(f, 1)', 'uses setTimeout'],
    ['a policy reads a clock', 'core/policy/backoff.ts', 'const now = Date.now()', 'uses Date'],
    ['a policy reads the other clock', 'core/policy/backoff.ts', 'performance.now()', 'uses performance'],
    [
      'a policy draws a random number',
      'core/policy/backoff.ts',
      'const r = Math.random()',
      'uses Math.random',
    ],
    [
      'an entry imports the core',
      'websocket/index.ts',
      `import '../core/socket.ts'`,
      'is not below websocket',
    ],
    [
      'an entry imports a type of the core',
      'websocket/index.ts',
      `import type { D } from '../core/events.ts'`,
      'is not below websocket',
    ],
    [
      'an entry imports another one',
      'react/use-socket.tsx',
      `import '../tabs/index.ts'`,
      'is not below react',
    ],
    [
      'an entry imports a session',
      'inspect/index.ts',
      `import '../session/client/session.ts'`,
      'is not below inspect',
    ],
    [
      'a session imports the drop-in',
      'session/client/session.ts',
      `import '../../websocket/index.ts'`,
      'is not below session/client',
    ],
    [
      'the client imports the server',
      'session/client/session.ts',
      `import '../server/sessions.ts'`,
      'is not below session/client',
    ],
    [
      'the server imports the client',
      'session/server/sessions.ts',
      `import '../client/session.ts'`,
      'is not below session/server',
    ],
    [
      'the server imports Redis',
      'session/server/sessions.ts',
      `import '../redis/redis.ts'`,
      'is not below session/server',
    ],
    [
      'the protocol imports a half',
      'session/protocol/frames.ts',
      `import '../client/session.ts'`,
      'is not below session/protocol',
    ],
    ['a second package', 'core/socket.ts', `import x from 'lodash'`, 'is not a package that core may import'],
    ['React in Vue', 'vue/index.ts', `import 'react'`, 'is not a package that vue may import'],
    ['mitt elsewhere', 'core/socket.ts', `import mitt from 'mitt'`, 'is for core/emitter.ts only'],
    [
      'a circle',
      'core/connection.ts',
      `import './socket.ts'`,
      'core/connection.ts → core/socket.ts → core/connection.ts',
    ],
    ['the window', 'core/socket.ts', 'globalThis.window?.addEventListener', 'knows window'],
    ['the document', 'websocket/index.ts', 'document.title', 'knows document'],
    ['the network', 'session/client/session.ts', 'globalThis.navigator', 'knows navigator'],
    ['the location', 'core/connection.ts', 'location.href', 'knows location'],
    ['more of the page than allowed', 'core/resolve-options.ts', 'navigator.onLine', 'knows navigator'],
    ['a default export', 'core/socket.ts', 'export default 1', 'default export'],
    ['a default export of a class', 'core/socket.ts', 'export default class {}', 'default export'],
    ['a list without names', 'index.ts', `export * from './core/events.ts'`, 'export *'],
    ['a folder that nobody knows', 'utils/string.ts', '', 'belongs to no part'],
  ])('%s', ([, file, line, violation]) => {
    const found = violations({ ...files, [file]: `${files[file] ?? ''}\n${line}` })
    expect(found.join('\n')).toContain(violation)
  })

  test('not words in comments and texts, nor the default of a switch', () => {
    const line = `// the window\nconst text = 'document'\nswitch (1) { default: }`
    expect(violations({ ...files, 'core/socket.ts': line })).toEqual([])
  })
})
