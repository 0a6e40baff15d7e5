/**
 * What the examples of one page use without saying it again in every block: imports and declarations, one a line. A line is
 * left out where the block declares the name itself. What stands in front of one block only is in a comment
 * `<!-- setup … -->` before it.
 */
export const setups: Record<string, string[]> = {
  'docs/react.md': [
    "import { useState } from 'react'",
    "import { useListener } from 'holdfast/react'",
    "import { useSocket } from 'holdfast/react'",
    "import { useStatus } from 'holdfast/react'",
    "import { Session } from 'holdfast/session'",
    'type Message = Incoming',
  ],
  'docs/vue.md': [
    "import { shallowRef } from 'vue'",
    "import { useListener } from 'holdfast/vue'",
    "import { useSocket } from 'holdfast/vue'",
    "import { Session } from 'holdfast/session'",
    'type Message = Incoming',
  ],
  'docs/inspector.md': ["import { record } from 'holdfast/inspect'"],
  'docs/tabs.md': [
    "import { serveTabs } from 'holdfast/tabs'",
    "import { connectTab } from 'holdfast/tabs'",
    'declare function start(): SharedWorker',
    'declare function fallback(): Socket',
    'declare function show(value: unknown): void',
  ],
  'docs/session.md': [
    "import { Session } from 'holdfast/session'",
    "import { Sessions } from 'holdfast/session/server'",
    'type FromServer = Incoming',
    'type ToServer = Outgoing',
    "declare const client: import('holdfast/session/redis').RedisClient",
    'declare function userOf(token: string | undefined): string | undefined',
    'declare function state(): unknown',
    'declare function show(value: unknown): void',
    'declare function save(data: string | Uint8Array, key: string): Promise<void>',
  ],
  'docs/troubleshooting.md': ["import { Sessions } from 'holdfast/session/server'"],
}

/** The names that a line of setup brings. */
function namesOf(line: string): string[] {
  const [, imported] = /import (?:type )?\{([^}]*)\}/.exec(line) ?? []
  if (imported) return imported.split(',').map((name) => name.trim())
  const [, declared] = /(?:const|function|type|interface) (\w+)/.exec(line) ?? []
  return declared ? [declared] : []
}

/** The lines that a block of this page needs. */
export function setupOf(page: string, code: string): string {
  const lines = setups[page] ?? []
  const needed = lines.filter((line) => {
    const names = namesOf(line)
    const declares = (name: string) =>
      new RegExp(`(import [^'"]*\\b${name}\\b|(const|let|function|type|interface|class) ${name}\\b)`).test(
        code,
      )
    const uses = (name: string) => new RegExp(`\\b${name}\\b`).test(code)
    return names.some(uses) && !names.some(declares)
  })
  return needed.join('\n')
}
